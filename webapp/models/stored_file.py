"""Files that are brought to a job or that a job makes, as rows: web and workers share no disk. A file is kept
for a day at most (`webapp.jobs.files`).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId


class StoredFile(Base):
    __tablename__ = "stored_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"), index=True)
    # Who brought it. Null for a file that an operator brings, or that a job makes.
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    # The job that makes it. Null for a file that was brought: the job's request names it.
    job_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("restore_job.id"), index=True)
    # As its owner calls it. It can name a person, and goes with the file.
    name: Mapped[str] = mapped_column(String(255))
    # In bytes, of all parts so far.
    size: Mapped[int] = mapped_column(BigId, default=0)
    # How many parts it has.
    parts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    # Whether it has all its parts: one that is not complete is neither read nor offered.
    completed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    # What a file that was brought is (`webapp.importing.brought.About`); plain JSON, and goes with the file.
    about: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class StoredPart(Base):
    """A piece of a file. The parts of a file are numbered from 0."""

    __tablename__ = "stored_part"

    file_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("stored_file.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
