"""A contact's version, which grows with every write by a person or an automation."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.database import execute_update
from webapp.models import Contact


def touch(session: Session, contact_ids: Sequence[int], now: datetime) -> None:
    """Record a write to these contacts or their associations at `now`: `version` grows.

    A restore does not count as such a write and must not call this.
    """
    execute_update(
        session,
        update(Contact)
        .where(Contact.id.in_(contact_ids))
        .values(version=Contact.version + 1, updated_at=now),
    )
