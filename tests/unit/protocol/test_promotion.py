"""LINE: a job in line is promoted when the active one ends, however it ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from redis import Redis
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from tests.factories.people import World, new_admin
from tests.support.faults import crash_at
from tests.support.restoring import expire_lease
from tests.unit.protocol.conftest import NOWHERE, Counting, to_ring_for
from webapp.jobs.cancel import cancel
from webapp.jobs.claim import claim
from webapp.jobs.isolation import MAX_CLAIMS
from webapp.jobs.line import promote_waiting
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.models import AuditEvent, Job
from webapp.models.job import JobState
from webapp.worker.redis_lock import key


def end_done(counting: Counting, job: Job) -> None:
    assert counting.run(job) == "done"


def end_cancelled_queued(counting: Counting, job: Job) -> None:
    assert cancel(counting.session, counting.lock, job.id, by=None) == "cancelled"


def end_cancelled_running(counting: Counting, job: Job) -> None:
    claim(counting.session, job.id, ["count"], lease=30)
    assert cancel(counting.session, counting.lock, job.id, by=None) == "running"
    expire_lease(counting.session, job.id)
    assert counting.run(job) == "cancelled"


def end_failed(counting: Counting, job: Job) -> None:
    for _ in range(MAX_CLAIMS):
        assert claim(counting.session, job.id, ["count"], lease=30) is not None
        expire_lease(counting.session, job.id)
    assert counting.run(job) == "failed"


def end_without_its_right(counting: Counting, job: Job) -> None:
    former = new_admin(counting.session, counting.world.workspace)
    former.is_active, job.requested_by = False, former.id
    counting.session.commit()
    assert counting.run(job) == "cancelled"


@pytest.mark.parametrize(
    "end", [end_done, end_cancelled_queued, end_cancelled_running, end_failed, end_without_its_right]
)
def test_it_is_promoted_however_the_active_job_ends_and_the_key_is_its_own(
    end: Callable[[Counting, Job], None],
    store: Session,
    counting: Counting,
    job: Job,
    waiting: Job,
    world: World,
    redis: Redis,
) -> None:
    end(counting, job)

    store.refresh(waiting)
    store.refresh(job)
    assert (waiting.is_waiting, waiting.is_active, waiting.exclusive_group) == (False, True, "count")
    assert waiting.promoted_at == job.finished_at, "in the transaction that ended the other"
    assert redis.get(key("count", world.id)) == waiting.uuid.encode()
    assert to_ring_for(store, world) == [waiting.id], "the process that looks next rings"
    assert to_ring_for(store, world) == [], "and no other one for a while"
    assert counting.run(waiting) == "done"
    assert redis.get(key("count", world.id)) is None


def test_without_redis_it_is_promoted_too(store: Session, counting: Counting, job: Job, waiting: Job) -> None:
    counting.lock = NOWHERE

    assert counting.run(job) == "done"
    store.refresh(waiting)
    assert waiting.is_active
    assert cancel(store, NOWHERE, waiting.id, by=None) == "cancelled"


def test_end_and_promotion_are_committed_together(
    engine: Engine, store: Session, counting: Counting, job: Job, waiting: Job
) -> None:
    """A runner that dies at any statement of its last batch leaves both or neither."""
    seen = []
    for number in range(1, 100):
        store.execute(update(Job).where(Job.id == job.id).values(claims_since_progress=0))
        expire_lease(store, job.id)
        with Session(engine) as runner, crash_at(engine, runner, number) as crash:
            carry_out(
                runner,
                counting.lock,
                {"count": counting.work},
                job.id,
                settings=BatchSettings(30, 100),
            )
        store.rollback()
        store.expire_all()
        seen.append((job.has_ended, waiting.is_active))
        if any(seen[-1]) or not crash.happened:
            break

    assert len(seen) > 10
    assert set(seen[:-1]) == {(False, False)}
    assert seen[-1] == (True, True)


def test_lining_up_and_promotion_are_audited(
    store: Session, counting: Counting, job: Job, waiting: Job, world: World
) -> None:
    counting.run(job)

    events = store.scalars(
        select(AuditEvent).where(AuditEvent.subject == waiting.audit_subject).order_by(AuditEvent.id)
    ).all()

    assert [event.action for event in events] == ["count.lined_up", "count.promoted"]
    assert {event.user_id for event in events} == {world.admin.id}


def test_a_promotion_that_was_missed_is_made_up_for_by_the_reconciler_once(
    store: Session, other: Session, counting: Counting, job: Job, waiting: Job, world: World
) -> None:
    """The previous release ended the active job, and knows no line."""
    store.execute(update(Job).where(Job.id == job.id).values(state=JobState.DONE))
    store.commit()

    assert promote_waiting(store, workspace_id=world.id) == 1
    assert promote_waiting(other, workspace_id=world.id) == 0

    store.refresh(waiting)
    assert waiting.is_active
    assert to_ring_for(other, world) == [waiting.id]


def test_two_reconcilers_at_once_promote_it_once(
    engine: Engine, store: Session, counting: Counting, job: Job, waiting: Job, world: World
) -> None:
    store.execute(update(Job).where(Job.id == job.id).values(state=JobState.DONE))
    store.commit()
    together = Barrier(3)

    def reconcile(_: int) -> int:
        with Session(engine) as session:
            together.wait()
            return promote_waiting(session, workspace_id=world.id)

    with ThreadPoolExecutor(3) as pool:
        given = list(pool.map(reconcile, range(3)))

    assert sum(given) == 1
    assert counting.actions().count("count.promoted") == 1


def test_where_a_start_was_faster_the_job_in_line_waits_for_that_one(
    store: Session, counting: Counting, job: Job, waiting: Job, world: World
) -> None:
    store.execute(update(Job).where(Job.id == job.id).values(state=JobState.DONE))
    store.commit()
    faster = counting.start()

    assert promote_waiting(store, workspace_id=world.id) == 0
    counting.run(faster)

    store.refresh(waiting)
    assert waiting.is_active


def test_a_job_whose_owner_lost_the_right_is_cancelled_once_promoted_and_the_next_goes_on(
    store: Session, counting: Counting, job: Job, world: World
) -> None:
    former = new_admin(store, world.workspace)
    waiting = counting.line_up(counting.order(3, by=former.id))
    former.is_active = False
    store.commit()
    counting.run(job)
    third = counting.line_up()

    assert counting.run(waiting) == "cancelled"

    assert waiting.reason == {"code": "requester_not_allowed", "user": former.id}
    assert (waiting.counts, counting.written()) == ({}, [0, 1, 2, 3, 4])
    store.refresh(third)
    assert third.is_active


def test_a_promoted_job_can_be_cancelled_and_the_next_is_promoted(
    store: Session, counting: Counting, job: Job, waiting: Job
) -> None:
    counting.run(job)
    third = counting.line_up()

    cancel(store, counting.lock, waiting.id, by=None)

    store.refresh(third)
    assert third.is_active
