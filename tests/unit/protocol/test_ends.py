"""FINISH, CANCEL, FAILED, and being told to go: how a job ends, and what one keeps that has not ended."""

import pytest
import structlog
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.restoring import Restoring, run_out
from webapp.jobs.connection import connect
from webapp.jobs.lease import RedisLease, key
from webapp.models import AuditEvent, RestoreJob, RestoreOutcome, User
from webapp.restoring.cancel import cancel
from webapp.restoring.plan import CRASHED
from webapp.restoring.run import MOST_CLAIMS, MOST_DEATHS, MOST_LEFT_OUT, Pace, carry_out, take


@pytest.fixture
def job(store: Session, world: World, restoring: Restoring) -> RestoreJob:
    """A queued job over five contacts."""
    delete(store, world, *new_contacts(store, world, 5))
    return restoring.start(restoring.question_all().scope)


def actions(session: Session, world: World) -> list[str]:
    events = select(AuditEvent.action).where(AuditEvent.workspace_id == world.id).order_by(AuditEvent.id)
    return [action for action in session.scalars(events) if action.startswith("restore.")]


def stop(session: Session, restoring: Restoring, job_id: int) -> None:
    cancel(session, restoring.lease, job_id, by=session.get_one(User, restoring.world.admin.id))


# FINISH


def test_a_finished_job_is_done_says_when_and_gives_the_key_back(
    restoring: Restoring, job: RestoreJob, world: World, redis: Redis
) -> None:
    assert restoring.run(job, batch_size=2) == "done"

    assert (job.state, job.restored, job.why) == ("done", 5, None)
    assert job.finished_at is not None
    assert redis.get(key(world.id)) is None
    assert actions(restoring.session, world) == ["restore.requested", "restore.done"]


def test_a_key_that_is_somebody_elses_by_now_is_left_alone(
    restoring: Restoring, job: RestoreJob, world: World, redis: Redis
) -> None:
    redis.set(key(world.id), "somebody else")

    restoring.run(job)

    assert redis.get(key(world.id)) == b"somebody else"


def test_a_key_lost_on_the_way_is_set_again_after_a_batch(
    store: Session, restoring: Restoring, job: RestoreJob, world: World, redis: Redis
) -> None:
    redis.delete(key(world.id))
    keys = []

    def look_on() -> bool:
        keys.append(redis.get(key(world.id)))
        return False

    carry_out(store, restoring.lease, job.id, pace=Pace(30, 3), should_stop=look_on)

    assert keys == [job.uuid.encode()]


def test_redis_lost_while_running_does_not_stop_the_job(restoring: Restoring, job: RestoreJob) -> None:
    restoring.lease = RedisLease(connect("redis://127.0.0.1:1"), lock_seconds=60, starting_seconds=10)

    assert restoring.run(job, batch_size=2) == "done"
    assert job.restored == 5


def test_what_is_logged_after_a_job_does_not_bear_its_name(restoring: Restoring, job: RestoreJob) -> None:
    restoring.run(job)

    assert "job" not in structlog.contextvars.get_contextvars()


# CANCEL


def test_a_queued_job_is_cancelled_at_once_and_gives_the_key_back(
    store: Session, restoring: Restoring, job: RestoreJob, redis: Redis
) -> None:
    stop(store, restoring, job.id)

    assert (job.state, job.why) == ("cancelled", "Stopped by Ada Admin.")
    assert job.finished_at is not None
    assert redis.get(key(restoring.world.id)) is None
    assert restoring.run(job) == "nothing_to_do"
    assert len(restoring.in_bin()) == 5


def test_a_running_job_stops_before_its_next_batch_and_what_is_done_stays_done(
    store: Session, other: Session, restoring: Restoring, job: RestoreJob, world: World, redis: Redis
) -> None:
    def stop_it() -> bool:
        stop(other, restoring, job.id)
        return False

    ending = carry_out(store, restoring.lease, job.id, pace=Pace(30, 2), should_stop=stop_it)

    assert ending == job.state == "cancelled"
    assert (job.restored, job.why) == (2, "Stopped by Ada Admin.")
    assert job.finished_at is not None
    assert len(restoring.in_bin()) == 3
    assert redis.get(key(world.id)) is None
    assert actions(store, world) == ["restore.requested", "restore.cancel_requested", "restore.cancelled"]


