"""Whether each user of an account must have a second factor."""

from datetime import datetime

from sqlalchemy.orm import Session

from webapp.database import lock_workspace
from webapp.models import Workspace
from webapp.models.audit_event import Action, record


def require_second_factor(
    session: Session, required: bool, *, workspace_id: int, by: int, now: datetime
) -> bool:
    """Store it, in the caller's write transaction; returns whether it differs from before."""
    lock_workspace(session, workspace_id)
    workspace = session.get_one(Workspace, workspace_id, populate_existing=True)
    if workspace.requires_second_factor == required:
        return False
    workspace.requires_second_factor = required
    record(
        session,
        workspace_id=workspace_id,
        user_id=by,
        at=now,
        action=Action.SETTINGS_CHANGED,
        subject=f"workspace:{workspace_id}",
        fields=["requires_second_factor" if required else "no_second_factor"],
    )
    session.flush()
    return True
