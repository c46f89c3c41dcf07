"""The checker: reads what restores have left in a database and reports violations of the rules.

It knows the rules and not the code: its queries are plain and the same on both databases. Each violation has
a kind, which is counted, and a sentence, which says where to look. `before` compares the states before and
after a restore.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from webapp.models import AuditEvent, Contact, Deal, DealContact, Deletion, Job, JobBatch, RestoreOutcome
from webapp.models.job import ACTIVE, ENDED, JobState
from webapp.models.restore_outcome import Outcome, Reason

OVERLAP = "batches overlap or go back"
FENCE_SHRINKS = "a fence that shrinks"
FENCE_AHEAD = "a fence that was never issued"
AFTER_THE_END = "a batch after the end"
CURSOR = "a cursor beside the last batch"
SUMS = "history, outcomes and counters differ"
TWO_AT_ONCE = "two jobs at once"
TWO_IN_LINE = "two jobs in line"
BEFORE_PROMOTION = "a job that wrote before it was promoted"
ENDED_TWICE = "a job that ended twice"
RESTORED_TWICE = "a contact restored twice"
HALF_RESTORED = "a contact restored only in part"
HALF_SKIPPED = "a contact skipped only in part"
IN_BIN = "a deletion's counter"
# Skipped before the walk reached them: their state does not depend on this restore.
NOT_MET = (Reason.NO_LONGER_DELETED, Reason.DELETED_AGAIN)
# These kinds walk the bin, last deleted first, and have the ledger of restores. Of others the checker knows
# what holds for each kind: batches that continue each other, fences, sums, ends.
WALKS_THE_BIN = ("restore",)
# How many contacts a sentence names at most.
NAMED = 5

Rows = Sequence[Any]


@dataclass(frozen=True)
class Violation:
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def check_history(session: Session) -> list[Violation]:
    """The violations of all jobs in the database, running ones included, as committed so far."""
    session.expire_all()
    jobs = session.scalars(select(Job).order_by(Job.id)).all()
    return [
        *_batches(session, jobs),
        *_one_at_a_time(jobs),
        *_line(session, jobs),
        *_ended_once(session, jobs),
        *_restored_once(session),
        *_all_or_none(session),
        *_counters_of_the_bin(session),
    ]


def named(job_id: int, workspace_id: int) -> str:
    return f"job {job_id} (workspace {workspace_id})"


def some(contact_ids: Collection[int]) -> str:
    """The number of contacts and the first of them."""
    first = ", ".join(map(str, sorted(contact_ids)[:NAMED]))
    return f"{len(contact_ids)} contacts ({first}{', …' if len(contact_ids) > NAMED else ''})"


def _batches(session: Session, jobs: Rows) -> Iterator[Violation]:
    history = defaultdict(list)
    for batch in session.scalars(select(JobBatch).order_by(JobBatch.id)):
        history[batch.job_id].append(batch)
    outcomes: dict[int, Counter[str]] = defaultdict(Counter)
    counted = select(RestoreOutcome.job_id, RestoreOutcome.outcome, func.count()).group_by(
        RestoreOutcome.job_id, RestoreOutcome.outcome
    )
    for job_id, outcome, number in session.execute(counted):
        outcomes[job_id][outcome] = number
    for job in jobs:
        yield from _walk(job, history[job.id])
        yield from _sums(job, history[job.id], outcomes[job.id])


def _walk(job: Any, batches: Rows) -> Iterator[Violation]:
    """Each batch begins where the one before ended, and each claim has a higher fence. A restore's walk goes
    by (deleted_at, id) descending, never back."""
    fence, reached = 0, None
    for batch in batches:
        which = f"{named(job.id, job.workspace_id)}, batch {batch.id} under fence {batch.fence}"
        if batch.fence < fence:
            yield Violation(FENCE_SHRINKS, f"{which} comes after one under fence {fence}")
        if batch.fence > job.fence:
            yield Violation(FENCE_AHEAD, f"{which}, but the job's fence is {job.fence}")
        if job.finished_at and batch.at > job.finished_at:
            yield Violation(AFTER_THE_END, f"{which} at {batch.at}, the job ended at {job.finished_at}")
        fence = batch.fence
        begin, end = place(job, batch.cursor_before), place(job, batch.cursor_after)
        is_back = job.kind in WALKS_THE_BIN and begin and end and end > begin
        if begin != reached or is_back:
            yield Violation(OVERLAP, f"{which} goes from {begin} to {end}, the walk had come to {reached}")
        reached = end
    cursor = place(job, job.cursor)
    if cursor != reached:
        yield Violation(CURSOR, f"{named(job.id, job.workspace_id)}: {cursor}, the batches end at {reached}")


def place(job: Any, cursor: Any) -> Any:
    """The place in the walk of a restore's cursor: (deleted_at, id); of another kind the cursor itself."""
    if job.kind not in WALKS_THE_BIN:
        return cursor
    return (datetime.fromisoformat(cursor[0]), cursor[1]) if cursor else None


