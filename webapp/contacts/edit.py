"""Editing a live contact's fields. `webapp.marketing` changes lists and tags, `webapp.catalogue` deals."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.contacts.address import read_address
from webapp.contacts.matching import search_columns
from webapp.database import execute_update, lock_workspace
from webapp.marketing.versions import touch
from webapp.models import Account, Contact, ContactSearch, live


@dataclass(frozen=True)
class Details:
    """The fields of a contact that a user can edit."""

    email: str | None = None
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    account_id: int | None = None


def edit_contact(
    session: Session, *, workspace_id: int, contact_id: int, details: Details, now: datetime
) -> bool:
    """Set these details of a live contact, in the caller's write transaction; False if there is none.

    Raises IntegrityError if another live contact has the address, NotAnAddress if it cannot be one. A deleted
    account or one of another workspace counts as no account.
    """
    address = read_address(details.email)
    lock_workspace(session, workspace_id)
    account_id = session.scalar(
        select(Account.id).where(
            Account.id == details.account_id,
            Account.workspace_id == workspace_id,
            Account.deleted_at.is_(None),
        )
    )
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
        .values(search_columns(details.first_name, details.last_name, address.email)),
    )
    touch(session, [contact_id], now)
    return True
