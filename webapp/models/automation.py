"""Automations, and the run of each contact in one."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index
from webapp.models.choice import choice


class Trigger(StrEnum):
    """What an automation waits for."""

    SUBSCRIBED = "subscribed"
    TAG_ADDED = "tag_added"


class RunState(StrEnum):
    QUEUED = "queued"
    WAITING = "waiting"
    # Not written by any release so far.
    RUNNING = "running"
    DONE = "done"
    ENDED = "ended"


class Automation(Base):
    __tablename__ = "automation"
    __table_args__ = (Index("ix_automation_workspace_id", "workspace_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(120))
    trigger: Mapped[Trigger] = mapped_column(choice(Trigger, "trigger"))
    list_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("mailing_list.id"), index=True)
    tag_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("tag.id"), index=True)
    # webapp.marketing.automations describes the steps.
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    # Null for one that a release before this one made.
    created_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    # A deleted automation is paused, too, because the previous release does not know this column.
    deleted_at: Mapped[datetime | None]


class AutomationRun(Base):
    __tablename__ = "automation_run"
    __table_args__ = (
        Index("ix_automation_run_contact_id", "contact_id"),
        Index("ix_automation_run_recent", "automation_id", "id"),
        partial_index("ix_automation_run_due", "due_at", where="state IN ('queued', 'waiting')"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"), index=True)
    automation_id: Mapped[int] = mapped_column(BigId, ForeignKey("automation.id"))
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id", ondelete="CASCADE"))
    # The automation whose step has woken this run; null if a person, an import or a command has.
    caused_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("automation.id"), index=True)
    state: Mapped[RunState] = mapped_column(choice(RunState, "state"), default=RunState.QUEUED)
    step: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(40))
