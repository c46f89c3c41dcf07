"""What a delete job deletes: frozen when its dialog opens, and met step by step.

It is all contacts that the overview's filters match, or those that an import has added. A contact that was
made, changed or restored since the dialog opened stays, and is counted (docs/adr/0028).
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from webapp.contacts.delete import BIN_JOBS
from webapp.contacts.keyset import Keyset
from webapp.contacts.search import SCAN_LIMIT
from webapp.contacts.wanted import Wanted
from webapp.models import Contact, ImportLine, Job, live
from webapp.models.base import filter_only
from webapp.models.import_line import LineOutcome
from webapp.models.mailing_list import SubscriptionStatus

# Stands in for the words of a search, which are kept apart, or erased. A character that is in no text.
ERASED = "\uffff"
# The oldest first: what is made during the walk comes last.
WALK = Keyset(Contact.created_at, Contact.id, descending=False)


class Stayed(StrEnum):
    """Why a contact that the job met was not deleted."""

    # Since the dialog opened.
    ADDED = "added"
    CHANGED = "changed"
    RESTORED = "restored"
    # It was no longer among the contacts that the dialog spoke of: deleted before its turn, or without a
    # match any more.
    GONE = "gone"


class Met(NamedTuple):
    """What a step of the walk has met: the contacts to delete, how many stay and why, and where it ended."""

    ids: Sequence[int]
    stayed: Mapping[str, int]
    cursor: Any
    is_last: bool


class Scope(Protocol):
    """Which contacts a job deletes."""

    def to_request(self) -> dict[str, Any]:
        """The scope as plain JSON values: the request of its job."""

    def meet(self, session: Session, job: Job, size: int) -> Met:
        """The next contacts after `job.cursor`, at most `size`, behind the workspace's lock."""

    def still(self) -> ColumnElement[bool]:
        """The condition on a contact that was met, which must hold when it is deleted."""


@dataclass(frozen=True)
class AllMatching:
    """All contacts that `wanted` matched when the dialog opened, at `as_of`. No contact had a higher id than
    `through` then."""

    wanted: Wanted
    as_of: datetime
    through: int
    # What the filters by list, tag, account and restore are called, by their fields.
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_forgotten(self) -> bool:
        """Whether the words of its search are no longer kept."""
        return self.wanted.q == ERASED

    def to_request(self) -> dict[str, Any]:
        moment = {"as_of": self.as_of.isoformat(), "through": self.through}
        return {"wanted": asdict(self.wanted), "names": dict(self.names), **moment}

    def still(self) -> ColumnElement[bool]:
        return and_(Contact.id <= self.through, Contact.updated_at <= self.as_of)

    def meet(self, session: Session, job: Job, size: int) -> Met:
        after = _place(job.cursor)
        place = {"after": after} if after else {}
        conditions = self.wanted.checks(Contact.id, Contact.account_id)
        looked_at = max(size, SCAN_LIMIT) if conditions else size
        columns = *WALK.columns, Contact.account_id, Contact.updated_at, Contact.restore_job_id
        walk = WALK.seek(select(*columns).where(live(job.workspace_id)), limit=looked_at, **place)
        near = walk.subquery()
        order = near.c.created_at, near.c.id
        matching = (
            select(*order, near.c.updated_at, near.c.restore_job_id)
            .where(*self.wanted.checks(near.c.id, near.c.account_id))
            .order_by(*order)
            .limit(size)
        )
        rows = session.execute(matching).all()
        if len(rows) == size:
            end: Any = rows[-1]
        else:
            # Fewer match than were looked at. The next step begins behind these.
            ends = WALK.seek(select(*WALK.columns).where(live(job.workspace_id)), limit=1, **place)
            end = session.execute(ends.offset(looked_at - 1)).one_or_none()
        restored_since = self._restores_since(session, job) if rows else set()
        ids, stayed = [], Counter[str]()
        for row in rows:
            if row.id > self.through:
                stayed[Stayed.ADDED] += 1
            elif row.updated_at > self.as_of:
                stayed[Stayed.CHANGED] += 1
            elif row.restore_job_id in restored_since:
                stayed[Stayed.RESTORED] += 1
            else:
                ids.append(row.id)
        cursor = [end.created_at.isoformat(), end.id] if end else job.cursor
        return Met(ids, stayed, cursor, is_last=end is None)

    def _restores_since(self, session: Session, job: Job) -> set[int]:
        """The jobs that may have restored a contact since the dialog opened. A restore changes neither the
        version of a contact nor the time of its last change. None was under way when the dialog opened."""
        since = select(Job.id).where(
            Job.workspace_id == job.workspace_id,
            Job.id != job.id,
            Job.exclusive_group == BIN_JOBS,
            or_(Job.finished_at.is_(None), Job.finished_at > self.as_of),
        )
        return set(session.scalars(since))


