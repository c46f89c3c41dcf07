"""The protocol is tested with a toy kind of job and committed rows, which other connections see."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.counting import CountWork, order
from tests.support.restoring import expire_lease
from webapp.jobs.line import line_up
from webapp.jobs.recover import stalled_jobs
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.jobs.start import start
from webapp.jobs.work import Order
from webapp.models import AuditEvent, Job, JobBatch, Tag
from webapp.worker.connection import connect
from webapp.worker.redis_lock import RedisLock

NOWHERE = RedisLock(connect("redis://127.0.0.1:1"), lock_seconds=60, starting_seconds=10)


@dataclass
class Counting:
    """A workspace in which jobs count, and write a tag for each number."""

    session: Session
    world: World
    lock: RedisLock
    work: CountWork = field(default_factory=CountWork)
    rung: list[tuple[str, int]] = field(default_factory=list)

    def order(self, to: int = 5, *, by: int | None = None) -> Order:
        return order(self.world.id, to, by=self.world.admin.id if by is None else by)

    def start(self, to: int | Order = 5) -> Job:
        self.session.commit()
        what = to if isinstance(to, Order) else self.order(to)
        return start(self.session, self.lock, lambda *rung: self.rung.append(rung), self.work, what)

    def line_up(self, what: Order | None = None, lock: RedisLock | None = None) -> Job:
        """Put an order in line; by default one that counts to three."""
        self.session.commit()
        return line_up(
            self.session,
            lock or self.lock,
            lambda *rung: self.rung.append(rung),
            self.work,
            what or self.order(3),
        )

    def run(
        self, job: Job, size: int = 2, *, should_stop: Callable[[], object] = lambda: False, turn: float = 60
    ) -> str:
        self.session.commit()
        return carry_out(
            self.session,
            self.lock,
            {self.work.kind: self.work},
            job.id,
            settings=BatchSettings(30, size, turn=turn, patience=0),
            should_stop=lambda: bool(should_stop()),
        )

    def run_again(self, session: Session, job_id: int, size: int = 100) -> str:
        """Another runner carries the job out, after its lease has expired."""
        expire_lease(session, job_id)
        return carry_out(
            session, self.lock, {self.work.kind: self.work}, job_id, settings=BatchSettings(30, size)
        )

    def set_waiting_since(self, job: Job, seconds: float) -> None:
        job.rung_at -= timedelta(seconds=seconds)
        self.session.commit()

    def written(self, session: Session | None = None) -> list[int]:
        """The numbers that were counted, as another connection sees them."""
        session = session or self.session
        session.rollback()
        names = session.scalars(select(Tag.name).where(Tag.workspace_id == self.world.id))
        return sorted(int(name) for name in names)

    def history(self, job: Job) -> list[tuple[int, object, object, int]]:
        """Fence, cursor before, cursor after and items of each batch."""
        batches = self.session.scalars(
            select(JobBatch).where(JobBatch.job_id == job.id).order_by(JobBatch.id)
        )
        return [(b.fence, b.cursor_before, b.cursor_after, b.items) for b in batches]

    def actions(self) -> list[str]:
        """What the audit log says of the workspace's jobs."""
        events = select(AuditEvent.action).where(AuditEvent.workspace_id == self.world.id)
        return [
            action
            for action in self.session.scalars(events.order_by(AuditEvent.id))
            if action.startswith("count.")
        ]


@pytest.fixture
def counting(store: Session, world: World, lock: RedisLock) -> Counting:
    return Counting(store, world, lock)


@pytest.fixture
def job(counting: Counting) -> Job:
    """A queued job that counts to five."""
    return counting.start()


@pytest.fixture
def waiting(counting: Counting, job: Job) -> Job:
    """A job in line behind `job`."""
    return counting.line_up()


def to_ring_for(session: Session, world: World) -> list[int]:
    session.rollback()
    return [stalled.job_id for stalled in stalled_jobs(session, ring_seconds=30, workspace_id=world.id)]
