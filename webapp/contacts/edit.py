"""Adding one contact, and editing a live contact's fields. `webapp.marketing` changes lists and tags,
`webapp.catalogue` deals."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.contacts.address import read_address
from webapp.contacts.load import NewContact, add_contacts
from webapp.contacts.matching import search_columns
from webapp.database import execute_update, lock_workspace
from webapp.marketing.versions import touch
from webapp.models import Account, Contact, ContactSearch, live

# A form that is sent a second time within this time is the same form.
SENT_TWICE = timedelta(minutes=1)
MOST_SENT_TWICE = 20


@dataclass(frozen=True)
class Details:
    """The fields of a contact that a user can edit."""

    email: str | None = None
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    account_id: int | None = None

    @classmethod
    def of(cls, contact: Contact) -> "Details":
        """The details that a contact has now."""
        return cls(contact.email, contact.first_name, contact.last_name, contact.phone, contact.account_id)


class ChangedSince(Exception):
    """The contact has other details than those its editor has seen; nothing was changed.

    `version` and `details` are what it has now.
    """

    def __init__(self, version: int, details: Details) -> None:
        super().__init__(version)
        self.version = version
        self.details = details


def add_contact(session: Session, *, workspace_id: int, details: Details, now: datetime) -> int:
    """Add a live contact with these details, in the caller's write transaction; return its id.

    It is on no list and has no tag, so that nothing is triggered. The same contact sent twice is added once.
    Raises as `edit_contact` does.
    """
    lock_workspace(session, workspace_id)
    details = replace(details, account_id=_live_account(session, workspace_id, details.account_id))
    if (sent_before := _just_added(session, workspace_id, details, now)) is not None:
        return sent_before
    [contact_id] = add_contacts(session, workspace_id, [NewContact(now, **asdict(details))])
    return contact_id


def _just_added(session: Session, workspace_id: int, details: Details, now: datetime) -> int | None:
    """The live contact that was added with just these details a moment ago."""
    newest = (
        select(Contact)
        .where(live(workspace_id), Contact.created_at > now - SENT_TWICE)
        .order_by(Contact.created_at.desc(), Contact.id.desc())
        .limit(MOST_SENT_TWICE)
    )
    return next((each.id for each in session.scalars(newest) if Details.of(each) == details), None)


def edit_contact(
    session: Session,
    *,
    workspace_id: int,
    contact_id: int,
    details: Details,
    now: datetime,
    seen: tuple[int, Details] | None = None,
) -> bool:
    """Set these details of a live contact, in the caller's write transaction; False if there is none.

    `seen` are the version and the details that its editor has seen. A later version with the same details is
    no hindrance: only lists, tags, deals or notes have changed. Raises ChangedSince if the details have;
    IntegrityError if another live contact has the address, NotAnAddress if it cannot be one. A deleted
    account or one of another workspace counts as no account.
    """
    address = read_address(details.email)
    lock_workspace(session, workspace_id)
    if seen is not None:
        _check_unchanged(session, workspace_id, contact_id, seen, details)
    account_id = _live_account(session, workspace_id, details.account_id)
    edited = execute_update(
        session,
        update(Contact)
        .where(live(workspace_id), Contact.id == contact_id)
        .values(
            email=address.email,
            email_key=address.key,
            first_name=details.first_name,
            last_name=details.last_name,
            phone=details.phone,
            account_id=account_id,
        ),
    )
    if edited == 0:
        return False
    execute_update(
        session,
        update(ContactSearch)
        .where(ContactSearch.contact_id == contact_id)
        .values(search_columns(details.first_name, details.last_name, address.email, address.key)),
    )
    touch(session, [contact_id], now)
    return True


def set_account(
    session: Session, *, workspace_id: int, contact_id: int, account_id: int | None, now: datetime
) -> bool:
    """Give a live contact another live account, or none, in the caller's write transaction.

    Returns whether its account has changed; False, too, if the account is deleted or of another workspace.
    """
    lock_workspace(session, workspace_id)
    if account_id is not None and _live_account(session, workspace_id, account_id) is None:
        return False
    changed = execute_update(
        session,
        update(Contact)
        .where(live(workspace_id), Contact.id == contact_id, Contact.account_id.is_distinct_from(account_id))
        .values(account_id=account_id),
    )
    if changed:
        touch(session, [contact_id], now)
    return bool(changed)


def _check_unchanged(
    session: Session, workspace_id: int, contact_id: int, seen: tuple[int, Details], wanted: Details
) -> None:
    """Raise ChangedSince if the contact has neither the details that were seen nor those that are wanted."""
    version, details = seen
    here = select(Contact).where(live(workspace_id), Contact.id == contact_id)
    # As it is stored: updates do not reach objects that the session has loaded.
    contact = session.scalar(here, execution_options={"populate_existing": True})
    if contact is None or contact.version == version:
        return
    now = Details.of(contact)
    # An account that was deleted since is shown as none.
    if _live_account(session, workspace_id, now.account_id) is None:
        now = replace(now, account_id=None)
    if now not in (details, wanted):
        raise ChangedSince(contact.version, now)


def _live_account(session: Session, workspace_id: int, account_id: int | None) -> int | None:
    """The account, if it is a live one of the workspace."""
    if account_id is None:
        return None
    return session.scalar(
        select(Account.id).where(
            Account.id == account_id, Account.workspace_id == workspace_id, Account.deleted_at.is_(None)
        )
    )
