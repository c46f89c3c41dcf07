"""How long contacts can be restored."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.models import Contact, Deletion
from webapp.restoring.bin_window import window_of
from webapp.restoring.recycle_bin import ids_in_scope
from webapp.restoring.scope import Scope


def deleted_between(session: Session, scope: Scope) -> tuple[datetime, datetime] | None:
    """When the first and the last contact of the scope were deleted; None if it means none.

    Of a search, of the deletions in which it searches: no contact was deleted before the first.
    """
    if scope.filters is None:
        moments = ids_in_scope(scope).with_only_columns(
            func.min(Contact.deleted_at), func.max(Contact.deleted_at)
        )
    else:
        moments = select(func.min(Deletion.created_at), func.max(Deletion.created_at)).where(
            window_of(scope).deletions(scope.filters), Deletion.in_bin > 0
        )
    first, last = session.execute(moments).one()
    return (first, last) if first and last else None
