"""Adding many contacts at once, with their associations. The import and the demo data use it; only the import
wakes the automations that wait for new contacts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.contacts.address import read_address
from webapp.contacts.matching import search_columns
from webapp.database import slices
from webapp.marketing.triggers import wake_subscribed, wake_tagged
from webapp.models import Base, Contact, ContactSearch, ContactTag, Deal, Subscription
from webapp.models.mailing_list import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to add. Accounts, lists and tags are given by their ids, each list with the status on it."""

    created_at: datetime
    email: str | None = None
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
    addresses = [read_address(contact.email) for contact in contacts]
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
                **search_columns(contact.first_name, contact.last_name, address.email),
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
    for some in slices(ids) if wake else ():
        wake_subscribed(session, some, now=now)
        wake_tagged(session, some, now=now)
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


def add_rows(session: Session, kind: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    """Insert many rows with the same columns, in the caller's write transaction.

    Raises IntegrityError if the database refuses one of them.
    """
    rows = iter(rows)
    if (first := next(rows, None)) is None:
        return
    connection, table = session.connection(), Base.metadata.tables[kind.__tablename__]
    if connection.dialect.name == "postgresql":
        _copy(connection, table, list(first), chain([first], rows))
    else:
        connection.execute(insert(table), [first, *rows])


def _copy(connection: Connection, table: Table, given: list[str], rows: Iterable[dict[str, Any]]) -> None:
    """Insert the rows by COPY, which is several times as fast as INSERT.

    Converts values and adds defaults as the model does.
    """
    defaults: dict[str, Any] = {
        column.name: column.default.arg  # type: ignore[attr-defined]
        for column in table.c
        if column.default and column.name not in given
    }
    dialect = connection.dialect

    def converter(name: str) -> Any:
        return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)

    names = [*given, *defaults]
    converters = [(place, convert) for place, name in enumerate(given) if (convert := converter(name))]
    # The same in each row.
    rest = [convert(value) if (convert := converter(name)) else value for name, value in defaults.items()]
    columns, into = SQL(", ").join(map(Identifier, names)), Identifier(table.name)
    values = itemgetter(*given) if len(given) > 1 else lambda row: (row[given[0]],)
    driver: Any = connection.connection.driver_connection
    copy = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(into, columns)
    try:
        with driver.cursor() as cursor:
            described = cursor.execute(SQL("SELECT {} FROM {} LIMIT 0").format(columns, into)).description
            with cursor.copy(copy) as stream:
                stream.set_types([column.type_code for column in described])
                for row in rows:
                    complete = [*values(row), *rest]
                    for place, convert in converters:
                        complete[place] = convert(complete[place])
                    stream.write_row(complete)
    except psycopg.Error as error:
        raise DBAPIError.instance(
            copy.as_string(), None, error, psycopg.Error, hide_parameters=True
        ) from error
