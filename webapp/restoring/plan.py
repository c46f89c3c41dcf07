"""The plan: what a restore would do, contact by contact. The dialog shows it and the job carries it out.

A contact comes back unless its address is taken (design section 6, rule 5): by a live contact, or by a twin
in the same scope. Among twins the most recently deleted wins, then the higher id; the walk goes that way, so
whoever comes first is the one. Contacts without an address never conflict.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from webapp.contacts.keyset import Place
from webapp.database import listed
from webapp.models import Contact
from webapp.models.restore_job import FAILED, RESTORED, SKIPPED
from webapp.restoring.bin import WALK, chosen
from webapp.restoring.scope import Scope

EMAIL_TAKEN = "email_taken"
TWIN = "twin"
NO_LONGER_ELIGIBLE = "no_longer_eligible"
REFUSED = "refused"
CRASHED = "crashed"


class Verdict(NamedTuple):
    """What becomes of one contact, and why."""

    contact_id: int
    deletion_id: int | None
    deleted_at: datetime | None
    outcome: str
    reason: str | None = None
    other_contact_id: int | None = None
    detail: str | None = None

    def failed(self, reason: str, detail: str | None = None) -> "Verdict":
        """The same contact, as one that cannot be restored, for `reason`: REFUSED or CRASHED."""
        return Verdict(
            self.contact_id,
            self.deletion_id,
            self.deleted_at,
            FAILED,
            reason,
            detail=detail[:300] if detail else None,
        )


def judge(
    session: Session, scope: Scope, *, limit: int, after: Place | None = None, job_id: int | None = None
) -> list[Verdict]:
    """Judge the next `limit` contacts of `scope` that the walk meets after `after`, in its order.

    An address held by a contact that job `job_id` itself has restored in an earlier batch is a twin's, not
    a stranger's; so plan and run give the same reason.
    """
    # Asked contact by contact, and only by the address: plus nought, the workspace is no way in. While a
    # restore fills the live side the statistics call it empty, and a plan once read all of it for each.
    holder = aliased(Contact, name="holder")
    holder_id = (
        select(holder.id)
        .where(
            holder.workspace_id + 0 == Contact.workspace_id,
            holder.email_key == Contact.email_key,
            holder.deleted_at.is_(None),
        )
        .scalar_subquery()
    )
    batch = chosen(scope).with_only_columns(
        Contact.id, Contact.deletion_id, Contact.deleted_at, Contact.email_key, holder_id
    )
    if after is not None:
        batch = batch.where(WALK.after(after))
    met = session.execute(batch.order_by(*WALK.order).limit(limit)).all()
    ours = _restored_by(session, job_id, [row[4] for row in met if row[4] is not None])
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
    """Which of these contacts job `job_id` itself has made live."""
    if job_id is None or not ids:
        return set()
    # Asked for by their ids alone: the job's own index would be a way in, too, and ever longer.
    restored_by = select(Contact.id, Contact.restore_job_id).where(
        Contact.id.in_(select(listed(session, ids).c.value))
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
        reason = TWIN if holder_id in ours else EMAIL_TAKEN
        return Verdict(contact_id, deletion_id, deleted_at, SKIPPED, reason, holder_id)
    if first_id is not None and first_id != contact_id:
        return Verdict(contact_id, deletion_id, deleted_at, SKIPPED, TWIN, first_id)
    return Verdict(contact_id, deletion_id, deleted_at, RESTORED)


def missing(ids: Iterable[int], verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The chosen ids that are not in the bin (any more): they are skipped, and the report says so."""
    found = {verdict.contact_id for verdict in verdicts}
    return [
        Verdict(contact_id, None, None, SKIPPED, NO_LONGER_ELIGIBLE)
        for contact_id in ids
        if contact_id not in found
    ]


def digest(verdicts: Iterable[Verdict]) -> str:
    """The same for two plans exactly if they do the same to the same contacts."""
    lines = sorted(f"{v.contact_id}:{v.outcome}:{v.reason}:{v.other_contact_id}" for v in verdicts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
