"""A batch takes its contacts by an index, whatever the statistics say."""

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from tests.factories.bins import fill_bin
from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.faults import before_each_statement
from tests.support.restoring import Restoring

# The tables that hold a row, or several, for each contact.
LARGE = ("contact", "deal_contact", "restore_outcome")
# Full scans of this connection that are not in the shared statistics yet.
READ_WHOLE = text("SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE relname = ANY(:tables)")


def read_whole(connection: Session | Connection) -> int:
    """How often this connection has scanned one of the large tables so far."""
    return int(connection.scalar(READ_WHOLE, {"tables": list(LARGE)}) or 0)


@pytest.mark.parametrize(
    ("typed", "tied"), [({}, True), ({"deletion": "1"}, True), ({"q": "example"}, False)]
)
def test_a_selective_search_may_use_its_index_instead_of_the_walk(
    engine: Engine, store: Session, world: World, restoring: Restoring, typed: dict[str, str], tied: bool
) -> None:
    """A rare name is looked up by its index; a scope of all contacts walks along all of them."""
    delete(store, world, *new_contacts(store, world, 3))
    store.commit()
    job = restoring.start(restoring.question_all(at=None, **typed).scope)
    asked: list[str] = []

    with before_each_statement(engine, asked.append):
        restoring.run(job)

    # The last one is the batch's; those before it are only compiled (`RestoreWork.prepare`).
    *_, judged = (place for place, statement in enumerate(asked) if statement.startswith("WITH found AS"))
    before = any("set_config" in statement for statement in asked[:judged])
    assert before == (tied and engine.dialect.name == "postgresql")


def test_a_batch_never_scans_a_large_table(
    engine: Engine, store: Session, world: World, restoring: Restoring
) -> None:
    """The planner has stale statistics of the number of contacts, as during a restore."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite goes by the indexes in any case")
    fill_bin(store, world, 50)
    store.commit()
    job = restoring.start(restoring.question_all().scope)
    begun = [read_whole(store)]
    in_each: list[int] = []
    event.listen(store, "after_begin", lambda _, __, connection: begun.append(read_whole(connection)))
    event.listen(store, "before_commit", lambda session: in_each.append(read_whole(session) - begun[-1]))

    restoring.run(job, batch_size=20)

    assert job.count("restored") == 50
    # The claim, the check of the requester, and three batches.
    assert in_each[-5:] == [0] * 5
