"""One confirmed scope being carried out, and what became of each of its contacts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, BigId, partial_index
from webapp.models.user import User
from webapp.models.workspace import Workspace

QUEUED, RUNNING, DONE, CANCELLED, FAILED = "queued", "running", "done", "cancelled", "failed"
ACTIVE = (QUEUED, RUNNING)

RESTORED, SKIPPED = "restored", "skipped"  # an outcome may also be FAILED


class RestoreJob(Base):
    __tablename__ = "restore_job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'cancelled', 'failed')", name="state"),
        CheckConstraint("kind IN ('ids', 'filters')", name="kind"),
        UniqueConstraint("uuid"),
        UniqueConstraint("workspace_id", "idempotency_key"),
        # The arbiter of "one restore job at a time" (article), whatever Redis says.
        partial_index(
            "uq_restore_job_active", "workspace_id", where="state IN ('queued', 'running')", unique=True
        ),
        Index("ix_restore_job_recent", "workspace_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # What the Redis key holds: known before the row is.
    uuid: Mapped[str] = mapped_column(String(36))
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    requested_by: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    undo_of: Mapped[int | None] = mapped_column(BigId, ForeignKey("restore_job.id"), index=True)
    scope: Mapped[dict[str, Any]] = mapped_column(JSON)
    scope_hash: Mapped[str] = mapped_column(String(64))
    scope_words: Mapped[str] = mapped_column(String(500), default="")
    as_of: Mapped[datetime]
    through_number: Mapped[int] = mapped_column(BigId)
    # How many contacts the dialog promised; what became of them is counted below.
    expected: Mapped[int]
    idempotency_key: Mapped[str] = mapped_column(String(36))

    state: Mapped[str] = mapped_column(String(16), default=QUEUED)
    # Grows with each claim: a runner whose fence is old can commit nothing.
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime]
    rung_at: Mapped[datetime]
    # One more than the processes that died since the last batch was committed, while somebody has it in hand.
    claims_since_progress: Mapped[int] = mapped_column(default=0)
    # Which process made the latest claim: "host:pid". Whoever sees it die gives the job back, and no other.
    runner: Mapped[str | None] = mapped_column(String(100))
    # What last interrupted it, for people; kept when it goes on, because an operator asks afterwards.
    last_error: Mapped[str | None] = mapped_column(String(300))
    # How many of the next contacts are taken one at a time, because processes died at their batch. The
    # database fills it in too: a version of the app that does not know the column may still be running.
    one_by_one: Mapped[int] = mapped_column(default=0, server_default="0")
    # The last contact of the last committed batch; the walk goes by (deleted_at, id) descending.
    cursor_deleted_at: Mapped[datetime | None]
    cursor_id: Mapped[int | None] = mapped_column(BigId)
    restored: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)

    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    # Why it failed or was cancelled, for people.
    why: Mapped[str | None] = mapped_column(String(300))

    requester: Mapped[User] = relationship()
    workspace: Mapped[Workspace] = relationship()

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def can_be_continued(self) -> bool:
        """Whether it ended before it had seen all of its scope."""
        return self.state in (CANCELLED, FAILED)

    @property
    def place(self) -> tuple[datetime, int] | None:
        """Where the walk has come to: the last contact of the last committed batch."""
        if self.cursor_deleted_at is None or self.cursor_id is None:
            return None
        return self.cursor_deleted_at, self.cursor_id

    @property
    def processed(self) -> int:
        return self.restored + self.skipped + self.failed


class RestoreBatch(Base):
    """A batch as it was committed: the job's history, by which it can be shown that nothing was done twice.

    The walk goes by (deleted_at, id) descending, so `from` is later than `to`; a batch that met nobody has
    neither.
    """

    __tablename__ = "restore_batch"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    job_id: Mapped[int] = mapped_column(BigId, ForeignKey("restore_job.id"), index=True)
    # The claim under which it was written.
    fence: Mapped[int]
    from_deleted_at: Mapped[datetime | None]
    from_id: Mapped[int | None] = mapped_column(BigId)
    to_deleted_at: Mapped[datetime | None]
    to_id: Mapped[int | None] = mapped_column(BigId)
    # How many outcomes it wrote.
    contacts: Mapped[int]
    at: Mapped[datetime]


class RestoreOutcome(Base):
    """What became of one contact in one job.

    No foreign key to the contact: the report outlives a purge. None to the job either: an outcome is written
    in a transaction that has proved the job's row, and the key would ask for it once more for every contact.
    """

    __tablename__ = "restore_outcome"
    __table_args__ = (
        CheckConstraint("outcome IN ('restored', 'skipped', 'failed')", name="outcome"),
        partial_index(
            "ix_restore_outcome_not_restored", "job_id", "contact_id", where="outcome <> 'restored'"
        ),
    )

    job_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    contact_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(40))
    # The live contact that holds the address, or the twin that was preferred.
    other_contact_id: Mapped[int | None] = mapped_column(BigId)
    detail: Mapped[str | None] = mapped_column(String(300))
