"""Giving lists, tags and accounts the key of their name where it is missing: to those from before there were
keys (migration 0007), and to those that the previous release inserts while a deployment is under way.

Nothing is united. Of several live ones with one key, the oldest gets it; the others get a number behind their
name, and an audit event each (docs/adr/0015).

The statements name only columns that migration 0007 finds, because the migration calls this module, however
much the models have moved on by then.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import count, islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    TableClause,
    bindparam,
    column,
    select,
    table,
    update,
)

from webapp.characters import name_key
from webapp.models.audit_event import Action, record_all

BATCH = 1000
# How many numbers are looked up together.
NUMBERS = 50


@dataclass(frozen=True)
class Keyless:
    """The live rows without a key of one table, of all workspaces or of one.

    `longest` is how many characters a name may have.
    """

    connection: Connection
    table_name: str
    longest: int
    workspace_id: int | None = None

    def give_keys(self, now: datetime) -> None:
        """Give each of these rows its key, and a number to those whose key is taken.

        Runs in the caller's write transaction, which keeps other writers of these names out. Running it
        again changes nothing.
        """
        for rows in self._batches():
            self._give_free_keys(rows)
        # Only now, so that a number never takes the key of a name that was there before.
        for rows in self._batches():
            for row in rows:
                self._number(row, now)

    def _batches(self) -> Iterator[list[Any]]:
        """The rows that have no key when their turn comes, the oldest first."""
        rows, last = self._rows, 0
        columns = (rows.c.id, rows.c.workspace_id, rows.c.name)
        without = select(*columns).where(self._live, rows.c.name_key.is_(None), rows.c.id > bindparam("last"))
        if self.workspace_id is not None:
            without = without.where(rows.c.workspace_id == self.workspace_id)
        while batch := self.connection.execute(
            without.order_by(rows.c.id).limit(BATCH), {"last": last}
        ).fetchall():
            yield list(batch)
            last = batch[-1].id

    def _give_free_keys(self, batch: list[Any]) -> None:
        keys = {row.id: name_key(row.name) for row in batch}
        taken = set(self._holders({row.workspace_id for row in batch}, keys.values()))
        free = []
        for row in batch:
            if (place := (row.workspace_id, keys[row.id])) not in taken:
                taken.add(place)
                free.append({"row_id": row.id, "key": keys[row.id]})
        if free:
            rows = self._rows
            self.connection.execute(
                update(rows).where(rows.c.id == bindparam("row_id")).values(name_key=bindparam("key")), free
            )

    def _number(self, row: Any, now: datetime) -> None:
        """Rename the row to its name with the lowest number that makes a free key."""
        place = (row.workspace_id, name_key(row.name))
        same_as = self._holders({row.workspace_id}, [place[1]])[place]
        name, key = next(self._free_names(row))
        rows = self._rows
        self.connection.execute(update(rows).where(rows.c.id == row.id).values(name=name, name_key=key))
        # Without the names: an account can be named after a person, and audit events are never erased.
        record_all(
            self.connection,
            workspace_id=row.workspace_id,
            at=now,
            action=Action(f"{self.table_name}.numbered"),
            details={f"{self.table_name}:{row.id}": {"same_as": same_as}},
        )

    def _free_names(self, row: Any) -> Iterator[tuple[str, str]]:
        numbers = count(2)
        while True:
            suffixes = [f" ({number})" for number in islice(numbers, NUMBERS)]
            names = [row.name[: self.longest - len(suffix)].rstrip() + suffix for suffix in suffixes]
            keys = {name_key(name): name for name in names}
            taken = self._holders({row.workspace_id}, keys)
            yield from ((name, key) for key, name in keys.items() if (row.workspace_id, key) not in taken)

    def _holders(self, workspaces: set[int], keys: Iterable[str]) -> dict[tuple[int, str], int]:
        """The ids of the live rows that have one of these keys, by workspace and key."""
        rows = self._rows
        holders = select(rows.c.workspace_id, rows.c.name_key, rows.c.id).where(
            self._live, rows.c.name_key.in_(set(keys)), rows.c.workspace_id.in_(workspaces)
        )
        found = self.connection.execute(holders)
        return {(workspace_id, key): row_id for workspace_id, key, row_id in found}

    @cached_property
    def _rows(self) -> TableClause:
        return table(
            self.table_name,
            *(column(name) for name in ("id", "workspace_id", "name", "name_key", "deleted_at")),
        )

    @property
    def _live(self) -> ColumnElement[bool]:
        return self._rows.c.deleted_at.is_(None)
