"""An account in which nothing has happened yet."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from webapp.models import Contact


def is_new(session: Session, workspace_id: int) -> bool:
    """Whether the account has no contact, neither live nor deleted."""
    return not session.scalar(select(exists().where(Contact.workspace_id == workspace_id)))
