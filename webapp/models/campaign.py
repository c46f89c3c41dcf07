"""Campaigns and their messages."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index
from webapp.models.choice import choice


class SendState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    ENDED = "ended"


class Campaign(Base):
    __tablename__ = "campaign"
    __table_args__ = (Index("ix_campaign_workspace_id", "workspace_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    list_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("mailing_list.id"), index=True)


class CampaignSend(Base):
    __tablename__ = "campaign_send"
    __table_args__ = (
        Index("ix_campaign_send_contact_id", "contact_id"),
        Index("ix_campaign_send_campaign_id", "campaign_id"),
        partial_index("ix_campaign_send_pending", "due_at", where="state = 'pending'"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"), index=True)
    campaign_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaign.id"))
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id", ondelete="CASCADE"))
    automation_run_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("automation_run.id"), index=True)
    state: Mapped[SendState] = mapped_column(choice(SendState, "state"), default=SendState.PENDING)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(40))
