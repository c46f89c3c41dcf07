"""A restore that has waited in line: nothing that left the window before its promotion is restored
(rule 6).

Its scope stays as it was confirmed. Only the 30 days are counted from its promotion, as for a restore that
continues another. The report accounts for what has left the window since it was confirmed.
"""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import WINDOW, Contact, Job
from webapp.models.base import filter_only
from webapp.restoring.bin_window import BinWindow, window_of
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import count
from webapp.restoring.request import scope_of
from webapp.restoring.scope import Scope


def scope_at_its_turn(job: Job) -> Scope:
    """What the job restores: its confirmed scope, seen from its promotion if it has waited."""
    scope = scope_of(job)
    if job.promoted_at is None:
        return scope
    return replace(scope, as_of=job.promoted_at, confirmed_at=scope.as_of)


def expired_ids(session: Session, job: Job, ids: Collection[int]) -> set[int]:
    """Those of the confirmed contacts `ids` that left the window while the job waited, and are still
    deleted."""
    if job.promoted_at is None or not ids:
        return set()
    window, filters = _left_the_window(job)
    still = select(Contact.id).where(Contact.id.in_(ids), filter_only(window.contacts(filters)))
    return set(session.scalars(still))


def count_expired(session: Session, job: Job) -> int:
    """How many contacts that the filters matched left the window while the job waited, and are still
    deleted."""
    if job.promoted_at is None:
        return 0
    window, filters = _left_the_window(job)
    # Most often no deletion left it. Then the text, whose search can take seconds, is not looked for.
    if not count(session, window, replace(filters, q="")):
        return 0
    return count(session, window, filters)


def _left_the_window(job: Job) -> tuple[BinWindow, Filters]:
    """The part of the confirmed window, and of the filters, that is past 30 days at its promotion."""
    assert job.promoted_at is not None
    scope = scope_of(job)
    filters, end = scope.filters or Filters(), job.promoted_at - WINDOW
    return window_of(scope), replace(filters, before=min(filters.before or end, end))
