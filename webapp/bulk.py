"""Inserting many rows at once: by a binary COPY on PostgreSQL, by executemany on SQLite."""

from collections.abc import Callable, Iterable
from itertools import chain
from operator import itemgetter
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.models import Base


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

    def converter(name: str) -> Callable[[Any], Any] | None:
        return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)

    names = [*given, *defaults]
    converters = [
        (place, _remembering(convert)) for place, name in enumerate(given) if (convert := converter(name))
    ]
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


def _remembering(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same converter, which converts a value once where it comes again in the next row: a moment, a
    status."""
    last: Any = None
    converted = convert(None)

    def again(value: Any) -> Any:
        nonlocal last, converted
        if value is not last:
            last, converted = value, convert(value)
        return converted

    return again
