"""Recording what leaves the app as a file."""

from typing import Any

from flask import request
from flask_login import current_user
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.models.audit_event import Action, record


def record_download(action: Action, subject: str, **detail: Any) -> None:
    """Record in the audit log that the user downloads a file, before any of it is sent.

    In a session of its own: what the view has read stays loaded, because it is sent after the view has ended.
    """
    if request.method != "GET":
        return
    user_id, workspace_id = current_user.id, current_user.workspace_id
    with Session(db.engine) as session, write_transaction(session):
        record(
            session,
            workspace_id=workspace_id,
            user_id=user_id,
            at=read_clock(session),
            action=action,
            subject=subject,
            **detail,
        )
