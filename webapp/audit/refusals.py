"""What users were refused because their groups do not allow it, in the audit log."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import AuditEvent, User
from webapp.models.audit_event import Action, record

# So that no one fills the log: one event for each user and route within this time.
AGAIN_AFTER = timedelta(hours=1)


def record_refusal(session: Session, user: User, route: str) -> None:
    """Record, in a transaction of its own, that the user asked for the route with this name in vain; unless
    that is in the log already, since an hour ago."""
    user_id, workspace_id = user.id, user.workspace_id
    if _is_recorded(session, user_id, workspace_id, route, read_clock(session)):
        return
    with write_transaction(session):
        # Of two requests at once, one waits here for the other's event.
        session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
        now = read_clock(session)
        if not _is_recorded(session, user_id, workspace_id, route, now):
            record(
                session,
                workspace_id=workspace_id,
                user_id=user_id,
                at=now,
                action=Action.ACCESS_REFUSED,
                subject=f"app_user:{user_id}",
                route=route,
            )


def _is_recorded(session: Session, user_id: int, workspace_id: int, route: str, now: datetime) -> bool:
    lately = select(AuditEvent.id).where(
        AuditEvent.workspace_id == workspace_id,
        AuditEvent.action == Action.ACCESS_REFUSED.value,
        AuditEvent.at > now - AGAIN_AFTER,
        AuditEvent.user_id == user_id,
        AuditEvent.detail["route"].as_string() == route,
    )
    return session.scalar(lately.limit(1)) is not None
