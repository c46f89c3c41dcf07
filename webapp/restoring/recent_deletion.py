"""The deletion that an admin should hear of without looking for it."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from webapp.models import Deletion
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import BinWindow

# As many as a page of the overview shows: nobody ticks so many one by one, meaning each of them.
LARGE = 50
# What was deleted on a Friday evening is still told on Monday morning; later it is no news any more.
SHOWN_FOR = timedelta(days=3)


def recent_large_deletion(
    session: Session, workspace_id: int, *, reader: int, now: datetime
) -> Deletion | None:
    """The workspace's latest large deletion by somebody else than the user `reader`, or None.

    It counts as long as any of its contacts is in the bin and it is not older than `SHOWN_FOR`; what
    `reader` did is no news to them. Who deleted comes along: one statement, by the index of the latest
    deletions.
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
