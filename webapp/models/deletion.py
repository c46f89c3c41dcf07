"""One act of deleting: who, when, from where, how many contacts."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, BigId
from webapp.models.user import User


class Deletion(Base):
    __tablename__ = "deletion"
    __table_args__ = (
        UniqueConstraint("workspace_id", "number"),
        Index("ix_deletion_recent", "workspace_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    # Assigned under the workspace row's lock by the transaction that completes the deletion, so that
    # "everything up to number N" never changes its meaning. Null while the deletion is under way.
    number: Mapped[int | None] = mapped_column(BigId)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    created_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(String(200), default="")
    contact_count: Mapped[int] = mapped_column(default=0)
    # How many of its contacts are still deleted; every deletion and restore updates it.
    in_bin: Mapped[int] = mapped_column(default=0)
    completed_at: Mapped[datetime | None]
    # The job that carries it out, batch by batch. Null for one that is carried out at once.
    job_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("restore_job.id"), index=True)

    user: Mapped[User | None] = relationship()
