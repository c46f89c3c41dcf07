"""The plan: what a restore would do, contact by contact. The dialog shows it and the job carries it out.

A contact comes back unless its address is taken (docs/rules.md, rule 5): by a live contact, or by a twin
in the same scope. Among twins the most recently deleted one comes back, then the one with the higher id. The
walk goes that way, so it is the one that the walk meets first. Contacts without an address never conflict.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from webapp.contacts.keyset import Place
from webapp.database import id_table
from webapp.models import Contact, Deletion
from webapp.models.base import filter_only
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring.recycle_bin import WALK, ids_in_scope
from webapp.restoring.scope import Scope

LONGEST_DETAIL = 300


class Verdict(NamedTuple):
    """What becomes of one contact, and why."""

    contact_id: int
    deletion_id: int | None
    deleted_at: datetime | None
    outcome: Outcome
    reason: Reason | None = None
    other_contact_id: int | None = None
    detail: str | None = None

    def failed(self, reason: Reason, detail: str | None = None) -> "Verdict":
        """The same contact, as one that cannot be restored, for `reason`: REFUSED or CRASHED."""
        return self._replace(
            outcome=Outcome.FAILED,
            reason=reason,
            other_contact_id=None,
            detail=detail[:LONGEST_DETAIL] if detail else None,
        )

    @classmethod
    def expired(cls, contact_id: int) -> "Verdict":
        """A contact that left the window while the job waited in line."""
        return cls(contact_id, None, None, Outcome.SKIPPED, Reason.EXPIRED)


def judge(
    session: Session, scope: Scope, *, limit: int, after: Place | None = None, job_id: int | None = None
) -> list[Verdict]:
    """Judge the next `limit` contacts of `scope` that the walk meets after `after`, in its order.

    An address held by a contact that job `job_id` itself has restored in an earlier batch is a twin's. So
    plan and run give the same reason.
    """
    # Looked up for each contact, by the address alone: + 0 keeps the planner off the workspace index, which
    # it misjudges with stale statistics.
    holder = aliased(Contact, name="holder")
    holder_id = (
        select(holder.id)
        .where(
            filter_only(holder.workspace_id == Contact.workspace_id),
            holder.email_key == Contact.email_key,
            holder.deleted_at.is_(None),
        )
        .scalar_subquery()
    )
    batch = ids_in_scope(scope).with_only_columns(
        Contact.id, Contact.deletion_id, Contact.deleted_at, Contact.email_key, holder_id.label("holder_id")
    )
    if after is not None:
        batch = batch.where(WALK.after(after))
    met = session.execute(batch.order_by(*WALK.order).limit(limit)).all()
    ours = _restored_by(session, job_id, [row.holder_id for row in met if row.holder_id is not None])
    first_of_twins: dict[str, int] = {}
    return [
        _verdict(
            contact_id,
            deletion_id,
            deleted_at,
            taken_by,
            first_of_twins.setdefault(email_key, contact_id) if email_key is not None else None,
            ours=ours,
        )
        for contact_id, deletion_id, deleted_at, email_key, taken_by in met
    ]


def _restored_by(session: Session, job_id: int | None, ids: list[int]) -> set[int]:
    """Which of these contacts job `job_id` itself has restored."""
    if job_id is None or not ids:
        return set()
    # By their ids alone: the planner could also choose the job's own index, which grows with every batch.
    restored_by = select(Contact.id, Contact.restore_job_id).where(
        Contact.id.in_(select(id_table(session, ids).c.value))
    )
    return {contact_id for contact_id, by in session.execute(restored_by) if by == job_id}


def _verdict(
    contact_id: int,
    deletion_id: int,
    deleted_at: datetime,
    holder_id: int | None,
    first_id: int | None,
    *,
    ours: set[int],
) -> Verdict:
    if holder_id is not None:
        reason = Reason.TWIN if holder_id in ours else Reason.EMAIL_TAKEN
        return Verdict(contact_id, deletion_id, deleted_at, Outcome.SKIPPED, reason, holder_id)
    if first_id is not None and first_id != contact_id:
        return Verdict(contact_id, deletion_id, deleted_at, Outcome.SKIPPED, Reason.TWIN, first_id)
    return Verdict(contact_id, deletion_id, deleted_at, Outcome.RESTORED)


def missing(session: Session, scope: Scope, ids: Collection[int]) -> list[Verdict]:
    """Verdicts for `ids`, which the scope names and the walk has not met: each is skipped, with the reason
    why.
    """
    if not ids:
        return []
    again = set(
        session.scalars(
            select(Contact.id)
            .join(Deletion, Deletion.id == Contact.deletion_id)
            .where(
                Contact.id.in_(ids),
                filter_only(
                    and_(
                        Contact.workspace_id == scope.workspace_id,
                        Contact.deleted_at.is_not(None),
                        Deletion.number > scope.through_number,
                    )
                ),
            )
        )
    )
    return [
        Verdict(
            contact_id,
            None,
            None,
            Outcome.SKIPPED,
            Reason.DELETED_AGAIN if contact_id in again else Reason.NO_LONGER_DELETED,
        )
        for contact_id in sorted(ids)
    ]


def plan_selection(session: Session, scope: Scope) -> list[Verdict]:
    """The whole plan of a scope by ids."""
    verdicts = judge(session, scope, limit=len(scope.ids))
    return verdicts + missing(session, scope, set(scope.ids) - {verdict.contact_id for verdict in verdicts})


def digest(verdicts: Iterable[Verdict]) -> str:
    """The same for two plans exactly if they do the same to the same contacts."""
    lines = sorted(f"{v.contact_id}:{v.outcome}:{v.reason}:{v.other_contact_id}" for v in verdicts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def restored_among(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts on contacts that come back."""
    return [verdict for verdict in verdicts if verdict.outcome == Outcome.RESTORED]
