"""Putting in many contacts at once, with what hangs on them. The import and the demo data stand on it; only
the import wakes what waits for new contacts."""

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

from webapp.contacts.normal import email_key, search_text
from webapp.database import slices
from webapp.marketing.triggers import wake_subscribed, wake_tagged
from webapp.models import Base, Contact, ContactSearch, ContactTag, Deal, Subscription
from webapp.models.mailing_list import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to be put in; accounts, lists and tags by their ids, a list with the status on it."""

    created_at: datetime
    email: str | None = None
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    account_id: int | None = None
    lists: Sequence[tuple[int, SubscriptionStatus]] = ()
    tags: Sequence[int] = ()


def add_contacts(session: Session, workspace_id: int, contacts: Sequence[NewContact]) -> list[int]:
    """Put live contacts in and return their ids in the same order, in the caller's write transaction.

    Raises IntegrityError where a live contact has one of the addresses; nothing is then in.
    """
    if not contacts:
        return []
    ids = new_ids(session, Contact, len(contacts))
    together = list(zip(ids, contacts, strict=True))
    add_rows(
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
    add_rows(
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
    add_rows(
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
    add_rows(
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
    for some in slices(ids):
        wake_subscribed(session, some, now=now)
        wake_tagged(session, some, now=now)
    return ids


def new_ids(session: Session, kind: type[Contact | Deal], count: int) -> list[int]:
    """Ids for `count` rows to come, rising, in the caller's write transaction.

    With the ids known, the rows and what points at them go in by plain bulk inserts; asked for afterwards,
    SQLite tells the ids row by row.
    """
    table = kind.__tablename__
    if session.get_bind().dialect.name == "postgresql":
        given = text(
            "WITH sequence AS MATERIALIZED (SELECT pg_get_serial_sequence(:table, 'id')::regclass AS name)"
            " SELECT nextval(name) FROM sequence, generate_series(1, :count)"
        )
        return sorted(session.scalars(given, {"table": table, "count": count}))
    # Nobody else writes meanwhile. A contact's id is not given out again even after the last one was purged.
    last = session.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table})
    last = last or session.scalar(select(func.max(kind.id))) or 0
    return list(range(last + 1, last + 1 + count))


def analyze(session: Session, *kinds: type[Base]) -> None:
    """Let the database look at these tables, much of which is new to it: it plans by what it knows."""
    for kind in kinds:
        session.execute(text(f"ANALYZE {kind.__tablename__}"))


def add_rows(session: Session, kind: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    """Put many rows in, each with the same columns, in the caller's write transaction.

    Raises IntegrityError where the database refuses one of them.
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
    """Hand the rows to COPY, which takes several times as many in a second as INSERT does.

    Values are turned, and defaults added, as the model says.
    """
    defaults: dict[str, Any] = {
        column.name: column.default.arg  # type: ignore[attr-defined]
        for column in table.c
        if column.default and column.name not in given
    }
    names = [*given, *defaults]
    dialect, turned = connection.dialect, {}
    for name in names:
        if process := table.c[name].type.dialect_impl(dialect).bind_processor(dialect):
            turned[name] = process
    of, into = SQL(", ").join(map(Identifier, names)), Identifier(table.name)
    values = itemgetter(*names)
    driver: Any = connection.connection.driver_connection
    copy = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(into, of)
    try:
        with driver.cursor() as cursor:
            columns = cursor.execute(SQL("SELECT {} FROM {} LIMIT 0").format(of, into)).description
            with cursor.copy(copy) as line:
                line.set_types([column.type_code for column in columns])
                for row in rows:
                    whole = defaults | row
                    for name, process in turned.items():
                        whole[name] = process(whole[name])
                    line.write_row(values(whole))
    except psycopg.Error as error:
        raise DBAPIError.instance(
            copy.as_string(), None, error, psycopg.Error, hide_parameters=True
        ) from error
