"""START: one confirmation makes one job; the Redis key is the gate, a unique index the arbiter."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from time import monotonic

import pytest
from redis import Redis
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.support.restoring import Restoring
from webapp.jobs.connection import connect
from webapp.jobs.doorbell import Doorbell
from webapp.jobs.lease import RedisLease, key
from webapp.models import AuditEvent, RestoreJob, User
from webapp.restoring.cancel import cancel
from webapp.restoring.scope import Scope
from webapp.restoring.start import (
    AlreadyRunning,
    AnotherScope,
    BeingStarted,
    LeaseUnavailable,
    NotAllowed,
    RestoreRefused,
    start,
)


@pytest.fixture
def scope(store: Session, world: World, restoring: Restoring) -> Scope:
    """The question about everything in a bin of one contact, as it is confirmed."""
    delete(store, world, new_contact(store, world))
    store.commit()
    return restoring.question_all().scope


def another(scope: Scope) -> Scope:
    """The same contacts asked about once more: another dialog, another key."""
    return replace(scope, key=str(uuid.uuid4()))


def jobs(session: Session, world: World) -> list[RestoreJob]:
    session.rollback()
    return list(session.scalars(select(RestoreJob).where(RestoreJob.workspace_id == world.id)))


def test_a_confirmed_scope_becomes_a_queued_job_that_holds_the_key(
    scope: Scope, world: World, restoring: Restoring, redis: Redis
) -> None:
    job = restoring.start(scope)

    assert (job.state, job.fence, job.requested_by) == ("queued", 0, world.admin.id)
    assert Scope.from_dict(job.scope) == scope
    assert redis.get(key(world.id)) == job.uuid.encode()
    assert 59_000 < redis.pttl(key(world.id)) <= 60_000


def test_the_worker_is_rung_for_after_the_commit(
    scope: Scope, world: World, store: Session, other: Session, lease: RedisLease
) -> None:
    seen: list[str] = []

    def ring(job_id: int) -> None:
        seen.append(other.get_one(RestoreJob, job_id).state)

    start(store, lease, ring, scope=scope, requested_by=world.admin.id)

    assert seen == ["queued"]


def test_a_request_is_written_down_with_who_and_what(
    scope: Scope, world: World, restoring: Restoring, store: Session
) -> None:
    job = restoring.start(scope)

    event = store.scalars(
        select(AuditEvent).where(
            AuditEvent.workspace_id == world.id, AuditEvent.action == "restore.requested"
        )
    ).one()
    assert (event.user_id, event.at) == (world.admin.id, job.created_at)
    assert event.subject == f"restore_job:{job.id}"


def test_the_same_confirmation_again_is_the_same_job(scope: Scope, restoring: Restoring) -> None:
    first = restoring.start(scope)

    assert restoring.start(scope).id == first.id
    restoring.run(first)
    assert restoring.start(scope).id == first.id
    assert restoring.rung == [first.id]


def test_the_same_confirmation_again_is_answered_without_redis(scope: Scope, restoring: Restoring) -> None:
    first = restoring.start(scope)
    restoring.lease = RedisLease(connect("redis://127.0.0.1:1"), lock_seconds=60, starting_seconds=10)

    assert restoring.start(scope).id == first.id


def test_the_same_key_for_another_scope_is_refused(scope: Scope, world: World, restoring: Restoring) -> None:
    restoring.start(scope)

    with pytest.raises(AnotherScope):
        restoring.start(replace(scope, expected=2))
    assert len(jobs(restoring.session, world)) == 1


@pytest.mark.parametrize("is_running", [False, True])
def test_while_a_job_is_active_another_is_refused_with_it(
    is_running: bool, scope: Scope, world: World, restoring: Restoring, redis: Redis
) -> None:
    job = restoring.start(scope)
    if is_running:
        job.state = "running"

    with pytest.raises(AlreadyRunning) as refused:
        restoring.start(another(scope))

    assert refused.value.job.id == job.id
    assert redis.get(key(world.id)) == job.uuid.encode()


def test_the_key_of_a_job_that_ended_is_taken_over(
    scope: Scope, world: World, restoring: Restoring, redis: Redis
) -> None:
    ended = restoring.start(scope)
    nowhere = RedisLease(connect("redis://127.0.0.1:1"), lock_seconds=60, starting_seconds=10)
    cancel(restoring.session, nowhere, ended.id, by=restoring.session.get_one(User, world.admin.id))
    assert redis.get(key(world.id)) == ended.uuid.encode()

    job = restoring.start(another(scope))

    assert redis.get(key(world.id)) == job.uuid.encode()


def test_a_key_that_no_job_knows_yet_is_waited_for_and_then_respected(
    scope: Scope, world: World, restoring: Restoring, redis: Redis
) -> None:
    redis.set(key(world.id), "somebody", px=60_000)
    began = monotonic()

    with pytest.raises(BeingStarted):
        restoring.start(scope)

    assert 0.9 < monotonic() - began < 10
    assert redis.get(key(world.id)) == b"somebody"
    assert jobs(restoring.session, world) == []


def test_a_key_left_over_from_ten_seconds_ago_is_taken_over(
    scope: Scope, world: World, restoring: Restoring, redis: Redis
) -> None:
    redis.set(key(world.id), "somebody who died", px=60_000 - 10_000)

    job = restoring.start(scope)

    assert redis.get(key(world.id)) == job.uuid.encode()


@pytest.mark.parametrize("is_running", [False, True])
def test_where_the_key_was_lost_the_index_decides_and_the_own_key_is_given_up(
    is_running: bool, scope: Scope, world: World, restoring: Restoring, redis: Redis
) -> None:
    job = restoring.start(scope)
    if is_running:
        job.state = "running"
    redis.delete(key(world.id))

    with pytest.raises(AlreadyRunning) as refused:
        restoring.start(another(scope))

    assert refused.value.job.id == job.id
    assert redis.get(key(world.id)) is None
    assert len(jobs(restoring.session, world)) == 1


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "unix:///nowhere/redis.sock"])
def test_without_redis_nothing_is_started_and_nothing_changed(
    url: str, scope: Scope, world: World, restoring: Restoring
) -> None:
    restoring.lease = RedisLease(connect(url), lock_seconds=60, starting_seconds=10)

    with pytest.raises(LeaseUnavailable):
        restoring.start(scope)

    assert jobs(restoring.session, world) == []
    assert restoring.rung == []


def test_a_ring_that_is_lost_leaves_the_job_queued(
    scope: Scope, world: World, store: Session, lease: RedisLease
) -> None:
    nobody = Doorbell(connect("redis://127.0.0.1:1"))

    job = start(store, lease, nobody.ring, scope=scope, requested_by=world.admin.id)

    assert job.state == "queued"


@pytest.mark.parametrize("who", ["a member", "a disabled admin", "an admin of another account", "nobody"])
def test_whoever_is_no_admin_here_is_refused_and_leaves_no_key(
    who: str, scope: Scope, world: World, restoring: Restoring, redis: Redis
) -> None:
    by = {"a member": world.member.id, "a disabled admin": world.admin.id, "nobody": 0}.get(who)
    if who == "an admin of another account":
        by = new_world(restoring.session).admin.id
    if who == "a disabled admin":
        restoring.session.get_one(User, by).is_active = False

    with pytest.raises(NotAllowed):
        restoring.start(scope, by=by)

    assert jobs(restoring.session, world) == []
    assert redis.get(key(world.id)) is None


@pytest.mark.parametrize("same", [True, False])
def test_of_many_who_confirm_at_once_one_gets_through(
    same: bool, scope: Scope, world: World, engine: Engine, restoring: Restoring
) -> None:
    """Clicks of one dialog all get its job; of several dialogs one wins and the others are told."""
    together = Barrier(6)

    def confirm(mine: Scope) -> int | str:
        with Session(engine) as session:
            together.wait()
            try:
                return start(
                    session, restoring.lease, lambda _: None, scope=mine, requested_by=world.admin.id
                ).id
            except RestoreRefused as refusal:
                return type(refusal).__name__

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(confirm, [scope if same else another(scope) for _ in range(6)]))

    [job] = jobs(restoring.session, world)
    if same:
        assert answers == [job.id] * 6
    else:
        assert sorted(map(str, answers)) == sorted([str(job.id), *["AlreadyRunning"] * 5])
