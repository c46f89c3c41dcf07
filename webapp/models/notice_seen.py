"""Which notices a user has seen or dismissed, so that each is shown once."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId


class NoticeKind(StrEnum):
    # Contacts were deleted; the subject is the latest deletion's number.
    DELETION = "deletion"
    # A deletion expires soon; the subject is the deletion's number.
    EXPIRY = "expiry"
    # A job has ended; the subject is the job's id.
    JOB_ENDED = "job_ended"


class NoticeSeen(Base):
    __tablename__ = "notice_seen"

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("app_user.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
