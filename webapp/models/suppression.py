"""Addresses that unsubscribed or bounced. Kept after purge and erasure, hence hashes without a contact."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index
from webapp.models.choice import choice


class SuppressionReason(StrEnum):
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"


class Suppression(Base):
    __tablename__ = "suppression"
    __table_args__ = (
        Index("ix_suppression_address", "workspace_id", "address_hash"),
        # The page of suppressed addresses, the newest first.
        Index("ix_suppression_recent", "workspace_id", "id"),
        partial_index("ix_suppression_contact_id", "contact_id", where="contact_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    address_hash: Mapped[str] = mapped_column(String(64))
    # Null: every list.
    list_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("mailing_list.id"), index=True)
    # The contact through which it came, so that the address can be shown as long as that contact is stored.
    contact_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id", ondelete="SET NULL"))
    reason: Mapped[SuppressionReason] = mapped_column(choice(SuppressionReason, "reason"))
    at: Mapped[datetime]
