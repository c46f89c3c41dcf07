"""An account's settings: its name, how it writes dates, its currency, and who writes to its contacts."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Self

from sqlalchemy.orm import Session

from webapp.database import lock_workspace
from webapp.models import Workspace
from webapp.models.audit_event import Action, record


@dataclass(frozen=True)
class Settings:
    """The settings that the page shows; the columns of Workspace have the same names."""

    name: str
    timezone: str
    date_language: str
    currency: str
    sender_name: str = ""
    sender_email: str = ""
    postal_line: str = ""

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        return cls(**{field.name: getattr(workspace, field.name) for field in fields(cls)})


def change_settings(
    session: Session, settings: Settings, *, workspace_id: int, by: int, now: datetime
) -> tuple[str, ...]:
    """Store the settings, in the caller's write transaction, and return the names of those that differ.

    The caller has checked that each is valid. A second call changes nothing.
    """
    lock_workspace(session, workspace_id)
    workspace = session.get_one(Workspace, workspace_id, populate_existing=True)
    changed = {name: value for name, value in asdict(settings).items() if getattr(workspace, name) != value}
    if not changed:
        return ()
    for name, value in changed.items():
        setattr(workspace, name, value)
    # Without the values: a sender is a person.
    record(
        session,
        workspace_id=workspace_id,
        user_id=by,
        at=now,
        action=Action.SETTINGS_CHANGED,
        subject=f"workspace:{workspace_id}",
        fields=sorted(changed),
    )
    session.flush()
    return tuple(sorted(changed))
