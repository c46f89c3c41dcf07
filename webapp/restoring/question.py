"""The question that the dialog asks, and the scope that "Restore" confirms: frozen together."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from webapp.models.restore_job import RESTORED
from webapp.restoring.bin import Extent, chosen, count, latest_number
from webapp.restoring.filters import Filters
from webapp.restoring.plan import EMAIL_TAKEN, NO_LONGER_ELIGIBLE, TWIN, digest, judge, missing
from webapp.restoring.scope import LARGEST_SELECTION, Scope
from webapp.restoring.words import counted, describe, joined


@dataclass(frozen=True)
class Question:
    """What the dialog asks about, in the scope's words, and whether "Restore" would do anything."""

    scope: Scope
    can_restore_any: bool = True
    any_in_bin: bool = True


def about_selection(session: Session, workspace_id: int, ids: list[int], now: datetime) -> Question:
    """The question for the contacts ticked by hand: `ids`, at most 100, none twice."""
    number = counted(len(ids), "contact")
    scope = Scope(
        workspace_id=workspace_id,
        as_of=now,
        through_number=latest_number(session, workspace_id),
        key=str(uuid.uuid4()),
        expected=len(ids),
        title=f"Restore {number}?",
        words=f"{number}, chosen by hand.",
        ids=tuple(sorted(ids)),
    )
    verdicts = judge(session, scope, limit=LARGEST_SELECTION)
    verdicts += missing(scope.ids, verdicts)
    reasons = Counter(verdict.reason for verdict in verdicts)
    return Question(
        scope=replace(scope, skips=_skips(reasons), plan_digest=digest(verdicts)),
        can_restore_any=any(verdict.outcome == RESTORED for verdict in verdicts),
        any_in_bin=reasons[NO_LONGER_ELIGIBLE] < len(ids),
    )


def about_all(
    session: Session,
    workspace_id: int,
    filters: Filters,
    now: datetime,
    *,
    zone: ZoneInfo,
    people: Mapping[int, str],
) -> Question:
    """The question for everything in the bin that `filters` match; `people` names users by id."""
    through = latest_number(session, workspace_id)
    number = count(session, Extent(workspace_id, now, through), filters)
    phrases = joined(describe(filters, zone=zone, people=people))
    contacts = counted(number, "matching contact" if filters.any else "contact")
    everything = f"{'All' if number != 1 else 'The'} {contacts} deleted in the last 30 days."
    words = f"{counted(number, 'contact')} {phrases}." if phrases else everything
    scope = Scope(
        workspace_id=workspace_id,
        as_of=now,
        through_number=through,
        key=str(uuid.uuid4()),
        expected=number,
        title=f"Restore {'all ' if number != 1 else ''}{contacts}?",
        words=words,
        filters=filters,
    )
    return Question(scope, can_restore_any=number > 0)


def about_again(
    session: Session, scope: Scope, now: datetime, *, zone: ZoneInfo, people: Mapping[int, str]
) -> Question:
    """The question for what `scope` meant, as it is at `now`: frozen anew, to be confirmed anew."""
    if scope.filters is not None:
        return about_all(session, scope.workspace_id, scope.filters, now, zone=zone, people=people)
    return about_selection(session, scope.workspace_id, list(scope.ids), now)


def about_the_rest(
    session: Session, scope: Scope, now: datetime, *, zone: ZoneInfo, people: Mapping[int, str]
) -> Question:
    """The question for what a job that did not come to its end has left in the bin of its `scope`."""
    left = tuple(sorted(session.scalars(chosen(scope)))) if scope.filters is None else ()
    return about_again(session, replace(scope, ids=left), now, zone=zone, people=people)


# Why a contact stays, for one of them and for many.
STAYS = {
    EMAIL_TAKEN: (
        "1 contact will stay in the bin: its e-mail address is used by another contact.",
        "{} contacts will stay in the bin: their e-mail addresses are used by other contacts.",
    ),
    TWIN: (
        "1 contact will stay in the bin: another with its e-mail address was deleted later.",
        "{} contacts will stay in the bin: others with their e-mail addresses were deleted later.",
    ),
    NO_LONGER_ELIGIBLE: (
        "1 contact is no longer in the bin and is left out.",
        "{} contacts are no longer in the bin and are left out.",
    ),
}


def _skips(reasons: Mapping[str | None, int]) -> tuple[str, ...]:
    return tuple(
        one if reasons[reason] == 1 else many.format(reasons[reason])
        for reason, (one, many) in STAYS.items()
        if reasons.get(reason)
    )
