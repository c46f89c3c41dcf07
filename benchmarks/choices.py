"""The plan before a restore, merging and undoing, each beside a plain restore of the same contacts."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, at_most, without_goal
from benchmarks.restoring import is_active, timed, watch_to_the_end
from benchmarks.stage import Databases, Stage, stage
from tests.factories.people import World
from tests.support.processes import WorkerProcess, wait_until
from webapp.clock import read_clock
from webapp.models import Job
from webapp.restoring import start as restores
from webapp.restoring import undo_work
from webapp.restoring.filters import Filters
from webapp.restoring.plan import foresee
from webapp.restoring.question import about_all
from webapp.restoring.scope import Conflicts, Scope

# Each deleted contact gets the address of a live one.
ALL_TAKEN = """
    UPDATE contact SET email = live.email, email_key = live.email_key
    FROM (SELECT id, email, email_key, row_number() OVER (ORDER BY id) AS place FROM contact
          WHERE workspace_id = :workspace AND deleted_at IS NULL) AS live,
         (SELECT id, row_number() OVER (ORDER BY id) AS place FROM contact
          WHERE workspace_id = :workspace AND deleted_at IS NOT NULL) AS gone
    WHERE contact.id = gone.id AND gone.place = live.place
"""


def measure(made: Databases, url: str, world: World, *, judged: bool) -> Iterator[Figure]:
    """Figures about copies of the database at `url`. The goals are ratios within this run, but the plan's."""
    with made.copy(url) as copy, stage(copy) as here:
        with Session(here.engine) as session:
            scope = _all(session, world, Conflicts.SKIP)
            _, plan_ms = timed(lambda: foresee(session, scope))
        with here.worker() as worker:
            plain, restored = _rate(here, worker, lambda session: _start(here, session, world, scope))
            undo, _ = _rate(here, worker, lambda session: _undo(here, session, world, restored))
    with made.copy(url) as copy, stage(copy) as here:
        with here.engine.execution_options(writes=True).begin() as connection:
            connection.execute(text(ALL_TAKEN), {"workspace": world.id})
        with Session(here.engine) as session:
            scope = _all(session, world, Conflicts.MERGE)
            _, merge_plan_ms = timed(lambda: foresee(session, scope))
        with here.worker() as worker:
            merge, _ = _rate(here, worker, lambda session: _start(here, session, world, scope))

    goal = at_most if judged and made.kind == "postgresql" else _ignoring_goal
    yield goal("Plan of all of them", plan_ms / 1000, 5, "s")
    yield goal("Plan of merging all of them", merge_plan_ms / 1000, 5, "s")
    yield without_goal("Contacts a second", plain)
    yield at_least("Merging, restoring being 1", merge / plain, 0.3)
    yield at_least("Undoing, restoring being 1", undo / plain, 0.8)


def _ignoring_goal(what: str, value: float, goal: float, unit: str) -> Figure:
    return without_goal(what, value, unit)


def _all(session: Session, world: World, conflicts: Conflicts) -> Scope:
    scope = about_all(session, world.id, Filters(), read_clock(session)).scope
    return replace(scope, conflicts=conflicts)


def _start(here: Stage, session: Session, world: World, scope: Scope) -> int:
    s = here.services
    with here.app.app_context():
        job = restores.start(session, s.lock, s.doorbell.ring, scope=scope, requested_by=world.admin.id)
    return job.id


def _undo(here: Stage, session: Session, world: World, job_id: int) -> int:
    s, restore = here.services, session.get_one(Job, job_id)
    with here.app.app_context():
        job = undo_work.start(
            session,
            s.lock,
            s.doorbell.ring,
            restore=restore,
            key=str(uuid.uuid4()),
            requested_by=world.admin.id,
        )
    return job.id


def _rate(here: Stage, worker: WorkerProcess, begin: Callable[[Session], int]) -> tuple[float, int]:
    """Contacts a second of the job that `begin` starts, from its claim to its end; and the job."""
    wait_until(lambda: worker.child("restore"))
    with Session(here.engine) as session:
        job_id = begin(session)
    for _ in watch_to_the_end(here.engine, job_id, worker):
        pass
    wait_until(lambda: not is_active(here.engine, job_id))
    with Session(here.engine) as session:
        job = session.get_one(Job, job_id)
        assert job.state == "done", job.reason
        assert job.started_at is not None
        assert job.finished_at is not None
        return job.processed / (job.finished_at - job.started_at).total_seconds(), job_id
