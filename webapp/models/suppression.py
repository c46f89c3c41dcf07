"""Addresses that unsubscribed or bounced. Kept after purge and erasure, hence hashes without a contact."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId
from webapp.models.choice import choice


class SuppressionReason(StrEnum):
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"


class Suppression(Base):
    __tablename__ = "suppression"
    __table_args__ = (Index("ix_suppression_address", "workspace_id", "address_hash"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    address_hash: Mapped[str] = mapped_column(String(64))
    # Null: every list.
    list_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("mailing_list.id"), index=True)
    reason: Mapped[SuppressionReason] = mapped_column(choice(SuppressionReason, "reason"))
    at: Mapped[datetime]
