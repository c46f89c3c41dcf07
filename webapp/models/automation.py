"""Automations, and each contact's way through one."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index

SUBSCRIBED_TO_LIST, TAG_ADDED = "subscribed", "tag_added"
QUEUED, WAITING, DONE, ENDED = "queued", "waiting", "done", "ended"


class Automation(Base):
    __tablename__ = "automation"
    __table_args__ = (
        CheckConstraint("trigger IN ('subscribed', 'tag_added')", name="trigger"),
        Index("ix_automation_workspace_id", "workspace_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(120))
    trigger: Mapped[str] = mapped_column(String(16))
    list_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("mailing_list.id"), index=True)
    tag_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("tag.id"), index=True)
    # What it does, step by step; webapp.marketing.automations says what a step can be.
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    is_active: Mapped[bool] = mapped_column(default=True)


class AutomationRun(Base):
    __tablename__ = "automation_run"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'waiting', 'running', 'done', 'ended')", name="state"),
        Index("ix_automation_run_contact_id", "contact_id"),
        Index("ix_automation_run_automation_id", "automation_id"),
        partial_index("ix_automation_run_due", "due_at", where="state IN ('queued', 'waiting')"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"), index=True)
    automation_id: Mapped[int] = mapped_column(BigId, ForeignKey("automation.id"))
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(16), default=QUEUED)
    step: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(40))
