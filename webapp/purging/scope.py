"""Which deleted contacts an Admin wants gone for ever: a restore's scope, frozen when the dialog opens, so
that exactly those go that were shown (docs/rules.md, rule 6)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from webapp.models import Contact
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import count, ids_in_scope, latest_number
from webapp.restoring.scope import Scope


@dataclass(frozen=True)
class EraseQuestion:
    """What the dialog asks about: `scope.expected` contacts, and those merged into them."""

    scope: Scope
    merged: int

    @property
    def any(self) -> bool:
        """Whether anybody would go."""
        return self.scope.expected > 0


def about_these(session: Session, workspace_id: int, ids: Sequence[int], now: datetime) -> EraseQuestion:
    """The question for the contacts ticked by hand that are in the bin; at most 100."""
    scope = _scope(session, workspace_id, now, ids=tuple(sorted(ids)))
    here = tuple(sorted(session.scalars(ids_in_scope(scope))))
    return _question(session, _scope(session, workspace_id, now, ids=here, expected=len(here)))


def about_matching(session: Session, workspace_id: int, filters: Filters, now: datetime) -> EraseQuestion:
    """The question for everything in the bin that `filters` match."""
    through = latest_number(session, workspace_id)
    expected = count(session, BinWindow(workspace_id, now, through), filters)
    return _question(session, _scope(session, workspace_id, now, expected=expected, filters=filters))


def about_again(session: Session, scope: Scope, now: datetime) -> EraseQuestion:
    """The question for what `scope` meant, as it is at `now`: frozen again, to be confirmed again."""
    if scope.filters is not None:
        return about_matching(session, scope.workspace_id, scope.filters, now)
    return about_these(session, scope.workspace_id, scope.ids, now)


def as_it_was(session: Session, scope: Scope) -> EraseQuestion:
    """The question of a frozen scope once more."""
    return _question(session, scope)


def _question(session: Session, scope: Scope) -> EraseQuestion:
    return EraseQuestion(scope, _count_merged(session, scope) if scope.expected else 0)


def _scope(
    session: Session,
    workspace_id: int,
    now: datetime,
    *,
    ids: tuple[int, ...] = (),
    expected: int = 0,
    filters: Filters | None = None,
) -> Scope:
    return Scope(
        workspace_id=workspace_id,
        as_of=now,
        through_number=latest_number(session, workspace_id),
        key=str(uuid.uuid4()),
        expected=expected,
        ids=ids,
        filters=filters,
    )


def _count_merged(session: Session, scope: Scope) -> int:
    """How many contacts were merged into those of the scope, or into these, and so on. They are few, so the
    statement begins with them."""
    merged, deeper = aliased(Contact, name="merged"), aliased(Contact, name="deeper")
    here = merged.workspace_id == scope.workspace_id
    first = select(merged.id).where(
        here, merged.merged_into_id.is_not(None), merged.merged_into_id.in_(ids_in_scope(scope))
    )
    found = first.cte("found", recursive=True)
    found = found.union(select(deeper.id).join(found, deeper.merged_into_id == found.c.id))
    return session.scalar(select(func.count()).select_from(found)) or 0
