"""Reading the plans of statements that the code really executes: which table is read, and by which index."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

# One line of SQLite's plan that reads a table: "SEARCH contact USING INDEX ix_contact_bin (workspace_id=?)".
LINE = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?(?:INDEX (\w+)|INTEGER PRIMARY KEY))?")
ALIAS = re.compile(r'"?(\w+)"? AS "?(\w+)"?')
# SQLite's name for the key of a table is not the name of an index.
KEY = "the key"


@dataclass(frozen=True)
class Read:
    """A table as one statement reads it: by which index, and whether from beginning to end."""

    table: str
    index: str | None
    whole: bool
    name: str


@dataclass(frozen=True)
class Plan:
    """A statement, the reads that its plan consists of, and the plan as the database prints it."""

    statement: str
    reads: tuple[Read, ...]
    text: str

    @property
    def sorts(self) -> bool:
        """Whether rows are collected and sorted, instead of being read in order."""
        return "FOR ORDER BY" in self.text or "Sort Key" in self.text

    def __str__(self) -> str:
        return f"{self.statement}\n{self.text}"


@contextmanager
def plans(engine: Engine) -> Iterator[list[Plan]]:
    """The plans of all statements that `engine` executes inside the block, each made right before it runs,
    on the same connection: with the same statistics, settings and values."""
    read: list[Plan] = []

    def explain(
        _connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
    ) -> None:
        if not executemany and statement.startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            read.append(explained(cursor.connection, statement, parameters))

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield read
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def explained(connection: Any, statement: str, parameters: Any) -> Plan:
    """The plan of the statement on this connection of the database's driver."""
    if type(connection).__module__.startswith("sqlite3"):
        lines = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        details = [str(line[-1]) for line in lines]
        aliases = {alias: table for table, alias in ALIAS.findall(statement)}
        return Plan(statement, tuple(_sqlite_reads(details, aliases)), "\n".join(details))
    with connection.cursor() as cursor:
        told = cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters).fetchone()[0]
        lines = cursor.execute(f"EXPLAIN {statement}", parameters).fetchall()
    return Plan(
        statement, tuple(_postgresql_reads(told[0]["Plan"])), "\n".join(str(line[0]) for line in lines)
    )


def _sqlite_reads(details: Sequence[str], aliases: Mapping[str, str]) -> Iterator[Read]:
    for detail in details:
        if line := LINE.match(detail):
            how, name, index = line.groups()
            by_key = "INTEGER PRIMARY KEY" in detail or (index or "").startswith("sqlite_autoindex_")
            yield Read(aliases.get(name, name), KEY if by_key else index, how == "SCAN", name)


def _postgresql_reads(
    node: Mapping[str, Any], table: str = "", name: str = "", *, ends_at_once: bool = False
) -> Iterator[Read]:
    table, name = node.get("Relation Name", table), node.get("Alias", name)
    kind = node["Node Type"]
    if kind == "Seq Scan":
        yield Read(table, None, True, name)
    elif kind.startswith("Index") or kind == "Bitmap Index Scan":
        index = node["Index Name"]
        yield Read(
            table,
            KEY if index == f"pk_{table}" else index,
            "Index Cond" not in node and not ends_at_once,
            name,
        )
    for part in node.get("Plans", ()):
        # The largest id is one step at the end of the index.
        is_one_step = kind == "Limit" and node["Plan Rows"] == 1
        ends = is_one_step and part["Node Type"] == "Index Only Scan" and "Filter" not in part
        yield from _postgresql_reads(part, table, name, ends_at_once=ends)
