"""Random faults: each contact is restored once, and the checker would notice if not."""

import os
from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.faults.checker import FENCE_SHRINKS, Violation
from tests.faults.storm import HORSE_STOPPED, Storm
from tests.faults.traffic import Traffic
from tests.support.deployment import Deployment, new_deployment
from tests.support.processes import PATIENCE
from webapp.models import Contact

WORKERS, FAULTS = 2, 6
WORKSPACES, LIVE, DELETED = 3, 20, 240
STORMS = 4


@pytest.fixture
def deployment(environ: dict[str, str]) -> Iterator[Deployment]:
    """A deployment for each test, because the control leaves a history with violations."""
    with new_deployment(environ) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def seed() -> int:
    """SEED=… in the environment repeats a schedule, as far as timing can be repeated."""
    return int(os.environ.get("SEED") or Random().randrange(1_000_000))


def violations_after_faults(deployment: Deployment, seed: int, *, fence: bool) -> list[Violation]:
    """Run restores with faults, one of which is certain: a horse is stopped until another has taken its
    job over, and is then resumed. Returns the violations that the checker finds."""
    print(f"SEED={seed}")
    random, traffic = Random(seed), Traffic(deployment)
    storm = Storm(deployment, traffic, random, workers=WORKERS, fence=fence)
    # A stopped horse takes the longest: one is enough here.
    others = sorted(storm.faults.keys() - {HORSE_STOPPED})
    schedule = [HORSE_STOPPED, *random.choices(others, k=FAULTS - 1)]
    random.shuffle(schedule)
    with storm.begin():
        traffic.create_workspaces(WORKSPACES, live=LIVE, deleted=DELETED)
        for name in schedule:
            storm.strike_when_possible(name, seconds=PATIENCE)
        assert storm.wait_until_idle(seconds=PATIENCE) == ""
        assert storm.resumed == 1
        return traffic.check()


def test_each_contact_is_restored_once_under_random_faults(deployment: Deployment, seed: int) -> None:
    assert violations_after_faults(deployment, seed, fence=True) == []
    with Session(deployment.engine) as session:
        addresses = select(Contact.workspace_id, Contact.email_key)
        left = session.execute(addresses.where(Contact.deleted_at.is_not(None))).all()
        held = session.execute(addresses.where(Contact.deleted_at.is_(None))).all()
    # Only contacts whose address is in use are still deleted.
    assert set(left) <= set(held)


def test_without_the_fence_the_checker_finds_violations_after_the_same_faults(
    environ: dict[str, str], seed: int
) -> None:
    """The negative control: a checker that never finds a violation proves nothing. A job may end before its
    stopped horse comes back, and then nothing was violated: so there are a few storms."""
    for attempt in range(STORMS):
        with new_deployment(environ) as deployment:
            found = violations_after_faults(deployment, seed + attempt, fence=False)
        if FENCE_SHRINKS in {violation.kind for violation in found}:
            return
    pytest.fail(f"no violation in {STORMS} storms without the fence")
