"""A restore from its dialog to its end, in the test's session and at times that the test chooses."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.people import World
from webapp.clock import read_clock
from webapp.contacts.profile import Profile, profile
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.models import Contact, Job, RestoreOutcome
from webapp.restoring import undo_work
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters, read_filters
from webapp.restoring.question import Question, about_all, about_selection
from webapp.restoring.recycle_bin import read_page
from webapp.restoring.scope import Scope
from webapp.restoring.start import start
from webapp.worker.kinds import KINDS
from webapp.worker.redis_lock import RedisLock


@dataclass
class Restoring:
    """What an admin and the worker do, without pages and queue."""

    session: Session
    world: World
    lock: RedisLock
    rung: list[int] = field(default_factory=list)

    def now(self) -> datetime:
        return read_clock(self.session)

    def question(self, *contacts: Contact, at: datetime | None = None) -> Question:
        ids = [contact.id for contact in contacts]
        return about_selection(self.session, self.world.id, ids, at or self.now())

    def question_all(self, *, at: datetime | None = None, **typed: str) -> Question:
        """The question for what `typed` matches; `since` stands for the field "from"."""
        now, zone = at or self.now(), self.world.workspace.zone
        if "since" in typed:
            typed["from"] = typed.pop("since")
        meaning = read_filters(typed, zone=zone, now=now).meaning
        assert meaning is not None
        return about_all(self.session, self.world.id, meaning, now)

    def start(self, scope: Scope, *, by: int | None = None) -> Job:
        self.session.commit()
        return start(
            self.session,
            self.lock,
            lambda _, job_id: self.rung.append(job_id),
            scope=scope,
            requested_by=self.world.admin.id if by is None else by,
        )

    def run(self, job: Job, *, batch_size: int = 1000) -> str:
        self.session.commit()
        return carry_out(self.session, self.lock, KINDS, job.id, settings=BatchSettings(30, batch_size))

    def run_one_batch(self, job: Job, size: int) -> None:
        """Commit one batch and release the job."""
        self.session.commit()
        carry_out(
            self.session,
            self.lock,
            KINDS,
            job.id,
            settings=BatchSettings(30, size),
            should_stop=lambda: True,
        )

    def confirm(self, scope: Scope, *, batch_size: int = 1000) -> Job:
        """Start `scope` and carry it out; returns the job as it ended."""
        job = self.start(scope)
        self.run(job, batch_size=batch_size)
        return job

    def undo(self, job: Job, *, batch_size: int = 1000, by: int | None = None) -> Job:
        """Undo the restore `job`; returns the job that did it, as it ended."""
        undoing = self.start_undo(job, by=by)
        self.run(undoing, batch_size=batch_size)
        return undoing

    def start_undo(self, job: Job, *, by: int | None = None) -> Job:
        self.session.commit()
        return undo_work.start(
            self.session,
            self.lock,
            lambda _, job_id: self.rung.append(job_id),
            restore=job,
            key=str(uuid.uuid4()),
            requested_by=by or self.world.admin.id,
        )

    def restore(self, *contacts: Contact) -> Job:
        return self.confirm(self.question(*contacts).scope)

    def restore_all(self, *, at: datetime | None = None, **typed: str) -> Job:
        return self.confirm(self.question_all(at=at, **typed).scope)

    def outcomes(self, job: Job) -> dict[int, tuple[str, str | None, int | None]]:
        """The outcome of each contact of `job`: outcome, reason and the other contact."""
        rows = self.session.scalars(select(RestoreOutcome).where(RestoreOutcome.job_id == job.id))
        return {row.contact_id: (row.outcome, row.reason, row.other_contact_id) for row in rows}

    def profile(self, contact: Contact) -> Profile:
        found = profile(self.session, self.world.id, contact.id)
        assert found is not None, "the contact does not live"
        return found

    def is_live(self, contact: Contact) -> bool:
        self.session.refresh(contact)
        return contact.is_live

    def in_bin(self, *, at: datetime | None = None, filters: Filters | None = None) -> set[int]:
        """The ids of the contacts that the bin's page shows."""
        page = read_page(
            self.session, BinWindow(self.world.id, at or self.now()), filters or Filters(), size=1000
        )
        return {row[0].id for row in page.rows}


def expire_lease(session: Session, job_id: int) -> None:
    """Let the lease of the job expire, as if its runner had been silent for long."""
    session.execute(
        update(Job).where(Job.id == job_id).values(lease_until=read_clock(session) - timedelta(seconds=1))
    )
    session.commit()
