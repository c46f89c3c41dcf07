"""After every act, in any order, the database equals the model.

`make test` tries the same stories each time; `make explore` makes up new and longer ones.
"""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.model.clock import Clock
from tests.model.machine import Machine
from tests.model.opening import store as open_business
from webapp.worker.redis_lock import RedisLock

# Each story costs as much as ten steps by its beginning and end, and longer ones lead further: twice as many
# restores are killed and overtaken as in twice as many stories of half the length.
USUAL = settings(
    max_examples=84,
    stateful_step_count=18,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
# The stories change with the code and may miss something rare. Then the next ones are told, which are longer.
MORE = [settings(USUAL, max_examples=30, stateful_step_count=steps) for steps in (24, 30, 36)]
EXPLORING = settings(USUAL, stateful_step_count=50, derandomize=False)

# The stories must contain these events, or they would prove little.
WORTH_MEETING = {
    "a contact is restored",
    "a contact is restored that was deleted before",
    "a contact is restored exactly 30 days after",
    "a contact is gone for over 30 days",
    "a contact is skipped: email_taken",
    "a contact is skipped: twin",
    "a contact is merged",
    "a contact is restored: without_address",
    "a contact is back on a deal",
    "a contact is back on a list, but suppressed",
    "a deal is rescued",
    "a deal does not come back",
    "a list does not come back",
    "a tag does not come back",
    "a list is counted as lost",
    "what does not come back was made anew under the same name",
    "a name is refused that another has",
    "a contact is put back",
    "a contact is left alone: kept_changed",
    "a contact is left alone: kept_deleted",
    "a restore is undone as if it had not been",
    "a run that ended with the deletion stays ended",
    "a campaign is sent",
    "a campaign is not sent: already_sent",
    "an automation stays as it is: running",
    "an automation stays as it is: wakes_itself",
    "a contact is not edited: changed since",
    "of a deleted contact comes: unsubscribe",
    "a refusal comes from an address that several contacts have",
    "a confirmation lifts a suppression",
    "a contact is held back that was mailable when it was deleted",
    "a restore is refused: NotAllowed",
    "contacts of one deal are deleted together",
    "a row is imported: added",
    "a row is imported: updated",
    "contacts are deleted by a job",
    "contacts of one deal are deleted one after the other",
}


def test_the_database_equals_the_model_after_every_act(
    engine: Engine, world: World, store: Session, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = RedisLock(redis, lock_seconds=60, starting_seconds=10)
    opened = open_business(store, world)
    examples = os.environ.get("EXAMPLES")
    happened: Counter[str] = Counter()
    clock = Clock()
    clock.replace_the_real_one(monkeypatch)
    for stories in [settings(EXPLORING, max_examples=int(examples))] if examples else [USUAL, *MORE]:
        run_state_machine_as_test(
            # The annotation asks for a class, but Hypothesis accepts any function that makes the machine.
            lambda: Machine(engine, world, opened, lock, clock, happened),  # type: ignore[arg-type]
            settings=stories,
        )
        if not WORTH_MEETING - happened.keys():
            break
    for what, times in sorted(happened.items()):
        print(f"{times:7} {what}")
    # A few new stories may miss one of them; the others must not.
    assert examples or not WORTH_MEETING - happened.keys()
