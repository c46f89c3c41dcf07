"""FINISH, CANCEL, FAILED and shutdown: how a job ends, and the state of one that has not ended."""

import pytest
import structlog
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.restoring import expire_lease
from tests.unit.protocol.conftest import Counting
from webapp.jobs.cancel import cancel
from webapp.jobs.claim import claim
from webapp.jobs.isolation import MAX_CLAIMS, MAX_DEATHS, MAX_LEFT_OUT
from webapp.models import Job, User
from webapp.worker.connection import connect
from webapp.worker.redis_lock import RedisLock, key


def stop(session: Session, counting: Counting, job_id: int) -> None:
    cancel(session, counting.lock, job_id, by=session.get_one(User, counting.world.admin.id))


def die(session: Session, job: Job, times: int) -> None:
    """So many runners claim the job and die."""
    for _ in range(times):
        assert claim(session, job.id, ["count"], lease=30) is not None
        expire_lease(session, job.id)


# FINISH


def test_a_finished_job_has_its_end_time_and_releases_the_key(
    counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    assert counting.run(job) == "done"

    assert (job.state, job.counts, job.reason) == ("done", {"counted": 5}, None)
    assert job.finished_at is not None
    assert redis.get(key("count", world.id)) is None
    assert counting.actions() == ["count.requested", "count.done"]


def test_a_key_that_another_job_holds_is_not_released(
    counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    redis.set(key("count", world.id), "another job")

    counting.run(job, 100)

    assert redis.get(key("count", world.id)) == b"another job"


def test_a_lost_key_is_set_again_after_a_batch(
    counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    redis.delete(key("count", world.id))
    keys = []

    counting.run(job, 3, should_stop=lambda: keys.append(redis.get(key("count", world.id))))

    assert keys == [job.uuid.encode()]


def test_losing_redis_does_not_stop_a_running_job(counting: Counting, job: Job) -> None:
    counting.lock = RedisLock(connect("redis://127.0.0.1:1"), lock_seconds=60, starting_seconds=10)

    assert counting.run(job) == "done"
    assert counting.written() == [0, 1, 2, 3, 4]


def test_log_lines_after_a_job_do_not_carry_its_id(counting: Counting, job: Job) -> None:
    counting.run(job)

    assert "job" not in structlog.contextvars.get_contextvars()


# CANCEL


def test_a_queued_job_is_cancelled_at_once_and_releases_the_key(
    store: Session, counting: Counting, job: Job, redis: Redis, world: World
) -> None:
    stop(store, counting, job.id)

    assert (job.state, job.reason) == ("cancelled", {"code": "cancelled_by", "user": world.admin.id})
    assert job.finished_at is not None
    assert redis.get(key("count", world.id)) is None
    assert counting.run(job) == "nothing_to_do"
    assert counting.written() == []
    assert counting.actions() == ["count.requested", "count.cancel_requested", "count.cancelled"]


def test_a_cancelled_job_stops_before_its_next_batch_and_keeps_what_is_done(
    other: Session, counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    assert counting.run(job, should_stop=lambda: stop(other, counting, job.id)) == "cancelled"

    assert (job.state, counting.written()) == ("cancelled", [0, 1])
    assert job.reason == {"code": "cancelled_by", "user": world.admin.id}
    assert job.finished_at is not None
    assert redis.get(key("count", world.id)) is None
    assert counting.actions() == ["count.requested", "count.cancel_requested", "count.cancelled"]


def test_a_cancellation_by_an_operator_names_no_user(store: Session, counting: Counting, job: Job) -> None:
    cancel(store, counting.lock, job.id, by=None)

    assert job.reason == {"code": "cancelled_by_operator"}


def test_a_job_whose_runner_died_is_cancelled_by_the_next_claim(
    store: Session, counting: Counting, job: Job
) -> None:
    claim(store, job.id, ["count"], lease=30)
    stop(store, counting, job.id)
    assert job.state == "running"
    expire_lease(store, job.id)

    assert counting.run(job) == "cancelled"
    assert counting.written() == []


def test_cancelling_twice_or_after_the_end_changes_nothing(
    store: Session, counting: Counting, job: Job
) -> None:
    claim(store, job.id, ["count"], lease=30)
    for _ in range(2):
        stop(store, counting, job.id)
    assert counting.actions().count("count.cancel_requested") == 1
    expire_lease(store, job.id)
    counting.run(job)
    finished_at = job.finished_at

    stop(store, counting, job.id)

    store.refresh(job)
    assert (job.state, job.finished_at) == ("cancelled", finished_at)
    assert counting.actions().count("count.cancel_requested") == 1


def test_a_done_job_stays_done_even_if_it_is_cancelled(store: Session, counting: Counting, job: Job) -> None:
    counting.run(job)

    stop(store, counting, job.id)

    store.refresh(job)
    assert (job.state, job.cancel_requested_at, job.reason) == ("done", None, None)


# FAILED


def test_after_ten_claims_without_progress_a_job_fails_and_says_why(
    store: Session, counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    die(store, job, MAX_CLAIMS)

    assert counting.run(job) == "failed"

    assert MAX_CLAIMS == 10
    assert job.reason == {"code": "interrupted_too_often", "times": 10}
    assert counting.written() == []
    assert redis.get(key("count", world.id)) is None
    assert counting.actions()[-1] == "count.failed"


def test_the_tenth_claim_may_still_finish(store: Session, counting: Counting, job: Job) -> None:
    die(store, job, MAX_CLAIMS - 1)

    assert counting.run(job) == "done"


def test_a_committed_batch_resets_the_count_of_claims(store: Session, counting: Counting, job: Job) -> None:
    die(store, job, MAX_CLAIMS - 1)

    counting.run(job, should_stop=lambda: True)

    store.refresh(job)
    # After so many claims a batch has one item.
    assert (counting.written(), job.claims_since_progress) == ([0], 0)


# The item at which processes die


def test_after_three_deaths_items_are_taken_one_at_a_time(
    store: Session, counting: Counting, job: Job
) -> None:
    die(store, job, MAX_DEATHS)

    counting.run(job, 3)

    assert [items for *_, items in counting.history(job)] == [1, 1, 1, 2]


def test_after_three_more_deaths_the_item_is_left_out_and_the_others_are_not(
    store: Session, counting: Counting, job: Job
) -> None:
    die(store, job, MAX_DEATHS)
    # The fourth claim takes single items, and dies as well.
    assert counting.run(job, 3, should_stop=lambda: True) == "released"
    die(store, job, MAX_DEATHS)

    assert counting.run(job, 3) == "done"

    assert (job.counts, job.left_out) == ({"counted": 4, "failed": 1}, 1)
    assert counting.written() == [0, 2, 3, 4]


@pytest.mark.parametrize(("left_out", "state"), [(MAX_LEFT_OUT - 1, "done"), (MAX_LEFT_OUT, "failed")])
def test_after_five_items_left_out_the_items_are_not_the_cause(
    store: Session, counting: Counting, job: Job, left_out: int, state: str
) -> None:
    """Otherwise a defect would leave out everything, item by item."""
    job.one_by_one, job.claims_since_progress, job.left_out = 3, MAX_DEATHS, left_out
    store.commit()

    assert counting.run(job, 5) == state

    assert (job.left_out > left_out) == (state == "done")
    assert job.reason == (None if state == "done" else {"code": "too_many_left_out", "items": MAX_LEFT_OUT})


# Shutdown


def test_a_stopping_process_releases_the_job_and_each_item_is_processed_once(
    store: Session, counting: Counting, job: Job, world: World, redis: Redis
) -> None:
    endings: list[str] = []
    while not endings or endings[-1] == "released":
        endings.append(counting.run(job, 1, should_stop=lambda: True))
        store.refresh(job)
        if endings[-1] == "released":
            assert job.claims_since_progress == 0
            assert redis.get(key("count", world.id)) == job.uuid.encode()

    assert endings == ["released"] * 5 + ["done"]
    assert job.fence == 6
    assert counting.written() == [0, 1, 2, 3, 4]


def test_a_clean_hand_over_clears_the_previous_error(store: Session, counting: Counting, job: Job) -> None:
    job.error = {"code": "database_full", "detail": ""}
    store.commit()

    assert counting.run(job, should_stop=lambda: True) == "released"

    again = store.get_one(Job, job.id, populate_existing=True)
    assert (again.state, again.cursor, again.error) == ("running", 2, None)


# WRAP UP: a kind can write what belongs to the end of its job, however that ends.


def test_a_job_that_has_begun_is_wrapped_up_once_when_it_is_done(counting: Counting, job: Job) -> None:
    counting.run(job, 2)

    assert counting.work.wrapped_up == [("done", 5)]


def test_a_job_that_is_cancelled_while_it_runs_is_wrapped_up_with_what_it_did(
    counting: Counting, job: Job
) -> None:
    counting.run(job, 2, should_stop=lambda: stop(counting.session, counting, job.id))

    counting.run_again(counting.session, job.id)

    assert counting.work.wrapped_up == [("cancelled", 2)]


def test_a_job_that_fails_is_wrapped_up(counting: Counting, job: Job) -> None:
    die(counting.session, job, MAX_CLAIMS + MAX_DEATHS * (MAX_LEFT_OUT + 2))

    counting.run_again(counting.session, job.id)

    assert counting.work.wrapped_up == [("failed", 0)]
    assert job.state == "failed"


def test_a_job_whose_requester_has_lost_the_right_is_wrapped_up(
    counting: Counting, job: Job, store: Session, world: World
) -> None:
    counting.run(job, 2, should_stop=lambda: True)
    store.get_one(User, world.admin.id).is_active = False
    store.commit()

    counting.run_again(counting.session, job.id)

    assert counting.work.wrapped_up == [("cancelled", 2)]
