"""Deleting many contacts: the time must not depend on the statistics of the tables."""

from itertools import chain
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contacts, new_deal
from tests.factories.people import new_world
from webapp.clock import read_clock
from webapp.contacts.delete import delete_contacts
from webapp.models import Contact, live


def tables(node: dict[str, Any]) -> list[str]:
    """The tables that are read for this node of a plan; what is collected before it does not count."""
    children = [child for child in node.get("Plans", []) if "Subplan Name" not in child]
    return [*([node["Relation Name"]] if "Relation Name" in node else []), *chain(*map(tables, children))]


def joined(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """The tables that PostgreSQL would join to execute the statement."""
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    [update] = plan[0]["Plan"]["Plans"][-1:]
    return sorted(tables(update))


def test_the_deleted_contacts_are_collected_once_without_a_join(session: Session, engine: Engine) -> None:
    """The plan of a join depends on statistics. Without any, each contact is compared with each."""
    if engine.dialect.name == "sqlite":
        pytest.skip("a subquery is a set there")
    world = new_world(session)
    contacts = new_contacts(session, world, 20)
    for one, other in zip(contacts[:10], contacts[10:], strict=True):
        new_deal(session, world, one, other)
    updates: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("UPDATE"):
            updates.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        delete_contacts(
            session,
            workspace_id=world.id,
            which=select(Contact.id).where(live(world.id), Contact.last_name < "Number 00010"),
            by=None,
            now=read_clock(session),
            source="test",
        )
    finally:
        event.remove(engine, "before_cursor_execute", note)

    assert len(updates) >= 6
    for statement, values in updates:
        together = joined(session.connection(), statement, values)
        # Whether a deal is deleted, and whether a contact is left on it, is checked deal by deal.
        assert together in (["deal", "deal_contact"], together[:1]), (together, statement)
