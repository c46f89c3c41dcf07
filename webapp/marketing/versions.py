"""A contact's version, which grows with every write by a person or an automation."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.database import execute_update
from webapp.models import Contact


def touch(session: Session, contact_ids: Sequence[int], now: datetime) -> None:
    """Count a write to these contacts or to their links: `version` grows, and it was at `now`.

    A restore is no such write and must not call this (design section 5).
    """
    execute_update(
        session,
        update(Contact)
        .where(Contact.id.in_(contact_ids))
        .values(version=Contact.version + 1, updated_at=now),
    )
