"""How far a restore is, and what became of each contact: the answers that the pages show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from webapp.models import Contact, RestoreJob, RestoreOutcome
from webapp.models.restore_job import CANCELLED, DONE, FAILED, QUEUED, RESTORED, RUNNING
from webapp.restoring.plan import CRASHED, EMAIL_TAKEN, NO_LONGER_ELIGIBLE, TWIN
from webapp.restoring.words import REASONS, counted, remaining

STATES = {
    QUEUED: "Queued",
    RUNNING: "Running",
    DONE: "Done",
    CANCELLED: "Cancelled",
    FAILED: "Failed",
}

# Why a contact stayed, before and after the name of the one who stands in its place.
WITH_ANOTHER = {
    EMAIL_TAKEN: ("Stayed in the bin: ", " uses its e-mail address."),
    TWIN: ("Stayed in the bin: ", " has the same e-mail address and was deleted later."),
}

ALONE = {
    NO_LONGER_ELIGIBLE: "Was no longer in the bin.",
    CRASHED: "Stayed in the bin: each attempt to restore it ended the process that tried.",
}

# Before this much has passed and been done an estimate would only be a guess.
ESTIMATE_AFTER_SECONDS = 5.0
ESTIMATE_AFTER_SHARE = 0.05


@dataclass(frozen=True)
class JobView:
    """A restore job as the pages show it; every figure and sentence is ready."""

    id: int
    state: str
    state_label: str
    is_active: bool
    requested_by: str
    scope_words: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    processed: int
    total: int | None
    percent: int | None
    sentence: str
    restored: int
    skipped: int
    failed: int
    why: str | None
    can_cancel: bool
    can_be_continued: bool
    cancel_requested: bool
    poll_seconds: float
    announce: str | None
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class OutcomeView:
    """A contact that did not come back: who, and why.

    The sentence runs around the one who stands in its place: `before`, `other_name` (or nobody), `after`.
    """

    contact_id: int
    name: str
    email: str
    contact_href_id: int | None
    before: str
    other_name: str
    after: str
    other_id: int | None


def view_job(job: RestoreJob, *, now: datetime) -> JobView:
    """`job` as of `now`. By filters nothing is counted again: the total is what the dialog promised."""
    total = max(job.expected, job.processed)
    percent = min(99 if job.is_active else 100, job.processed * 100 // total) if total else None
    return JobView(
        id=job.id,
        state=job.state,
        state_label=STATES[job.state],
        is_active=job.is_active,
        requested_by=job.requester.name,
        scope_words=job.scope_words,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        processed=job.processed,
        total=total,
        percent=percent,
        sentence=_sentence(job, total, now),
        restored=job.restored,
        skipped=job.skipped,
        failed=job.failed,
        why=job.why if not job.is_active else None,
        can_be_continued=job.can_be_continued,
        can_cancel=job.is_active and job.cancel_requested_at is None,
        cancel_requested=job.is_active and job.cancel_requested_at is not None,
        poll_seconds=_poll_seconds(job, now),
        announce=_announcement(job, total),
    )


def _sentence(job: RestoreJob, total: int, now: datetime) -> str:
    if job.state == QUEUED:
        return f"Waiting to begin: {counted(total, 'contact')}."
    if job.state == RUNNING and job.cancel_requested_at is not None:
        return f"Stopping after the contacts in hand. {counted(job.processed, 'contact')} of {total:,} done."
    if job.state == RUNNING and job.last_error and job.lease_until <= now:
        return f"Interrupted at {job.processed:,} of {total:,}; it goes on by itself. {job.last_error}"
    if job.state == RUNNING:
        parts = [f"Restoring {job.processed:,} of {total:,}"]
        elapsed = (now - (job.started_at or now)).total_seconds()
        share = job.processed / total if total else 0
        if elapsed >= ESTIMATE_AFTER_SECONDS and share >= ESTIMATE_AFTER_SHARE:
            parts.append(remaining(elapsed * (1 - share) / share))
        return " · ".join(parts)
    ending = f"{counted(job.restored, 'contact')} restored"
    if job.skipped:
        ending += f", {job.skipped:,} skipped"
    if job.failed:
        ending += f", {job.failed:,} failed"
    return ending + "."


def _announcement(job: RestoreJob, total: int) -> str:
    """For a screen reader: changes at the start, at each quarter and at the end, and only then."""
    if job.state == QUEUED:
        return "Restore queued."
    if job.state == RUNNING:
        quarter = job.processed * 4 // total if total else 0
        return f"Restoring: {quarter * 25} percent done." if quarter else "Restore started."
    return f"Restore {STATES[job.state].lower()}. {_sentence(job, total, job.created_at)}"


def _poll_seconds(job: RestoreJob, now: datetime) -> float:
    """How long the page waits before it asks again: often at first, seldom when it takes long."""
    waiting = (now - job.created_at).total_seconds()
    return 0.5 if waiting < 10 else 2 if waiting < 120 else 5


def find_job(session: Session, workspace_id: int, job_id: int) -> RestoreJob | None:
    """The job, if it is this workspace's."""
    return session.scalar(
        select(RestoreJob)
        .options(joinedload(RestoreJob.requester))
        .where(RestoreJob.workspace_id == workspace_id, RestoreJob.id == job_id)
    )


