"""Both releases work on one database during a deployment, and after a rollback the older one does alone.

The older release is played by statements on its own columns: those are all that it knows.
"""

from datetime import timedelta
from typing import cast

from sqlalchemy import Table, insert, select, text, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.restoring import Restoring, expire_lease
from webapp.clock import read_clock
from webapp.jobs.recover import adopt_jobs
from webapp.models import Job
from webapp.restoring.scope import Scope
from webapp.worker.redis_lock import RedisLock

OLD = cast(Table, Job.__table__)


def new_scope(store: Session, world: World, lock: RedisLock) -> tuple[Restoring, Scope]:
    delete(store, world, *new_contacts(store, world, 5))
    store.commit()
    restoring = Restoring(store, world, lock)
    return restoring, restoring.question_all().scope


def old_start(store: Session, world: World, scope: Scope) -> Job:
    """The row that the previous release inserts when a restore is confirmed."""
    now = read_clock(store)
    words = {"title": "Restore all 5 contacts?", "words": "All 5 contacts.", "skips": []}
    job_id = store.scalar(
        insert(OLD).returning(OLD.c.id),
        {
            "uuid": scope.key,
            "workspace_id": world.id,
            "requested_by": world.admin.id,
            "kind": "filters",
            "scope": scope.to_dict() | words,
            "scope_hash": "0" * 64,
            "scope_words": "All 5 contacts.",
            "as_of": scope.as_of,
            "through_number": scope.through_number,
            "expected": scope.expected,
            "idempotency_key": scope.key,
            "state": "queued",
            "fence": 0,
            "lease_until": now,
            "rung_at": now,
            "claims_since_progress": 0,
            "restored": 0,
            "skipped": 0,
            "failed": 0,
            "created_at": now,
        },
    )
    store.commit()
    return store.get_one(Job, job_id)


def test_a_job_of_the_previous_release_is_carried_out_and_numbered(
    store: Session, world: World, lock: RedisLock
) -> None:
    restoring, scope = new_scope(store, world, lock)
    job = old_start(store, world, scope)
    assert (job.kind, job.exclusive_group, job.number, job.counts) == ("restore", "restore", None, {})
    assert Scope.from_dict(job.request) == scope

    assert restoring.run(job, batch_size=2) == "done"

    adopt_jobs(store)
    store.refresh(job)
    assert (job.number, job.counts, len(restoring.outcomes(job))) == (1, {"restored": 5}, 5)


def test_a_job_shared_by_two_releases_processes_each_contact_once(
    store: Session, other: Session, world: World, lock: RedisLock
) -> None:
    """The older release reads and writes its own cursor and counters; both must agree on where the job is."""
    restoring, scope = new_scope(store, world, lock)
    job = restoring.start(scope)
    restoring.run_one_batch(job, 2)
    row = other.execute(select(OLD).where(OLD.c.id == job.id)).one()
    assert (row.restored, row.skipped, row.failed) == (2, 0, 0)
    assert [row.cursor_deleted_at.isoformat(), row.cursor_id] == job.cursor
    assert (row.scope["filters"]["q"], row.scope["words"]) == ("", "")
    assert (row.kind, row.as_of, row.through_number) == ("filters", scope.as_of, scope.through_number)

    # The older release commits a batch of one more contact, in its own columns.
    ids = [
        contact_id
        for (contact_id,) in other.execute(
            text(
                "SELECT id FROM contact WHERE workspace_id = :id AND deleted_at IS NOT NULL ORDER BY id DESC"
            ),
            {"id": world.id},
        )
    ]
    other.execute(text("UPDATE contact SET deleted_at = NULL WHERE id = :id"), {"id": ids[0]})
    other.execute(
        update(OLD)
        .where(OLD.c.id == job.id)
        .values(restored=3, cursor_id=ids[0], lease_until=read_clock(other) - timedelta(seconds=1))
    )
    other.commit()

    store.rollback()
    store.refresh(job)
    assert (job.counts, job.cursor) == ({"restored": 3, "skipped": 0, "failed": 0}, [job.cursor[0], ids[0]])
    expire_lease(other, job.id)
    assert restoring.run(job, batch_size=2) == "done"
    assert job.count("restored") == 5
    assert restoring.in_bin() == set()


def test_an_ended_job_of_the_previous_release_keeps_its_text(
    store: Session, world: World, lock: RedisLock
) -> None:
    _, scope = new_scope(store, world, lock)
    job = old_start(store, world, scope)
    why = "Stopped by Ada Admin."
    store.execute(update(OLD).where(OLD.c.id == job.id).values(state="cancelled", why=why, last_error=why))
    store.commit()

    store.refresh(job)

    assert job.reason == job.error == {"code": "previous_release", "words": why}
    assert not store.dirty, "a read must not turn into a write"


def test_the_worker_brings_an_ended_job_of_the_previous_release_over_for_good(
    store: Session, other: Session, world: World, lock: RedisLock
) -> None:
    """Otherwise it would lose its report with the old columns."""
    _, scope = new_scope(store, world, lock)
    job = old_start(store, world, scope)
    values = {"state": "done", "restored": 4, "skipped": 1, "why": "Words.", "cursor_id": 7}
    store.execute(update(OLD).where(OLD.c.id == job.id).values(cursor_deleted_at=scope.as_of, **values))
    store.commit()

    adopt_jobs(store)

    row = other.execute(select(OLD).where(OLD.c.id == job.id)).one()
    assert (row.number, row.counts) == (1, {"restored": 4, "skipped": 1, "failed": 0})
    assert Scope.from_dict(row.request) == scope
    assert row.cursor == [scope.as_of.isoformat(), 7]
    assert row.reason == {"code": "previous_release", "words": "Words."}


def test_a_clean_hand_over_clears_the_error_of_the_previous_release_too(
    store: Session, world: World, lock: RedisLock
) -> None:
    restoring, scope = new_scope(store, world, lock)
    job = old_start(store, world, scope)
    store.execute(update(OLD).where(OLD.c.id == job.id).values(last_error="The process died."))
    store.commit()

    restoring.run_one_batch(job, 2)

    store.rollback()
    store.refresh(job)
    assert (job.state, job.error) == ("running", None)
