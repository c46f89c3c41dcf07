"""Notes on a contact: what a person wrote, or what an action must not lose."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index


class NoteKind(StrEnum):
    # A person wrote it.
    WRITTEN = "written"
    # The address that a contact had before it was restored without it.
    FORMER_ADDRESS = "former_address"


class ContactNote(Base):
    __tablename__ = "contact_note"
    __table_args__ = (
        Index("ix_contact_note_contact_id", "contact_id", "id"),
        partial_index("ix_contact_note_job_id", "job_id", where="job_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id", ondelete="CASCADE"))
    # Who wrote it, or which job. A job's note has no user of its own.
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    job_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("restore_job.id"))
    created_at: Mapped[datetime]
    # Plain text with one of NoteKind: a release that does not know a kind can still read the row.
    kind: Mapped[str] = mapped_column(String(20), default=NoteKind.WRITTEN)
    # What was written; of a former address, the address alone.
    text: Mapped[str] = mapped_column(Text)
