"""The deleted contacts that have an address."""

from datetime import datetime

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session

from webapp.contacts.address import email_key
from webapp.contacts.search import all_matches
from webapp.marketing.addresses import can_have
from webapp.models import Contact, Deletion
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import WALK


def ids_with_address(window: BinWindow, email: str) -> Select[int]:
    """The ids of the contacts in the bin that have this address, in whatever spelling, unordered.

    No index finds deleted contacts by their keys, because it would slow restores down; the text's does.
    """
    key = email_key(email)
    same = all_matches(
        can_have(key) if key else false(),
        window.workspace_id,
        Contact.deletion_id,
        Contact.email_key == key,
        window.by_contact(Filters()),
    )
    return (
        select(same.c.id)
        .join(Deletion, Deletion.id == same.c.value)
        .where(Deletion.completed_at.is_not(None))
    )


def last_deleted_with_address(
    session: Session, workspace_id: int, email: str, now: datetime
) -> Contact | None:
    """Of the contacts in the bin that have this address, the one deleted last; None if there is none."""
    ids = session.scalars(ids_with_address(BinWindow(workspace_id, now), email)).all()
    if not ids:
        return None
    return session.scalar(select(Contact).where(Contact.id.in_(ids)).order_by(*WALK.order).limit(1))
