"""An export from its question to its file, in the test's session and at times that the test chooses."""

import csv
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from webapp.clock import read_clock
from webapp.contacts.wanted import Wanted
from webapp.exporting.deleted import DeletedContacts
from webapp.exporting.live import LiveContacts
from webapp.exporting.source import Source
from webapp.jobs.files import file_of, read_parts
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.jobs.start import start
from webapp.jobs.work import Order
from webapp.models import Job, StoredFile
from webapp.restoring.filters import Filters
from webapp.worker.kinds import EXPORT, KINDS
from webapp.worker.redis_lock import RedisLock


@dataclass
class Exporting:
    """What a user and the worker do, without pages and queue."""

    session: Session
    world: World
    lock: RedisLock

    def live(self, **filters: str | int | None) -> LiveContacts:
        """The live contacts, as the overview shows them now."""
        wanted = Wanted(self.world.id, **filters)  # type: ignore[arg-type]
        return LiveContacts.freeze(self.session, wanted, {})

    def deleted(self, **filters: str) -> DeletedContacts:
        """The deleted contacts, as they are shown now."""
        now = read_clock(self.session)
        return DeletedContacts.freeze(self.session, self.world.id, Filters(**filters), now)  # type: ignore[arg-type]

    def order(self, source: Source, *, by: int | None = None) -> Order:
        return Order(self.world.id, by or self.world.admin.id, str(uuid.uuid4()), source.to_request())

    def start(self, source: Source, *, by: int | None = None) -> Job:
        self.session.commit()
        order = self.order(source, by=by)
        return start(self.session, self.lock, lambda _kind, _id: None, EXPORT, order)

    def run(
        self, job: Job, *, batch_size: int = 1000, should_stop: Callable[[], bool] = lambda: False
    ) -> str:
        self.session.commit()
        return carry_out(
            self.session,
            self.lock,
            KINDS,
            job.id,
            settings=BatchSettings(30, batch_size),
            should_stop=should_stop,
        )

    def rows(self, source: Source, *, batch_size: int = 1000) -> list[dict[str, str]]:
        """Export `source`; the rows of the file, by column."""
        job = self.start(source)
        assert self.run(job, batch_size=batch_size) == "done"
        return read_rows(self.session, job)


def content_of(session: Session, job: Job) -> bytes | None:
    """The file of the job; None without one."""
    session.rollback()
    job = session.get_one(Job, job.id, populate_existing=True)
    file = file_of(session, job, read_clock(session))
    if file is None:
        return None
    data = b"".join(read_parts(session, file.id))
    assert len(data) == file.size
    return data


def read_rows(session: Session, job: Job) -> list[dict[str, str]]:
    data = content_of(session, job)
    assert data is not None
    return list(csv.DictReader(StringIO(data.decode("utf-8-sig"), newline="")))


def has_any_file(session: Session, job: Job) -> bool:
    """Whether there is a file of the job, complete or not."""
    session.rollback()
    return session.scalar(select(StoredFile.id).where(StoredFile.job_id == job.id)) is not None