def test_a_job_whose_runner_died_is_cancelled_by_the_next_claim(
    store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    take(store, job.id, Pace(30, 2))
    stop(store, restoring, job.id)
    assert job.state == "running"
    run_out(store, job.id)

    assert restoring.run(job) == "cancelled"
    assert job.restored == 0


def test_cancelling_twice_or_after_the_end_changes_nothing(
    store: Session, restoring: Restoring, job: RestoreJob, world: World
) -> None:
    take(store, job.id, Pace(30, 2))
    for _ in range(2):
        stop(store, restoring, job.id)
    assert actions(store, world).count("restore.cancel_requested") == 1
    run_out(store, job.id)
    restoring.run(job)
    finished_at = job.finished_at

    stop(store, restoring, job.id)

    store.refresh(job)
    assert (job.state, job.finished_at) == ("cancelled", finished_at)
    assert actions(store, world).count("restore.cancel_requested") == 1


def test_a_done_job_stays_done_whoever_cancels_it(
    store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    restoring.run(job)

    stop(store, restoring, job.id)

    store.refresh(job)
    assert (job.state, job.cancel_requested_at) == ("done", None)


# FAILED


def test_after_ten_claims_without_progress_a_job_fails_and_says_why(
    store: Session, restoring: Restoring, job: RestoreJob, world: World, redis: Redis
) -> None:
    for _ in range(MOST_CLAIMS):
        assert take(store, job.id, Pace(30, 2)) is not None
        run_out(store, job.id)

    assert restoring.run(job) == "failed"

    assert MOST_CLAIMS == 10
    assert job.why == "The restore was interrupted 10 times at the same place."
    assert len(restoring.in_bin()) == 5
    assert redis.get(key(world.id)) is None
    assert actions(store, world)[-1] == "restore.failed"


def test_the_tenth_claim_may_still_finish(store: Session, restoring: Restoring, job: RestoreJob) -> None:
    for _ in range(MOST_CLAIMS - 1):
        take(store, job.id, Pace(30, 2))
        run_out(store, job.id)

    assert restoring.run(job) == "done"


def test_a_batch_that_commits_makes_the_count_start_again(
    store: Session, restoring: Restoring, job: RestoreJob
) -> None:
    for _ in range(MOST_CLAIMS - 1):
        take(store, job.id, Pace(30, 2))
        run_out(store, job.id)

    carry_out(store, restoring.lease, job.id, pace=Pace(30, 2), should_stop=lambda: True)

    store.refresh(job)
    # After so many claims one contact is a batch.
    assert (job.restored, job.claims_since_progress) == (1, 0)


# Told to go


def test_a_process_that_is_about_to_go_hands_the_job_back_and_it_ends_with_each_contact_once(
    store: Session, restoring: Restoring, job: RestoreJob, world: World, redis: Redis
) -> None:
    endings = []
    while not endings or endings[-1] == "released":
        store.commit()
        pace = Pace(lease_seconds=30, batch_size=1)
        endings.append(carry_out(store, restoring.lease, job.id, pace=pace, should_stop=lambda: True))
        store.refresh(job)
        if endings[-1] == "released":
            assert job.claims_since_progress == 0
            assert redis.get(key(world.id)) == job.uuid.encode()

    assert endings == ["released"] * 5 + ["done"]
    assert (job.fence, job.restored) == (6, 5)
    assert len(restoring.outcomes(job)) == 5
    assert restoring.in_bin() == set()


@pytest.mark.parametrize(("left_out", "state"), [(MOST_LEFT_OUT - 1, "done"), (MOST_LEFT_OUT, "failed")])
def test_what_happens_at_one_contact_after_the_other_is_no_contacts_fault(
    store: Session, restoring: Restoring, job: RestoreJob, left_out: int, state: str
) -> None:
    """Else a defect would write off a whole bin, contact by contact."""
    for contact_id in range(left_out):
        store.add(RestoreOutcome(job_id=job.id, contact_id=-contact_id, outcome="failed", reason=CRASHED))
    job.one_by_one, job.claims_since_progress, job.failed = 3, MOST_DEATHS, left_out
    store.commit()

    assert restoring.run(job, batch_size=5) == state

    assert (job.failed > left_out) == (state == "done")
    assert ("The cause must be another" in (job.why or "")) == (state == "failed")
