"""A job at one moment, as pages show it: the model and the words about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from webapp.extensions import db
from webapp.jobs.heartbeat import silent_queues
from webapp.models import Job, User
from webapp.models.job import JobState
from webapp.restoring.named import Deleted, deletions_named
from webapp.web.dates import account_dates
from webapp.words.jobs import ENDINGS, IN_LINE, STATES, sentence_of
from webapp.words.kind_words import KindWords
from webapp.words.kinds import title, words_of
from webapp.words.numbers import counted, duration, number, plural, remaining
from webapp.worker.kinds import KINDS
from webapp.worker.services import services

# The page estimates the time left only after this time and this share of the job.
ESTIMATE_AFTER_SECONDS = 5.0
ESTIMATE_AFTER_SHARE = 0.05
# Seconds between two polls of a page, by the age of the job in seconds.
POLL_SECONDS = ((10, 0.5), (120, 2.0))
SLOWEST_POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Progress:
    """`job` at the moment `now`. `people` are the names of users by id, `deletions` the deletions that its
    request names, by number; None if they are looked up when its scope is shown. `silence` is the number of
    seconds since a worker was last seen, if that is too long: 0 for never.
    """

    job: Job
    now: datetime
    people: dict[int, str] = field(default_factory=dict)
    deletions: Mapping[int, Deleted] | None = None
    silence: float | None = None

    @property
    def words(self) -> KindWords:
        return words_of(self.job.kind)

    @property
    def title(self) -> str:
        """ "Restore #12"."""
        return title(self.job)

    @property
    def requested_by(self) -> str:
        return self.job.requester.name if self.job.requester else "The system"

    @property
    def scope(self) -> str:
        deletions = _deletions([self.job]) if self.deletions is None else self.deletions
        return self.words.scope(self.job, account_dates(), self.people, deletions)

    @property
    def state_label(self) -> str:
        return IN_LINE if self.job.is_waiting else STATES[JobState(self.job.state)]

    @property
    def window_title(self) -> str:
        """For the page's title, which is all that is seen of a tab in the background."""
        is_running = self.job.state == JobState.RUNNING and self.percent is not None
        return f"{f'{self.percent} %' if is_running else self.state_label} · {self.title}"

    @property
    def ending(self) -> str:
        """How the job has ended, in a sentence or two: for a notice on another page."""
        return f"{self.title} {ENDINGS[JobState(self.job.state)]}. {self.sentence}"

    @property
    def total(self) -> int | None:
        """How many items there are, if that is known."""
        return None if self.job.total is None else max(self.job.total, self.job.processed)

    @property
    def percent(self) -> int | None:
        """None if the total is unknown. 100 only at the end."""
        if not self.total:
            return None
        return min(100 if self.job.has_ended else 99, self.job.processed * 100 // self.total)

    @property
    def reason(self) -> str | None:
        """Why the job failed or was cancelled."""
        return sentence_of(self.job.reason, self.people) if self.job.has_ended else None

    @property
    def sentence(self) -> str:
        """How far the job has come, or its result."""
        job = self.job
        if job.is_waiting:
            return f"Waiting in line{'' if self.total is None else f': {self._items(self.total)}'}."
        if job.state == JobState.QUEUED:
            waiting = (
                "Waiting to begin" if self.total is None else f"Waiting to begin: {self._items(self.total)}"
            )
            return f"{waiting}.{self._no_worker('begins')}"
        if job.state != JobState.RUNNING:
            return self.words.result(job)
        if job.cancel_requested_at is not None:
            done = f"{self._items(job.processed)}{self._of_total()} done."
            return (
                f"Stopping after the {plural(self.words.noun)} in progress. {done}{self._no_worker('stops')}"
            )
        if job.lease_until <= self.now and (job.error or self.silence is not None):
            why = f" {sentence_of(job.error, self.people)}" if job.error else ""
            reached = f"Interrupted at {number(job.processed)}{self._of_total()}; it resumes automatically."
            return f"{reached}{why}{self._no_worker('resumes')}"
        return f"{self.words.doing} {number(job.processed)}{self._of_total()}{self._estimate()}"

    def _items(self, amount: int) -> str:
        return counted(amount, self.words.noun)

    def _of_total(self) -> str:
        return "" if self.total is None else f" of {number(self.total)}"

    def _no_worker(self, verb: str) -> str:
        if self.silence is None:
            return ""
        seen = (
            f"No worker has run for {duration(self.silence)}." if self.silence else "No worker has run yet."
        )
        return f" {seen} The job {verb} when a worker runs."

    def _estimate(self) -> str:
        """How fast the job is, and how long it still takes, once its pace says something."""
        elapsed = (self.now - (self.job.started_at or self.now)).total_seconds()
        share = self.job.processed / self.total if self.total else 0
        if elapsed < ESTIMATE_AFTER_SECONDS or share < ESTIMATE_AFTER_SHARE:
            return ""
        pace = f" · {number(round(rate))} a second" if (rate := self.job.processed / elapsed) >= 1 else ""
        return f"{pace} · {remaining(elapsed * (1 - share) / share)}"

    @property
    def announcement(self) -> str:
        """For screen readers. It changes only at the start, at each quarter and at the end."""
        if self.job.is_waiting:
            return f"{self.words.name} in line."
        if self.job.state == JobState.QUEUED:
            return f"{self.words.name} queued."
        if self.job.state == JobState.RUNNING:
            quarter = self.job.processed * 4 // self.total if self.total else 0
            return (
                f"{self.words.doing}: {quarter * 25} percent done."
                if quarter
                else f"{self.words.name} started."
            )
        return f"{self.words.name} {self.state_label.lower()}. {self.sentence}"

    @property
    def poll_seconds(self) -> float:
        """How long the page waits before its next poll."""
        age = (self.now - (self.job.promoted_at or self.job.created_at)).total_seconds()
        return next((seconds for limit, seconds in POLL_SECONDS if age < limit), SLOWEST_POLL_SECONDS)


def progress_of(job: Job, now: datetime) -> Progress:
    """The job's progress at `now`, with the users' names and the heartbeat that its sentences need."""
    return Progress(job, now, people=_people([job]), silence=_silence(job, now))


def progress_of_all(jobs: list[Job], now: datetime) -> list[Progress]:
    """The same for many jobs of one workspace: two queries for the names, and none for the heartbeat."""
    people, deletions = _people(jobs), _deletions(jobs)
    return [Progress(job, now, people=people, deletions=deletions) for job in jobs]


def _deletions(jobs: Sequence[Job]) -> Mapping[int, Deleted]:
    numbers = {number for job in jobs for number in words_of(job.kind).deletions(job)}
    return deletions_named(db.session(), jobs[0].workspace_id, numbers) if numbers else {}


def _people(jobs: Iterable[Job]) -> dict[int, str]:
    ids = {user_id for job in jobs for user_id in words_of(job.kind).users(job)}
    ids |= {note["user"] for job in jobs for note in (job.reason, job.error) if note and note.get("user")}
    if not ids:
        return {}
    names = db.session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return dict(names.all())


def _silence(job: Job, now: datetime) -> float | None:
    """Seconds since a worker of the job's queue was last seen, 0 for never. None while a worker runs, and
    while a runner has the job.
    """
    if not job.is_active or job.lease_until > now:
        return None
    if job.kind not in KINDS:
        return None
    queue, after = KINDS[job.kind].queue, services().silence_seconds
    if (now - job.created_at).total_seconds() < after:
        return None
    silent = silent_queues(db.session(), [queue], now, silence=after)
    if queue not in silent:
        return None
    seen = silent[queue]
    return (now - seen).total_seconds() if seen else 0.0
