"""A business in the database and in the model. After each act both are compared."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import event
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.model.business import Business
from tests.model.choices import BEGINNING, one_of, times
from tests.model.clock import Clock
from tests.model.opening import open_in_model
from tests.model.seen import bin_page, database_state, model_state
from webapp.worker.redis_lock import RedisLock, key


class Story(RuleBasedStateMachine):
    """The business of one story, and its clock. `ids` maps the model to the database."""

    def __init__(
        self,
        engine: Engine,
        world: World,
        opened: list[int],
        lock: RedisLock,
        clock: Clock,
        happened: Counter[str],
    ) -> None:
        super().__init__()
        self.world, self.lock, self.happened = world, lock, happened
        self.connection = engine.connect().execution_options(writes=True)
        self.transaction = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint")
        self.business = Business(BEGINNING)
        clock.read = lambda: self.now
        self.ids: dict[object, int] = dict(zip(open_in_model(self.business), opened, strict=True))
        self.read_bin: list[tuple[Any, ...]] | None = None
        self.users = {world.admin.name: world.admin.id, world.member.name: world.member.id, None: None}

    def teardown(self) -> None:
        self.session.close()
        self.transaction.rollback()
        self.connection.close()
        self.lock.redis.delete(key("restore", self.world.id))

    def note(self, what: str) -> None:
        """Record that this has happened, for the statistics of the examples."""
        event(what)
        self.happened[what] += 1

    @property
    def now(self) -> datetime:
        return self.business.now

    @rule(how_long=one_of(times))
    def pass_time(self, how_long: timedelta) -> None:
        self.business.pass_time(how_long)

    def by_admin(self) -> dict[str, Any]:
        """Where, by whom and when, as most verbs take it."""
        return {"workspace_id": self.world.id, "by": self.world.admin.id, "now": self.now}

    def tick(self) -> None:
        """Let the shortest time pass, where the order of two acts is known by their moments."""
        self.pass_time(timedelta(microseconds=1))

    def let_the_clock_tick(self) -> None:
        """What is deleted after a deletion is of a later moment: by it a restore knows their order."""
        if any(deletion.at == self.now for deletion in self.business.deletions):
            self.tick()

    @invariant()
    def the_database_equals_the_model(self) -> None:
        """The page of the bin is read again only if the bin has changed: the plain queries have compared all
        that it shows, and its own statement is built anew each time."""
        expected = model_state(self.business, self.ids)
        found = database_state(self.session, self.world, self.business, self.ids)
        for aspect, sight in expected.items():
            assert found[aspect] == sight, aspect
        assert found.keys() == expected.keys()
        if expected["the bin"] != self.read_bin:
            assert bin_page(self.session, self.world, self.now) == expected["the bin"], "the page of the bin"
            self.read_bin = expected["the bin"]
