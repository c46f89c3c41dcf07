"""How the jobs of all workspaces are doing, in numbers, for monitoring. They are read from the tables of the
protocol, so that every process can be asked and none has to be alive."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.database import compare_whole_tables
from webapp.models import Job, JobBatch, UtcDateTime, WorkerHeartbeat
from webapp.models.job import ACTIVE, JobState

# How far back batches are looked at, and in how many of the latest jobs.
RECENT = timedelta(minutes=5)
RECENT_JOBS = 200
# The state of a job in line: for the database it is queued.
IN_LINE = "in_line"


@dataclass(frozen=True)
class Pace:
    """What a kind's batches did lately. Times in seconds."""

    items: int
    batches: int
    mean: float
    longest: float


def jobs_by_state(session: Session) -> Mapping[tuple[str, str], int]:
    """How many jobs there are of each kind in each state, IN_LINE among them."""
    compare_whole_tables(session)
    is_in_line = (Job.state == JobState.QUEUED) & Job.waits_for_group.is_not(None)
    query = select(Job.kind, Job.state, is_in_line, func.count()).group_by(Job.kind, Job.state, is_in_line)
    return {
        (kind, IN_LINE if waits else str(state)): count
        for kind, state, waits, count in session.execute(query)
    }


def lease_ages(session: Session, now: datetime, *, lease: float) -> Mapping[str, float]:
    """Of each kind with a running job, how long ago the runner heard of longest ago renewed its lease."""
    renewed = func.min(Job.lease_until)
    query = select(Job.kind, renewed).where(Job.state == JobState.RUNNING, Job.state.in_(ACTIVE))
    return {
        kind: max(0.0, (now - until).total_seconds() + lease)
        for kind, until in session.execute(query.group_by(Job.kind))
    }


def waiting_times(session: Session, now: datetime) -> Mapping[str, float]:
    """Of each kind with queued jobs, those in line aside, how long the oldest has waited."""
    since = func.min(func.coalesce(Job.promoted_at, Job.created_at))
    query = select(Job.kind, since).where(
        Job.state == JobState.QUEUED, Job.state.in_(ACTIVE), Job.waits_for_group.is_(None)
    )
    return {
        kind: max(0.0, (now - oldest).total_seconds())
        for kind, oldest in session.execute(query.group_by(Job.kind))
    }


def paces(session: Session, now: datetime) -> Mapping[str, Pace]:
    """What the batches of each kind did within RECENT. A batch took as long as it came after the one before,
    in the same claim; the first one of a claim is not measured."""
    latest = select(Job.id).order_by(Job.id.desc()).limit(RECENT_JOBS).subquery()
    claim = JobBatch.job_id, JobBatch.fence
    before = func.lag(JobBatch.at, type_=UtcDateTime()).over(partition_by=claim, order_by=JobBatch.id)
    recent = (
        select(JobBatch.job_id, JobBatch.items, JobBatch.at, before.label("before"))
        .where(JobBatch.job_id.in_(select(latest.c.id)), JobBatch.at > now - RECENT)
        .subquery()
    )
    query = select(Job.kind, recent.c["items"], recent.c.at, recent.c.before).join(
        recent, recent.c.job_id == Job.id
    )
    found: dict[str, list[tuple[int, float | None]]] = {}
    for kind, items, at, earlier in session.execute(query):
        found.setdefault(kind, []).append((items, (at - earlier).total_seconds() if earlier else None))
    return {kind: _pace(batches) for kind, batches in found.items()}


def _pace(batches: list[tuple[int, float | None]]) -> Pace:
    times = [seconds for _, seconds in batches if seconds is not None]
    return Pace(
        items=sum(items for items, _ in batches),
        batches=len(batches),
        mean=sum(times) / len(times) if times else 0.0,
        longest=max(times, default=0.0),
    )


def heartbeats(session: Session, now: datetime) -> Mapping[str, float]:
    """Of each queue, how many seconds ago its workers were seen last."""
    seen = session.execute(select(WorkerHeartbeat.queue, WorkerHeartbeat.seen_at))
    return {queue: max(0.0, (now - at).total_seconds()) for queue, at in seen}
