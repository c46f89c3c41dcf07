"""The one table of texts that can name a person: search words, scopes that hold them, network addresses.

Jobs and audit events hold ids, codes and counts only. So erasing a text here erases it everywhere. A text is
kept for as long as its contacts can be restored.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId


class PrivateText(Base):
    __tablename__ = "private_text"
    __table_args__ = (Index("ix_private_text_created_at", "created_at"),)

    # As audit events name it: "restore_job:12".
    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    # Null for the network address of a visitor, which names no contact.
    workspace_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("workspace.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