def _sums(job: Any, batches: Rows, outcomes: Counter[str]) -> Iterator[Violation]:
    in_history = sum(batch.items for batch in batches)
    if job.kind not in WALKS_THE_BIN:
        if in_history != job.processed:
            yield Violation(
                SUMS,
                f"{named(job.id, job.workspace_id)}, fence {job.fence}: the batches have {in_history} items, "
                f"the job counts {job.processed}",
            )
        return
    in_ledger = tuple(outcomes[outcome] for outcome in (Outcome.RESTORED, Outcome.SKIPPED, Outcome.FAILED))
    in_job = (job.count("restored"), job.count("skipped"), job.count("failed"))
    if in_history != sum(in_ledger) or in_ledger != in_job:
        yield Violation(
            SUMS,
            f"{named(job.id, job.workspace_id)}, fence {job.fence}: the batches have {in_history} contacts; "
            f"restored, skipped, failed are {in_ledger} outcomes, and the job counts {in_job}",
        )


def _one_at_a_time(jobs: Rows) -> Iterator[Violation]:
    by_workspace = defaultdict(list)
    for job in jobs:
        if group := job.exclusive_group or job.waits_for_group:
            by_workspace[job.workspace_id, group].append(job)
    for (workspace_id, _), theirs in by_workspace.items():
        active = [job.id for job in theirs if job.is_active]
        if len(active) > 1:
            yield Violation(TWO_AT_ONCE, f"workspace {workspace_id}: the jobs {active} are active")
        begun = [job for job in theirs if job.waits_for_group is None]
        for job, following in pairwise(sorted(begun, key=beginning)):
            # A queued job is cancelled without the workspace's lock, so its end and another start may have
            # the same time.
            ended = job.finished_at or datetime.max.replace(tzinfo=UTC)
            if ended > beginning(following) and job.state != JobState.CANCELLED:
                yield Violation(
                    TWO_AT_ONCE,
                    f"{named(job.id, workspace_id)} ended at {ended}, after job {following.id} "
                    f"was started at {beginning(following)}",
                )


def beginning(job: Any) -> datetime:
    """When the job became active: when it was started, or promoted from the line."""
    began: datetime = job.promoted_at or job.created_at
    return began


def _line(session: Session, jobs: Rows) -> Iterator[Violation]:
    """One place in line for each workspace; a job in line has written nothing."""
    places = Counter(job.workspace_id for job in jobs if job.state in ACTIVE and job.waits_for_group)
    for workspace_id, number in places.items():
        if number > 1:
            yield Violation(TWO_IN_LINE, f"workspace {workspace_id}: {number} jobs")
    first_batch = dict(
        session.execute(select(JobBatch.job_id, func.min(JobBatch.at)).group_by(JobBatch.job_id)).all()
    )
    for job in jobs:
        wrote = first_batch.get(job.id)
        never = job.waits_for_group is not None and (wrote or job.fence or job.processed)
        if never or (wrote and job.promoted_at and wrote < job.promoted_at):
            yield Violation(
                BEFORE_PROMOTION,
                f"{named(job.id, job.workspace_id)}, fence {job.fence}: wrote at {wrote}, it was promoted at "
                f"{job.promoted_at}",
            )


def _ended_once(session: Session, jobs: Rows) -> Iterator[Violation]:
    """Terminal states are final: the audit log has one end."""
    ends = select(AuditEvent.subject, AuditEvent.workspace_id, func.count()).where(
        or_(*(AuditEvent.action.endswith(f".{state}") for state in ENDED))
    )
    told = {
        subject: times
        for subject, _, times in session.execute(
            ends.group_by(AuditEvent.subject, AuditEvent.workspace_id).having(func.count() > 1)
        )
    }
    for job in jobs:
        if times := told.get(f"restore_job:{job.id}"):
            yield Violation(
                ENDED_TWICE, f"{named(job.id, job.workspace_id)}, fence {job.fence}: {times} times"
            )


