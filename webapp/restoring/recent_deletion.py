"""The large recent deletion that the overview tells an admin about."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from webapp.models import Deletion
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import BinWindow

# A page of the overview: such a deletion was probably not selected contact by contact.
LARGE = 50
# A deletion of Friday evening is still shown on Monday morning.
SHOWN_FOR = timedelta(days=3)


def recent_large_deletion(
    session: Session, workspace_id: int, *, reader: int, now: datetime
) -> Deletion | None:
    """The workspace's latest large deletion by another user than `reader`, or None.

    It is not older than `SHOWN_FOR`, and at least one of its contacts is still deleted. The user is loaded in
    the same statement, which uses the index of the latest deletions.
    """
    return session.scalar(
        select(Deletion)
        .options(joinedload(Deletion.user))
        .where(
            BinWindow(workspace_id, as_of=now).deletions(Filters(since=now - SHOWN_FOR)),
            Deletion.contact_count >= LARGE,
            Deletion.in_bin > 0,
            or_(Deletion.user_id.is_(None), Deletion.user_id != reader),
        )
        .order_by(Deletion.created_at.desc(), Deletion.id.desc())
        .limit(1)
    )
