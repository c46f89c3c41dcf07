"""A deployment with its own database and Redis, and real worker processes."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from redis import Redis
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.factories.bins import fill_bin
from tests.factories.contacts import delete
from tests.factories.people import World, new_admin, new_world
from tests.support.accidents import Accident
from tests.support.processes import WorkerProcess, wait_until, worker_process
from tests.support.restoring import Restoring
from tests.support.schema import app_on_a_new_database
from webapp.extensions import db
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.local_services import redis_url
from webapp.models import (
    AuditEvent,
    Contact,
    Job,
    JobBatch,
    RestoreOutcome,
    User,
)
from webapp.models.job import JobState
from webapp.restoring.start import start
from webapp.worker.kinds import KINDS
from webapp.worker.queue import Doorbell
from webapp.worker.redis_lock import RedisLock
from webapp.worker.services import services

# Small batches and many, so that a job is long enough to be hit while it runs; SQLite rests between them.
BATCH_SIZE = "5"
CONTACTS = {"sqlite": 300, "postgresql": 900}


@dataclass
class Deployment:
    """Everything of one deployment but its web. Tests may kill and stop its processes."""

    environ: dict[str, str]
    app: Flask
    engine: Engine
    lock: RedisLock
    doorbell: Doorbell
    folder: Path
    logs: list[Path] = field(default_factory=list)
    # Whether its workers are forked from a process that has imported the app (tests/support/warm.py).
    warm: bool = True

    def worker(
        self, accident: Accident | None = None, **settings: str
    ) -> AbstractContextManager[WorkerProcess]:
        """A `worker.py` with its own log; `accident` happens to it."""
        log = self.folder / f"worker-{len(self.logs)}.log"
        self.logs.append(log)
        if accident is None:
            return worker_process(self.environ | settings, log, warm=self.warm)
        environ = self.environ | settings | accident.environ(self.folder)
        return worker_process(environ, log, script=Accident.SCRIPT, warm=self.warm)

    def writing(self) -> Session:
        """A session that writes beside the worker: on SQLite it takes the lock when it begins."""
        return Session(self.engine.execution_options(writes=True))

    @property
    def redis(self) -> Redis:
        return self.lock.redis

    @property
    def many(self) -> int:
        """How many contacts make a job that takes a few seconds."""
        return CONTACTS[self.engine.dialect.name]

    def new_world(self, contacts: int) -> World:
        """A workspace with so many contacts in its bin."""
        with self.writing() as session:
            world = new_world(session)
            fill_bin(session, world, contacts)
            session.commit()
        return world

    def new_admin(self, world: World) -> User:
        """Another admin of the workspace."""
        with self.writing() as session:
            user = new_admin(session, world.workspace)
            session.commit()
            session.refresh(user)
            session.expunge(user)
        return user

    def delete_again(self, world: World) -> None:
        """Delete all that lives in the workspace."""
        with self.writing() as session:
            live = session.scalars(
                select(Contact).where(Contact.workspace_id == world.id, Contact.deleted_at.is_(None))
            ).all()
            if live:
                delete(session, world, *live)
            session.commit()

    def start_job(self, contacts: int) -> int:
        """Confirm the restore of a bin of so many contacts, and ring."""
        return self.start_all(self.new_world(contacts))

    def start_all(self, world: World) -> int:
        """Confirm the restore of all that is in the bin, and ring."""
        with self.writing() as session:
            scope = Restoring(session, world, self.lock).question_all().scope
            return start(session, self.lock, self.doorbell.ring, scope=scope, requested_by=world.admin.id).id

    def carry_out(
        self,
        job_id: int,
        *,
        after_each_batch: Callable[[], object] = lambda: None,
        batch_size: int = 2,
        lease: float = 30,
    ) -> str:
        """Carry the job out in this process; returns its last state."""

        def between_batches() -> bool:
            after_each_batch()
            return False

        with Session(self.engine) as session:
            return carry_out(
                session,
                self.lock,
                KINDS,
                job_id,
                settings=BatchSettings(lease, batch_size),
                should_stop=between_batches,
            )

    def outcomes(self, job_id: int) -> dict[int, tuple[str, str | None]]:
        """What became of each contact of the job, and why."""
        with Session(self.engine) as session:
            rows = session.scalars(select(RestoreOutcome).where(RestoreOutcome.job_id == job_id))
            return {row.contact_id: (row.outcome, row.reason) for row in rows}

    def live(self, world: World) -> set[int]:
        """The ids of the contacts that live in the workspace."""
        with Session(self.engine) as session:
            live = select(Contact.id).where(Contact.workspace_id == world.id, Contact.deleted_at.is_(None))
            return set(session.scalars(live))

    def ended_with(self, job_id: int) -> list[str]:
        """The ends of the job in the audit log."""
        with Session(self.engine) as session:
            actions = session.scalars(
                select(AuditEvent.action).where(AuditEvent.subject == f"restore_job:{job_id}")
            )
            return [
                action
                for action in actions
                if action.removeprefix("restore.") in (JobState.DONE, JobState.CANCELLED, JobState.FAILED)
            ]

    def job(self, job_id: int) -> Job:
        with Session(self.engine, expire_on_commit=False) as session:
            return session.get_one(Job, job_id)

    def logged(self, event: str, **values: object) -> list[str]:
        """The lines of all workers' logs about `event` with these values."""
        wanted = {f"{name}={value}" for name, value in values.items()}
        return [
            line
            for log in self.logs
            for line in log.read_text(errors="replace").splitlines()
            if event in line.split() and wanted <= set(line.split())
        ]

    def was_rung_again(self, job_id: int) -> bool:
        """Whether the reconciler rang for the job."""
        return bool(self.logged("rung_again", job=job_id))

    def jobs_of(self, world: World) -> list[int]:
        with Session(self.engine) as session:
            return list(session.scalars(select(Job.id).where(Job.workspace_id == world.id)))

    def wait_for_the_middle(self, job_id: int) -> None:
        wait_until(lambda: self.job(job_id).processed > 0)
        assert self.job(job_id).state == "running"

    def wait_for_the_end(self, job_id: int) -> Job:
        wait_until(lambda: not self.job(job_id).is_active)
        return self.job(job_id)

    def history(self, job_id: int) -> list[JobBatch]:
        """The job's batches, in the order in which they were committed."""
        with Session(self.engine, expire_on_commit=False) as session:
            return list(
                session.scalars(select(JobBatch).where(JobBatch.job_id == job_id).order_by(JobBatch.id))
            )

    def ids_in_the_bin(self, world: World) -> list[int]:
        with Session(self.engine) as session:
            gone = Contact.workspace_id == world.id, Contact.deleted_at.is_not(None)
            return list(session.scalars(select(Contact.id).where(*gone).order_by(Contact.id)))

    def reasons(self, job_id: int) -> dict[int, str | None]:
        """Why contacts were not restored."""
        with Session(self.engine) as session:
            left = RestoreOutcome.job_id == job_id, RestoreOutcome.outcome != "restored"
            rows = session.execute(select(RestoreOutcome.contact_id, RestoreOutcome.reason).where(*left))
            return dict(rows.all())

    def check_that_all_came_back_once(self, job_id: int, contacts: int) -> None:
        job = self.wait_for_the_end(job_id)
        assert (job.state, job.count("restored"), job.processed) == ("done", contacts, contacts)
        with Session(self.engine) as session:
            outcomes = select(func.count()).where(RestoreOutcome.job_id == job_id)
            live = select(func.count()).where(Contact.restore_job_id == job_id, Contact.deleted_at.is_(None))
            assert session.scalar(outcomes) == session.scalar(live) == contacts


@contextmanager
def new_deployment(environ: dict[str, str], **settings: str) -> Iterator[Deployment]:
    """A deployment on a new database of the same kind. The test starts its Redis, in its folder."""
    with tempfile.TemporaryDirectory(prefix="restore-deployment-") as name:
        folder = Path(name)
        defaults = {
            "REDIS_URL": redis_url(folder),
            "BATCH_SIZE": BATCH_SIZE,
            "LOG_LEVEL": "INFO",
            # A test says which process it hits.
            "RESTORE_WORKERS": "1",
        }
        own = environ | defaults | settings
        with app_on_a_new_database(own) as app:
            upgrade()
            own["DATABASE_URL"] = app.config["SQLALCHEMY_DATABASE_URI"]
            yield Deployment(own, app, db.engine, services().lock, services().doorbell, folder)