def _restored_once(session: Session) -> Iterator[Violation]:
    """Between two restores a contact was deleted, in a deletion that only the later restore covers."""
    earlier, later = aliased(RestoreOutcome), aliased(RestoreOutcome)
    first, second = aliased(Job), aliased(Job)
    first_through = first.request["through_number"].as_integer()
    second_through = second.request["through_number"].as_integer()
    # The latest deletion is known by its id. Of the earlier ones it is known only that there was one.
    latest = case((Deletion.number < second_through, Deletion.number), else_=second_through)
    twice = (
        select(earlier.job_id, later.job_id, later.contact_id, second.workspace_id)
        .join(first, first.id == earlier.job_id)
        .join(second, (second.workspace_id == first.workspace_id) & (second.id > first.id))
        .join(later, (later.job_id == second.id) & (later.contact_id == earlier.contact_id))
        .join(Contact, Contact.id == later.contact_id)
        .join(Deletion, Deletion.id == Contact.deletion_id)
        .where(
            earlier.outcome == Outcome.RESTORED,
            later.outcome == Outcome.RESTORED,
            latest <= first_through,
        )
    )
    found = defaultdict(set)
    for first_id, second_id, contact_id, workspace_id in session.execute(twice):
        found[first_id, second_id, workspace_id].add(contact_id)
    for (first_id, second_id, workspace_id), contacts in found.items():
        yield Violation(
            RESTORED_TWICE,
            f"{some(contacts)} by job {first_id} and {named(second_id, workspace_id)}, not deleted between",
        )


def _all_or_none(session: Session) -> Iterator[Violation]:
    """Contact and deals agree with each contact's latest outcome, unless it was deleted again since."""
    newest = (
        select(RestoreOutcome.contact_id, func.max(RestoreOutcome.job_id).label("job_id"))
        .group_by(RestoreOutcome.contact_id)
        .subquery()
    )
    outcomes = (
        select(Contact.id, Job.id, Job.workspace_id, Job.fence)
        .join(newest, newest.c.contact_id == Contact.id)
        .join(
            RestoreOutcome,
            and_(RestoreOutcome.job_id == newest.c.job_id, RestoreOutcome.contact_id == Contact.id),
        )
        .join(Job, Job.id == RestoreOutcome.job_id)
        .join(Deletion, Deletion.id == Contact.deletion_id)
        .where(Deletion.number <= Job.request["through_number"].as_integer())
    )
    place = (
        select(DealContact.id)
        .join(Deal, Deal.id == DealContact.deal_id)
        .where(DealContact.contact_id == Contact.id, Deal.deleted_at.is_(None))
        .correlate(Contact)
    )
    off_a_deal = place.where(DealContact.detached_by_deletion_id == Contact.deletion_id).exists()
    on_a_deal = place.where(DealContact.detached_at.is_(None)).exists()
    in_bin = Contact.deleted_at.is_not(None)
    restored = outcomes.where(RestoreOutcome.outcome == Outcome.RESTORED)
    stayed = outcomes.where(
        RestoreOutcome.outcome != Outcome.RESTORED,
        or_(RestoreOutcome.reason.is_(None), RestoreOutcome.reason.not_in(NOT_MET)),
    )
    without = (
        select(Contact.id, Job.id, Job.workspace_id, Job.fence)
        .join(Job, Job.id == Contact.restore_job_id)
        .where(
            ~exists().where(
                RestoreOutcome.job_id == Job.id,
                RestoreOutcome.contact_id == Contact.id,
                RestoreOutcome.outcome == Outcome.RESTORED,
            )
        )
    )
    questions = [
        (HALF_RESTORED, "are in the bin", restored.where(in_bin)),
        (HALF_RESTORED, "name another job", restored.where(Contact.restore_job_id.is_distinct_from(Job.id))),
        (HALF_RESTORED, "are still off a deal that lives", restored.where(off_a_deal)),
        (HALF_RESTORED, "have no outcome that says so", without),
        (HALF_SKIPPED, "are not in the bin", stayed.where(~in_bin)),
        (HALF_SKIPPED, "are on a deal", stayed.where(in_bin, on_a_deal)),
    ]
    for kind, what, question in questions:
        found = defaultdict(set)
        for contact_id, *job in session.execute(question):
            found[tuple(job)].add(contact_id)
        for (job_id, workspace_id, fence), contacts in found.items():
            yield Violation(kind, f"{named(job_id, workspace_id)}, fence {fence}: {some(contacts)} {what}")


def _counters_of_the_bin(session: Session) -> Iterator[Violation]:
    real = func.count(Contact.id)
    wrong = (
        select(Deletion.id, Deletion.workspace_id, Deletion.in_bin, real)
        .outerjoin(Contact, (Contact.deletion_id == Deletion.id) & Contact.deleted_at.is_not(None))
        .group_by(Deletion.id, Deletion.workspace_id, Deletion.in_bin)
        .having(real != Deletion.in_bin)
    )
    for deletion_id, workspace_id, kept, counted in session.execute(wrong):
        yield Violation(
            IN_BIN,
            f"deletion {deletion_id} (workspace {workspace_id}): {counted} of it are in the bin, not {kept}",
        )
