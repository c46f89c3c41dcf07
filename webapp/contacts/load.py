"""Putting in many contacts at once, with what hangs on them. The import and the demo data stand on it; only
the import wakes what waits for new contacts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from webapp.contacts.normal import email_key, search_text
from webapp.marketing.triggers import wake_subscribed, wake_tagged
from webapp.models import Account, Contact, ContactSearch, ContactTag, Deal, MailingList, Subscription, Tag

# SQLite takes at most 32 766 parameters in one statement.
NAMES_AT_ONCE = 10_000

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to be put in; accounts, lists and tags by their ids, a list with the status on it."""

    created_at: datetime
    email: str | None = None
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    account_id: int | None = None
    lists: Sequence[tuple[int, str]] = ()
    tags: Sequence[int] = ()


def add_contacts(session: Session, workspace_id: int, contacts: Sequence[NewContact]) -> list[int]:
    """Put live contacts in and return their ids in the same order, in the caller's write transaction.

    Raises IntegrityError where a live contact has one of the addresses; nothing is then in.
    """
    if not contacts:
        return []
    ids = new_ids(session, Contact, len(contacts))
    together = list(zip(ids, contacts, strict=True))
    _add(
        session,
        Contact,
        (
            {
                "id": contact_id,
                "workspace_id": workspace_id,
                "email": contact.email,
                "email_key": email_key(contact.email),
                "first_name": contact.first_name,
                "last_name": contact.last_name,
                "phone": contact.phone,
                "account_id": contact.account_id,
                "created_at": contact.created_at,
                "updated_at": contact.created_at,
            }
            for contact_id, contact in together
        ),
    )
    _add(
        session,
        ContactSearch,
        (
            {
                "contact_id": contact_id,
                "workspace_id": workspace_id,
                "text": search_text(contact.first_name, contact.last_name, contact.email),
            }
            for contact_id, contact in together
        ),
    )
    _add(
        session,
        Subscription,
        (
            {
                "contact_id": contact_id,
                "list_id": list_id,
                "status": status,
                "changed_at": contact.created_at,
            }
            for contact_id, contact in together
            for list_id, status in contact.lists
        ),
    )
    _add(
        session,
        ContactTag,
        (
            {"contact_id": contact_id, "tag_id": tag_id}
            for contact_id, contact in together
            for tag_id in contact.tags
        ),
    )
    return ids


def create_contacts(
    session: Session, workspace_id: int, contacts: Sequence[NewContact], now: datetime
) -> list[int]:
    """The same as a person's change at `now`: who comes with a list or a tag wakes what waits for it.

    Whoever calls this rings after the commit.
    """
    ids = add_contacts(session, workspace_id, contacts)
    for some in slices(ids, NAMES_AT_ONCE):
        wake_subscribed(session, some, now=now)
        wake_tagged(session, some, now=now)
    return ids


def ids_by_name(
    session: Session, kind: type[Account | MailingList | Tag], workspace_id: int, names: Iterable[str]
) -> dict[str, int]:
    """The ids of the workspace's accounts, lists or tags of these names; those without a live one are made.

    A deleted one is passed over: one made anew under the same name is another one. Raises IntegrityError
    where somebody else makes one of them at the same moment.
    """
    wanted = list(dict.fromkeys(names))
    found: dict[str, int] = {}
    for some in slices(wanted, NAMES_AT_ONCE):
        live = select(kind.name, kind.id).where(
            kind.workspace_id == workspace_id, kind.deleted_at.is_(None), kind.name.in_(some)
        )
        found.update(session.execute(live).all())
    missing = [name for name in wanted if name not in found]
    if missing:
        made = session.execute(
            insert(kind).returning(kind.name, kind.id),
            [{"workspace_id": workspace_id, "name": name} for name in missing],
        )
        found.update(made.all())
    return found


def new_ids(session: Session, kind: type[Contact | Deal], count: int) -> list[int]:
    """Ids for `count` rows to come, rising, in the caller's write transaction.

    With the ids known, the rows and what points at them go in by plain bulk inserts; asked for afterwards,
    SQLite tells the ids row by row.
    """
    table = kind.__tablename__
    if session.get_bind().dialect.name == "postgresql":
        given = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
        return sorted(session.scalars(given, {"table": table, "count": count}))
    # Nobody else writes meanwhile. A contact's id is not given out again even after the last one was purged.
    last = session.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table})
    last = last or session.scalar(select(func.max(kind.id))) or 0
    return list(range(last + 1, last + 1 + count))


def slices(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """`items` in pieces of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _add(session: Session, kind: type[Any], rows: Iterable[dict[str, object]]) -> None:
    if several := list(rows):
        # Else every null in a row would make it a statement of its own.
        session.execute(insert(kind), several, execution_options={"render_nulls": True})