def history(session: Session, workspace_id: int, *, size: int, older: int | None = None) -> list[RestoreJob]:
    """The workspace's jobs, newest first; `older` is the id of the last one on the page before."""
    query = (
        select(RestoreJob)
        .options(joinedload(RestoreJob.requester))
        .where(RestoreJob.workspace_id == workspace_id)
        .order_by(RestoreJob.id.desc())
        .limit(size)
    )
    if older is not None:
        query = query.where(RestoreJob.id < older)
    return list(session.scalars(query))


def reasons(session: Session, job_id: int) -> list[tuple[str, int]]:
    """Why contacts did not come back, and how many for each reason; most frequent first."""
    counts = session.execute(
        select(RestoreOutcome.reason, func.count())
        .where(RestoreOutcome.job_id == job_id, RestoreOutcome.outcome != RESTORED)
        .group_by(RestoreOutcome.reason)
        .order_by(func.count().desc(), RestoreOutcome.reason)
    )
    return [(REASONS.get(reason or "", reason or ""), number) for reason, number in counts]


def not_restored(
    session: Session, job: RestoreJob, *, size: int, after: int | None = None
) -> list[OutcomeView]:
    """The contacts that did not come back, by id, with names looked up now: a purged one has none."""
    query = (
        select(RestoreOutcome)
        .where(RestoreOutcome.job_id == job.id, RestoreOutcome.outcome != RESTORED)
        .order_by(RestoreOutcome.contact_id)
        .limit(size)
    )
    if after is not None:
        query = query.where(RestoreOutcome.contact_id > after)
    outcomes = list(session.scalars(query))
    people = _people(session, job.workspace_id, outcomes)
    return [_view_outcome(outcome, people) for outcome in outcomes]


def _people(session: Session, workspace_id: int, outcomes: Sequence[RestoreOutcome]) -> dict[int, Contact]:
    wanted = {o.contact_id for o in outcomes} | {o.other_contact_id for o in outcomes if o.other_contact_id}
    found = session.scalars(
        select(Contact).where(Contact.workspace_id == workspace_id, Contact.id.in_(wanted))
    )
    return {contact.id: contact for contact in found}


def _view_outcome(outcome: RestoreOutcome, people: dict[int, Contact]) -> OutcomeView:
    contact = people.get(outcome.contact_id)
    other = people.get(outcome.other_contact_id or 0)
    before, after = WITH_ANOTHER.get(outcome.reason or "", ("", ""))
    sentence = ALONE.get(
        outcome.reason or "", f"Stayed in the bin: the database refused it ({outcome.detail})."
    )
    return OutcomeView(
        contact_id=outcome.contact_id,
        name=_name(contact) if contact else "Purged contact",
        email=(contact.email or "") if contact else "",
        contact_href_id=contact.id if contact and contact.is_live else None,
        before=before or sentence,
        other_name="" if not before else _name(other) if other else "another contact",
        after=after,
        other_id=other.id if other and other.is_live else None,
    )


def _name(contact: Contact) -> str:
    return contact.name or contact.email or "No name"
