"""The audit log: append-only, written in the transaction of the action."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, ForeignKey, Index, String, column, insert, table
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.models.base import Base, BigId, UtcDateTime


class AuditEvent(Base):
    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_recent", "workspace_id", "at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    # Null for an action of the system.
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def record(
    session: Session,
    *,
    workspace_id: int,
    user_id: int | None,
    at: datetime,
    action: str,
    subject: str,
    **detail: Any,
) -> None:
    """Record an action, in the transaction that performs it: both are committed, or neither."""
    session.add(
        AuditEvent(
            workspace_id=workspace_id, user_id=user_id, at=at, action=action, subject=subject, detail=detail
        )
    )


# For migrations, too: only the columns that the first one made, however much the model has moved on.
EVENTS = table(
    "audit_event",
    *(column(name) for name in ("workspace_id", "action", "subject")),
    column("at", UtcDateTime()),
    column("detail", JSON()),
)


def record_all(
    connection: Connection,
    *,
    workspace_id: int,
    at: datetime,
    action: str,
    details: Mapping[str, Mapping[str, Any]],
) -> None:
    """Record an action of the system on several subjects, each with its detail, in the transaction that
    performs it."""
    rows = [
        {"workspace_id": workspace_id, "at": at, "action": action, "subject": subject, "detail": detail}
        for subject, detail in details.items()
    ]
    if rows:
        connection.execute(insert(EVENTS), rows)
