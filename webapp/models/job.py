"""A long job: what was asked for, who carries it out, how far it is. And its history, batch by batch.

Its table is still called `restore_job`: renaming it would break the release before this one, which may run
beside it (docs/adr/0013).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    cast,
    literal,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, foreign, mapped_column, relationship

from webapp.models.base import Base, BigId, UtcDateTime, partial_index
from webapp.models.choice import choice
from webapp.models.private_text import PrivateText
from webapp.models.user import User
from webapp.models.workspace import Workspace

# A code with its parameters, as plain JSON: {"code": "worker_died", "signal": 9}. It becomes a sentence when
# it is shown.
Note = Mapping[str, Any]


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


ACTIVE = (JobState.QUEUED, JobState.RUNNING)
ENDED = (JobState.DONE, JobState.CANCELLED, JobState.FAILED)
IS_ACTIVE = "state IN ('queued', 'running')"
IS_IN_LINE = "waits_for_group IS NOT NULL AND state = 'queued'"


JOBS = "restore_job"


def subject_of_job(job_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[str]:
    """`Job.audit_subject` in a statement."""
    return literal(f"{JOBS}:") + cast(job_id, String)


class Job(Base):
    __tablename__ = JOBS
    __table_args__ = (
        CheckConstraint("kind IN ('ids', 'filters')", name="kind"),
        UniqueConstraint("uuid"),
        UniqueConstraint("workspace_id", "idempotency_key"),
        UniqueConstraint("workspace_id", "job_kind", "number"),
        # Jobs of one group exclude each other, whatever Redis says. For restores this is the article's "one
        # restore job at a time". A job without a group excludes none: a null equals no other null.
        partial_index(
            "uq_restore_job_active_group", "workspace_id", "exclusive_group", where=IS_ACTIVE, unique=True
        ),
        # One place in line for each workspace and group. The release before can cancel a job that waits, and
        # does not clear its group.
        partial_index(
            "uq_restore_job_in_line",
            "workspace_id",
            "waits_for_group",
            where=IS_IN_LINE,
            unique=True,
        ),
        partial_index("ix_restore_job_active", "lease_until", where=IS_ACTIVE),
        Index("ix_restore_job_recent", "workspace_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The value of the Redis key, known before the row exists.
    uuid: Mapped[str] = mapped_column(String(36))
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    # Null for a job that the system starts on a schedule.
    requested_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    # One of webapp/worker/kinds.py. The release before knows one kind only, hence the default.
    kind: Mapped[str] = mapped_column("job_kind", String(20), server_default="restore")
    # Counts the workspace's jobs of one kind: "Restore #12".
    number: Mapped[int | None]
    exclusive_group: Mapped[str | None] = mapped_column(String(20), server_default="restore")
    # The group whose active job this one waits for. Until then it has no group of its own, and a lease that
    # never runs out, so that no runner of any release claims it (webapp/jobs/line.py).
    waits_for_group: Mapped[str | None] = mapped_column(String(20))
    # When it was promoted from the line; null for a job that has not waited, or still does.
    promoted_at: Mapped[datetime | None]
    # What was confirmed, in the kind's own terms, without the texts in `private`. Never changed afterwards.
    request: Mapped[dict[str, Any]] = mapped_column(JSON(none_as_null=True), nullable=True)
    # How many items the request spoke of, if that was known.
    total: Mapped[int | None] = mapped_column("expected")
    idempotency_key: Mapped[str] = mapped_column(String(36))

    state: Mapped[JobState] = mapped_column(choice(JobState, "state"), default=JobState.QUEUED)
    # Grows with each claim. A runner with an old fence can commit nothing.
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime]
    rung_at: Mapped[datetime]
    # While a runner holds the job: one more than the processes that died since the last committed batch.
    claims_since_progress: Mapped[int] = mapped_column(default=0)
    # The process of the latest claim, "host:pid". The parent that sees it die releases its lease.
    runner: Mapped[str | None] = mapped_column(String(100))
    # When the latest runner ended its own lease. Null while it holds the job, and where its lease was lost.
    released_at: Mapped[datetime | None]
    # How many of the next items are taken one at a time, because processes died at their batch.
    one_by_one: Mapped[int] = mapped_column(default=0, server_default="0")
    # How many items were left out because every process died at them.
    left_out: Mapped[int] = mapped_column(default=0, server_default="0")
    # Where the last committed batch ended, in the kind's own terms; null before the first.
    cursor: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    # How many items had which outcome, in the kind's own terms.
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, server_default="{}")
    # What its report shows that takes long to find out, in the kind's own terms; written at its end, but by
    # the release before.
    report: Mapped[Any | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    # What interrupted the job last. Kept while it goes on, because an operator asks afterwards.
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # Why the job failed or was cancelled.
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    undo_of: Mapped[int | None] = mapped_column(BigId, ForeignKey("restore_job.id"), index=True)

    requester: Mapped[User | None] = relationship()
    workspace: Mapped[Workspace] = relationship()
    # The texts of the request that can name a person, as long as they are kept; in the kind's own terms.
    private: Mapped[PrivateText | None] = relationship(
        primaryjoin=lambda: foreign(PrivateText.subject) == subject_of_job(Job.id), viewonly=True
    )

    @property
    def has_ended(self) -> bool:
        return self.state not in ACTIVE

    @property
    def is_waiting(self) -> bool:
        """Whether it stands in line until another job of its group has ended."""
        return self.state == JobState.QUEUED and self.waits_for_group is not None

    @property
    def is_active(self) -> bool:
        """Whether it excludes other jobs of its group. One that waits in line does not."""
        return not self.has_ended and not self.is_waiting

    @property
    def can_be_cancelled(self) -> bool:
        return not self.has_ended and self.cancel_requested_at is None

    @property
    def can_be_continued(self) -> bool:
        """Whether it ended before it had seen all of what it was asked for."""
        return self.state in (JobState.CANCELLED, JobState.FAILED)

    @property
    def audit_subject(self) -> str:
        """What audit events and private texts call this job."""
        return f"{JOBS}:{self.id}"

    @property
    def processed(self) -> int:
        """How many items have an outcome."""
        return sum(self.counts.values())

    def count(self, outcome: str) -> int:
        """How many items had `outcome`; 0 where none had."""
        return self.counts.get(outcome, 0)

    def add_counts(self, counts: Mapping[str, int]) -> None:
        """Add one batch's counts."""
        names = {*self.counts, *counts}
        self.counts = {name: self.count(name) + counts.get(name, 0) for name in sorted(names)}


