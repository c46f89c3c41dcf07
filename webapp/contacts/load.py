"""Adding many contacts at once, with their associations. The import and the demo data use it; only the import
wakes the automations that wait for new contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from webapp.bulk import add_rows
from webapp.contacts.address import Address, read_address
from webapp.contacts.matching import search_columns
from webapp.marketing.triggers import wake_many
from webapp.models import Base, Contact, ContactSearch, ContactTag, Deal, Subscription
from webapp.models.mailing_list import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to add. Accounts, lists and tags are given by their ids, each list with the status on it.

    `email_key` is given where the caller has read the address (`read_address`), so that it is not read twice.
    """

    created_at: datetime
    email: str | None = None
    email_key: str | None = None
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    account_id: int | None = None
    lists: Sequence[tuple[int, SubscriptionStatus]] = ()
    tags: Sequence[int] = ()
    # When it was added here, where it was created elsewhere before.
    added_at: datetime | None = None

    @property
    def written_at(self) -> datetime:
        return self.added_at or self.created_at


def add_contacts(session: Session, workspace_id: int, contacts: Sequence[NewContact]) -> list[int]:
    """Add live contacts and return their ids in the same order, in the caller's write transaction.

    Raises IntegrityError if a live contact has one of the addresses, NotAnAddress if one of them cannot be
    one; then none is added.
    """
    if not contacts:
        return []
    addresses = [
        Address(contact.email, contact.email_key) if contact.email_key else read_address(contact.email)
        for contact in contacts
    ]
    ids = new_ids(session, Contact, len(contacts))
    together = list(zip(ids, contacts, addresses, strict=True))
    add_rows(
        session,
        Contact,
        (
            {
                "id": contact_id,
                "workspace_id": workspace_id,
                "email": address.email,
                "email_key": address.key,
                "first_name": contact.first_name,
                "last_name": contact.last_name,
                "phone": contact.phone,
                "account_id": contact.account_id,
                "created_at": contact.created_at,
                "updated_at": contact.written_at,
            }
            for contact_id, contact, address in together
        ),
    )
    add_rows(
        session,
        ContactSearch,
        (
            {
                "contact_id": contact_id,
                "workspace_id": workspace_id,
                **search_columns(contact.first_name, contact.last_name, address.email, address.key),
            }
            for contact_id, contact, address in together
        ),
    )
    add_rows(
        session,
        Subscription,
        (
            {
                "contact_id": contact_id,
                "list_id": list_id,
                "status": status,
                "changed_at": contact.written_at,
            }
            for contact_id, contact, _ in together
            for list_id, status in contact.lists
        ),
    )
    add_rows(
        session,
        ContactTag,
        (
            {"contact_id": contact_id, "tag_id": tag_id, "added_at": contact.written_at}
            for contact_id, contact, _ in together
            for tag_id in contact.tags
        ),
    )
    return ids


def create_contacts(
    session: Session, workspace_id: int, contacts: Sequence[NewContact], now: datetime, *, wake: bool = True
) -> list[int]:
    """Add live contacts as a user's change at `now`: their lists and tags wake the automations, unless the
    user wants none of them to begin.

    The caller rings after the commit.
    """
    ids = add_contacts(session, workspace_id, contacts)
    if wake:
        together = list(zip(ids, contacts, strict=True))
        wake_many(
            session,
            workspace_id,
            now,
            subscribed=[
                (contact_id, list_id)
                for contact_id, contact in together
                for list_id, status in contact.lists
                if status is SubscriptionStatus.SUBSCRIBED
            ],
            tagged=[(contact_id, tag_id) for contact_id, contact in together for tag_id in contact.tags],
        )
    return ids


def new_ids(session: Session, kind: type[Contact | Deal], count: int) -> list[int]:
    """Ascending ids for `count` new rows, in the caller's write transaction.

    With known ids, the rows and their associations are plain bulk inserts. SQLite returns the ids of
    inserted rows only one by one.
    """
    table = kind.__tablename__
    if session.get_bind().dialect.name == "postgresql":
        given = text(
            "WITH sequence AS MATERIALIZED (SELECT pg_get_serial_sequence(:table, 'id')::regclass AS name)"
            " SELECT nextval(name) FROM sequence, generate_series(1, :count)"
        )
        return sorted(session.scalars(given, {"table": table, "count": count}))
    # The write transaction keeps other writers out. Ids are not reused, not even after the last contact was
    # purged.
    last = session.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table})
    last = last or session.scalar(select(func.max(kind.id))) or 0
    return list(range(last + 1, last + 1 + count))


def analyze(session: Session, *kinds: type[Base]) -> None:
    """Refresh the database's statistics of these tables after many rows were added."""
    for kind in kinds:
        session.execute(text(f"ANALYZE {kind.__tablename__}"))
