"""The question that the dialog asks, and the scope that "Restore" confirms: frozen together."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from webapp.models.restore_job import RESTORED
from webapp.restoring.bin import Extent, count, latest_number
from webapp.restoring.filters import Filters
from webapp.restoring.plan import EMAIL_TAKEN, NO_LONGER_ELIGIBLE, TWIN, digest, judge, missing
from webapp.restoring.scope import LARGEST_SELECTION, Scope
from webapp.restoring.words import counted, describe, joined


@dataclass(frozen=True)
class Question:
    """What the dialog says: the question, the scope in one sentence, and who will stay in the bin and why."""

    title: str
    scope_words: str
    scope: Scope
    skips: tuple[str, ...] = ()
    can_restore_any: bool = True
    any_in_bin: bool = True


def about_selection(session: Session, workspace_id: int, ids: list[int], now: datetime) -> Question:
    """The question for the contacts ticked by hand: `ids`, at most 100, none twice."""
    scope = Scope(
        workspace_id=workspace_id,
        as_of=now,
        through_number=latest_number(session, workspace_id),
        key=str(uuid.uuid4()),
        expected=len(ids),
        words=f"{counted(len(ids), 'contact')}, chosen one by one.",
        ids=tuple(sorted(ids)),
    )
    verdicts = judge(session, scope, limit=LARGEST_SELECTION)
    verdicts += missing(scope.ids, verdicts)
    reasons = Counter(verdict.reason for verdict in verdicts)
    coming = sum(verdict.outcome == RESTORED for verdict in verdicts)
    return Question(
        title=f"Restore {counted(len(ids), 'contact')}?",
        scope_words=f"You chose {counted(len(ids), 'contact')} to restore.",
        scope=Scope(**{**vars(scope), "plan_digest": digest(verdicts)}),
        skips=_skips(reasons),
        can_restore_any=coming > 0,
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
    matching = "matching contact" if filters.any else "contact"
    if phrases:
        words = f"{counted(number, 'contact')} {phrases}."
    else:
        words = f"All {counted(number, 'contact')} deleted in the last 30 days."
    return Question(
        title=f"Restore all {counted(number, matching)}?" if number != 1 else f"Restore 1 {matching}?",
        scope_words=words,
        scope=Scope(
            workspace_id=workspace_id,
            as_of=now,
            through_number=through,
            key=str(uuid.uuid4()),
            expected=number,
            words=words,
            filters=filters,
        ),
        can_restore_any=number > 0,
    )


def again(scope: Scope) -> Question:
    """The question whose scope has come back unanswered: the same words, the same key."""
    title = f"Restore {counted(scope.expected, 'contact')}?"
    return Question(title=title, scope_words=scope.words, scope=scope)


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
