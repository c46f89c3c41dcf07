"""The plan of many contacts costs as much as there are of them: it compares no contact with all others."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from tests.factories.bins import fill_bin
from tests.factories.people import new_world
from tests.support.restoring import Restoring
from webapp.restoring import plan as plans
from webapp.restoring.plan import foresee
from webapp.restoring.scope import Conflicts
from webapp.worker.redis_lock import RedisLock


@pytest.mark.parametrize("conflicts", Conflicts)
def test_four_times_as_many_contacts_take_less_than_eight_times_as_many_steps(
    session: Session,
    lock: RedisLock,
    steps: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    conflicts: Conflicts,
) -> None:
    monkeypatch.setattr(plans, "MANY", 0)

    def asked_for(contacts: int) -> int:
        world = new_world(session)
        fill_bin(session, world, contacts)
        scope = replace(Restoring(session, world, lock).question_all().scope, conflicts=conflicts)
        before = steps()
        plan = foresee(session, scope)
        assert sum(plan.counts.values()) == contacts
        return steps() - before

    few, many = asked_for(500), asked_for(2000)

    assert 100 < few < many < 8 * few