class JobBatch(Base):
    """A batch as it was committed. The batches of a job show that nothing was done twice: each one begins at
    the cursor at which the one before ended.
    """

    __tablename__ = "restore_batch"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    job_id: Mapped[int] = mapped_column(BigId, ForeignKey("restore_job.id"), index=True)
    # The claim under which it was written.
    fence: Mapped[int]
    cursor_before: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    cursor_after: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    # How many outcomes it wrote.
    items: Mapped[int] = mapped_column("contacts")
    at: Mapped[datetime]


def _keep(table: FromClause, *columns: Column[Any]) -> None:
    """Columns that only the release before reads and writes, until the next migration drops them. The table
    has them, with defaults for those that must not be null; the class does not."""
    assert isinstance(table, Table)
    for column in columns:
        table.append_column(column)


_keep(
    Job.__table__,
    Column("kind", String(16)),
    # Not null exactly where that release has written (webapp/jobs/recover.py).
    Column("scope", JSON(none_as_null=True)),
    Column("scope_hash", String(64)),
    Column("scope_words", String(500), default="", nullable=False),
    Column("as_of", UtcDateTime()),
    Column("through_number", BigId),
    Column("cursor_deleted_at", UtcDateTime()),
    Column("cursor_id", BigId),
    *(Column(name, Integer, default=0, nullable=False) for name in ("restored", "skipped", "failed")),
    Column("last_error", String(300)),
    Column("why", String(300)),
)
_keep(
    JobBatch.__table__,
    *(Column(name, UtcDateTime()) for name in ("from_deleted_at", "to_deleted_at")),
    *(Column(name, BigId) for name in ("from_id", "to_id")),
)