@dataclass(frozen=True)
class AddedByImport:
    """The contacts that an import has added and that were not changed since."""

    import_id: int

    def to_request(self) -> dict[str, Any]:
        return {"import": self.import_id}

    def still(self) -> ColumnElement[bool]:
        version = select(ImportLine.version).where(
            ImportLine.job_id == self.import_id, ImportLine.contact_id == Contact.id
        )
        return Contact.version == version.limit(1).scalar_subquery()

    def meet(self, session: Session, job: Job, size: int) -> Met:
        lines = (
            select(ImportLine.line, ImportLine.outcome, ImportLine.contact_id, ImportLine.version)
            .where(ImportLine.job_id == self.import_id, ImportLine.line > (job.cursor or 0))
            .order_by(ImportLine.line)
            .limit(size)
            .subquery()
        )
        known = and_(Contact.id == lines.c.contact_id, filter_only(Contact.workspace_id == job.workspace_id))
        rows = session.execute(
            select(lines, Contact.id, Contact.deleted_at, Contact.version.label("has_version"))
            .outerjoin(Contact, known)
            .order_by(lines.c.line)
        ).all()
        ids, stayed = [], Counter[str]()
        for row in rows:
            if row.outcome != LineOutcome.ADDED:
                continue
            if row.id is None or row.deleted_at is not None:
                stayed[Stayed.GONE] += 1
            elif row.version != row.has_version:
                stayed[Stayed.CHANGED] += 1
            else:
                ids.append(row.id)
        cursor = rows[-1].line if rows else job.cursor
        return Met(ids, stayed, cursor, is_last=len(rows) < size)


def freeze_scope(
    session: Session, wanted: Wanted, now: datetime, names: Mapping[str, str] | None = None
) -> AllMatching:
    """What `wanted`, whose filters have these names, matches now."""
    return AllMatching(wanted, now, session.scalar(select(func.max(Contact.id))) or 0, names or {})


def scope_of(request: Mapping[str, Any], words: str | None = None) -> AllMatching | AddedByImport:
    """The scope that a request means; `words` are what `set_apart` has set apart of it."""
    if "import" in request:
        return AddedByImport(request["import"])
    kept = json.loads(words) if words else {}
    given = request["wanted"] | ({"q": kept["q"]} if kept.get("q") else {})
    status = SubscriptionStatus(given["status"]) if given["status"] else None
    return AllMatching(
        Wanted(**{**given, "status": status}),
        datetime.fromisoformat(request["as_of"]),
        request["through"],
        kept.get("names") or request["names"],
    )


def set_apart(request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """The request without the words of its search and the names in its filters, and these as a JSON text;
    None where there are none, or no longer."""
    if "import" in request:
        return request, None
    q, names = request["wanted"]["q"], request["names"]
    if q in ("", ERASED) and not names:
        return request, None
    text = json.dumps({"q": q, "names": names}, ensure_ascii=False, sort_keys=True)
    return {**request, "wanted": {**request["wanted"], "q": q and ERASED}, "names": {}}, text


def scope_of_job(job: Job) -> AllMatching | AddedByImport:
    """The scope of a job. Without the words of its search, once they have been erased, it finds nothing."""
    return scope_of(job.request, job.private.text if job.private else None)


def _place(cursor: Any) -> tuple[datetime, int] | None:
    return (datetime.fromisoformat(cursor[0]), cursor[1]) if cursor else None


@dataclass(frozen=True)
class ForeseenUndo:
    """What undoing an import would do: how many contacts go, and how many stay, by reason."""

    going: int
    stayed: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many contacts the import has added."""
        return self.going + sum(self.stayed.values())


def foresee_undo(session: Session, workspace_id: int, import_id: int) -> ForeseenUndo:
    """What undoing an import would do now."""
    lives, changed = Contact.deleted_at.is_(None), Contact.version != ImportLine.version
    known = and_(Contact.id == ImportLine.contact_id, Contact.workspace_id == workspace_id)
    going, changed_since, all_of_it = session.execute(
        select(
            func.count().filter(lives, ~changed),
            func.count().filter(lives, changed),
            func.count(),
        )
        .select_from(ImportLine)
        .outerjoin(Contact, known)
        .where(ImportLine.job_id == import_id, ImportLine.outcome == LineOutcome.ADDED)
    ).one()
    gone = all_of_it - going - changed_since
    return ForeseenUndo(going, {Stayed.CHANGED: changed_since, Stayed.GONE: gone})
