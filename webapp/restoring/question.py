"""The question that the dialog asks, and the scope that "Restore" confirms: frozen together."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from webapp.models import Job
from webapp.models.restore_outcome import Outcome
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters
from webapp.restoring.plan import GONE, digest, plan_selection
from webapp.restoring.recycle_bin import count, ids_in_scope, latest_number
from webapp.restoring.scope import Conflicts, Scope


@dataclass(frozen=True)
class Question:
    """What the dialog asks about, and whether "Restore" would do anything."""

    scope: Scope
    can_restore_any: bool = True
    any_in_bin: bool = True


def about_selection(
    session: Session,
    workspace_id: int,
    ids: list[int],
    now: datetime,
    *,
    through: int | None = None,
    like: Scope | None = None,
) -> Question:
    """The question for the contacts ticked by hand: `ids`, at most 100, none twice.

    `through` is the number of the latest deletion that is meant; by default, the latest of all. The choices
    are those of `like`.
    """
    scope = Scope(
        workspace_id=workspace_id,
        as_of=now,
        through_number=latest_number(session, workspace_id) if through is None else through,
        key=str(uuid.uuid4()),
        expected=len(ids),
        ids=tuple(sorted(ids)),
    )
    if like is not None:
        scope = replace(scope, conflicts=like.conflicts, rescue=like.rescue)
    return _about_ids(session, scope)


def _about_ids(session: Session, scope: Scope) -> Question:
    verdicts = plan_selection(session, scope)
    return Question(
        scope=replace(scope, plan_digest=digest(verdicts)),
        can_restore_any=any(verdict.outcome == Outcome.RESTORED for verdict in verdicts),
        any_in_bin=any(verdict.reason not in GONE for verdict in verdicts),
    )


def about_other_choice(session: Session, scope: Scope, conflicts: Conflicts, *, rescue: bool) -> Question:
    """The question for the same frozen scope with other choices: a confirmation with a key of its own."""
    scope = replace(scope, conflicts=conflicts, rescue=rescue, key=str(uuid.uuid4()))
    return _about_ids(session, scope) if scope.is_by_ids else Question(scope)


def about_all(
    session: Session, workspace_id: int, filters: Filters, now: datetime, *, through: int | None = None
) -> Question:
    """The question for everything in the bin that `filters` match; `through` as above."""
    through = latest_number(session, workspace_id) if through is None else through
    number = count(session, BinWindow(workspace_id, now, through), filters)
    scope = Scope(
        workspace_id=workspace_id,
        as_of=now,
        through_number=through,
        key=str(uuid.uuid4()),
        expected=number,
        filters=filters,
    )
    return Question(scope, can_restore_any=number > 0)


def about_skipped(session: Session, job: Job, now: datetime) -> Question:
    """The question for the contacts that the restore `job` has skipped because of their addresses, to be
    merged this time."""
    question = about_all(session, job.workspace_id, Filters(skipped_by=job.id), now)
    return replace(question, scope=replace(question.scope, conflicts=Conflicts.MERGE))


def about_again(session: Session, scope: Scope, now: datetime) -> Question:
    """The question for what `scope` meant, as it is at `now`: frozen again, to be confirmed again."""
    through = scope.through_number if scope.continues else None
    if scope.filters is not None:
        question = about_all(session, scope.workspace_id, scope.filters, now, through=through)
        asked = replace(question.scope, conflicts=scope.conflicts, rescue=scope.rescue)
    else:
        ids = list(scope.ids)
        question = about_selection(session, scope.workspace_id, ids, now, through=through, like=scope)
        asked = question.scope
    return replace(question, scope=replace(asked, continues=scope.continues))


def about_the_rest(session: Session, scope: Scope, now: datetime) -> Question:
    """The question for what a job that was stopped has left of its `scope`.

    It keeps the filters, the ids and the latest deletion's number. `as_of` is new, so that nothing from
    beyond the window comes back (rule 6).
    """
    left = () if scope.filters is not None else session.scalars(ids_in_scope(replace(scope, as_of=now)))
    return about_again(session, replace(scope, ids=tuple(sorted(left)), continues=True), now)
