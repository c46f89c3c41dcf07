"""Tags, and which contacts have them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId
from webapp.models.naming import name_indexes, name_key_column


class Tag(Base):
    __tablename__ = "tag"
    __table_args__ = name_indexes("tag")

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str | None] = name_key_column()
    deleted_at: Mapped[datetime | None]


class ContactTag(Base):
    __tablename__ = "contact_tag"
    # The contacts with a tag, by id.
    __table_args__ = (Index("ix_contact_tag_tag_id", "tag_id", "contact_id"),)

    contact_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True
    )
    tag_id: Mapped[int] = mapped_column(BigId, ForeignKey("tag.id"), primary_key=True)
    # Null if it was added by a release that did not record it.
    added_at: Mapped[datetime | None]
