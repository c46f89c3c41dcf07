"""Campaigns, the texts of automations, and messages."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index
from webapp.models.choice import choice


class SendState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    # Was not sent, or it is not known whether it was; `ended_why` says which.
    ENDED = "ended"


class MessageKind(StrEnum):
    """Why a message is sent. Plain text in the database: a release that does not know a kind can read it."""

    CAMPAIGN = "campaign"
    # A step of an automation.
    AUTOMATION = "automation"
    # A campaign to the user who tries it.
    TEST = "test"
    # Asks a contact to confirm that it wants a list's messages.
    CONFIRMATION = "confirmation"


class Campaign(Base):
    __tablename__ = "campaign"
    __table_args__ = (Index("ix_campaign_workspace_id", "workspace_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    list_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("mailing_list.id"), index=True)
    # The automation whose step sends this text; null for a campaign of its own.
    automation_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("automation.id"), index=True)
    # Null for one that a release before this one made.
    created_at: Mapped[datetime | None]
    # When it was first sent to its list. Its text does not change afterwards.
    sent_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    deleted_at: Mapped[datetime | None]


class CampaignSend(Base):
    """A message. While it is in hand it is pending and has been taken: `taken_at` is set from just before
    the mail server gets it until its answer is known."""

    __tablename__ = "campaign_send"
    __table_args__ = (
        Index("ix_campaign_send_contact_id", "contact_id"),
        Index("ix_campaign_send_campaign_id", "campaign_id"),
        # The outbox, the newest first: all, or those of one state.
        Index("ix_campaign_send_workspace_id", "workspace_id", "id"),
        Index("ix_campaign_send_state", "workspace_id", "state", "id"),
        # What is due in a workspace, without the messages in hand.
        partial_index(
            "ix_campaign_send_due",
            "workspace_id",
            "due_at",
            "id",
            where="state = 'pending' AND taken_at IS NULL",
        ),
        partial_index(
            "ix_campaign_send_in_hand", "taken_at", where="state = 'pending' AND taken_at IS NOT NULL"
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    kind: Mapped[str] = mapped_column(
        String(16), default=MessageKind.CAMPAIGN, server_default=MessageKind.CAMPAIGN
    )
    # Null for a confirmation, which belongs to a list.
    campaign_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("campaign.id"))
    list_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("mailing_list.id"), index=True)
    # Null for a test, which a user gets.
    contact_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    automation_run_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("automation_run.id"), index=True)
    state: Mapped[SendState] = mapped_column(choice(SendState, "state"), default=SendState.PENDING)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    # How often a mail server was asked.
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    # How it was sent: "smtp", or "outbox" where there is no mail server. Null until then.
    transport: Mapped[str | None] = mapped_column(String(10))
    # What the mail server answered last: its code.
    reply: Mapped[int | None] = mapped_column(SmallInteger)
    ended_why: Mapped[str | None] = mapped_column(String(40))
