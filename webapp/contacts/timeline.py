"""What has happened to a contact, the newest first, read from the rows that exist.

Nothing is stored for it: of a subscription its latest change is known, of a contact its latest deletion.
Lists, tags and deals that were deleted are hidden here, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from webapp.models import (
    Automation,
    AutomationRun,
    Campaign,
    CampaignSend,
    Contact,
    ContactNote,
    ContactTag,
    Deal,
    DealContact,
    Deletion,
    Job,
    MailingList,
    RestoreOutcome,
    Subscription,
    Tag,
    User,
)
from webapp.models.base import Base, UtcDateTime
from webapp.models.campaign import SendState
from webapp.models.restore_outcome import Outcome, Reason

# Restores are looked for in so many of the latest jobs, because no index leads from a contact to them.
LATEST_JOBS = 200
# So many contacts that were merged into one are looked at.
MOST_MERGED = 20


class What(IntEnum):
    """What happened, in the order of events of one moment."""

    CREATED = 0
    LISTED = 1
    TAGGED = 2
    ON_DEAL = 3
    AUTOMATION = 4
    MESSAGE = 5
    NOTE = 6
    DELETED = 7
    RESTORED = 8
    MERGED = 9


# A place between two events: moment, what, and the id of its row.
Place = tuple[datetime, int, int]


@dataclass(frozen=True)
class Event:
    """One event. `name` is what it was about, `detail` its state, kind or reason, as a code; `who` did it, in
    the job `job_id`, which is called by its `job_number`. None where it does not apply."""

    what: What
    at: datetime
    row_id: int
    name: str | None = None
    detail: str | None = None
    who: str | None = None
    job_id: int | None = None
    job_number: int | None = None

    @property
    def place(self) -> Place:
        return self.at, self.what, self.row_id


@dataclass(frozen=True)
class Timeline:
    """One page of events; `older` is the place where the next page begins, if there is one."""

    events: Sequence[Event]
    older: Place | None


@dataclass(frozen=True)
class _Source:
    """The events of one kind: a statement that has their moments `at` and the ids `row_id` of their rows."""

    what: What
    query: Select[*tuple[Any, ...]]
    at: ColumnElement[datetime]
    row_id: ColumnElement[int]

    def newest(self, limit: int, after: Place | None) -> Select[*tuple[Any, ...]]:
        query = self.query if after is None else self.query.where(self._follows(after))
        return select(query.order_by(self.at.desc(), self.row_id.desc()).limit(limit).subquery())

    def _follows(self, place: Place) -> ColumnElement[bool]:
        """Whether an event comes after the place. All events of a source are of one kind."""
        moment, what, row_id = place
        same = literal(moment, UtcDateTime())
        if self.what == what:
            return or_(self.at < same, and_(self.at == same, self.row_id < row_id))
        return self.at <= same if self.what < what else self.at < same


def read_timeline(session: Session, contact: Contact, *, size: int, after: Place | None = None) -> Timeline:
    """The events of a live contact, from the newest, or from the first one after `after`. One statement."""
    together = union_all(*(source.newest(size + 1, after) for source in _sources(contact))).subquery()
    order = together.c.at.desc(), together.c.what.desc(), together.c.row_id.desc()
    rows = session.execute(select(together).order_by(*order).limit(size + 1))
    events = [Event(What(row.what), *row[1:]) for row in rows]
    return Timeline(events[:size], events[size - 1].place if len(events) > size else None)


def _sources(contact: Contact) -> Iterator[_Source]:
    own = contact.id
    yield _source(What.CREATED, Contact, Contact.created_at, Contact.id, where=[Contact.id == own])
    yield _source(
        What.LISTED, Subscription, Subscription.changed_at, Subscription.list_id,
        name=MailingList.name, detail=type_coerce(Subscription.status, String),
        joins=[(MailingList, MailingList.id == Subscription.list_id)],
        where=[Subscription.contact_id == own, MailingList.deleted_at.is_(None)],
    )  # fmt: skip
    yield _source(
        What.TAGGED, ContactTag, ContactTag.added_at, ContactTag.tag_id,
        name=Tag.name, joins=[(Tag, Tag.id == ContactTag.tag_id)],
        where=[ContactTag.contact_id == own, ContactTag.added_at.is_not(None), Tag.deleted_at.is_(None)],
    )  # fmt: skip
    yield _source(
        What.ON_DEAL, DealContact, DealContact.attached_at, DealContact.id,
        name=Deal.title, joins=[(Deal, Deal.id == DealContact.deal_id)],
        where=[
            DealContact.contact_id == own, DealContact.detached_at.is_(None), Deal.deleted_at.is_(None),
        ],
    )  # fmt: skip
    yield _source(
        What.AUTOMATION, AutomationRun, AutomationRun.created_at, AutomationRun.id,
        name=case((Automation.deleted_at.is_(None), Automation.name)),
        detail=type_coerce(AutomationRun.state, String),
        joins=[(Automation, Automation.id == AutomationRun.automation_id)],
        where=[AutomationRun.contact_id == own],
    )  # fmt: skip
    yield _source(
        What.MESSAGE, CampaignSend, CampaignSend.sent_at, CampaignSend.id,
        name=case((Campaign.deleted_at.is_(None), Campaign.name)), detail=CampaignSend.kind,
        outer_joins=[(Campaign, Campaign.id == CampaignSend.campaign_id)],
        where=[
            CampaignSend.contact_id == own,
            CampaignSend.state == SendState.SENT,
            CampaignSend.sent_at.is_not(None),
        ],
    )  # fmt: skip
    yield _source(
        What.NOTE, ContactNote, ContactNote.created_at, ContactNote.id,
        detail=ContactNote.kind, who=User.name, outer_joins=[(User, User.id == ContactNote.user_id)],
        where=[ContactNote.contact_id == own],
    )  # fmt: skip
    if contact.deletion_id is not None:
        yield _source(
            What.DELETED, Deletion, Deletion.created_at, Deletion.id,
            who=User.name, outer_joins=[(User, User.id == Deletion.user_id)],
            where=[Deletion.id == contact.deletion_id],
        )  # fmt: skip
    yield _restored(contact)
    yield _merged(contact)


def _restored(contact: Contact) -> _Source:
    came_back = _reason(Job.id, literal(contact.id)).scalar_subquery()
    return _of_jobs(What.RESTORED, contact, Job.id, [came_back.is_not(None)], detail=came_back)


def _merged(contact: Contact) -> _Source:
    """Each contact that was merged into this one, with the restore that has done it."""
    gone = (
        select(Contact.id)
        .where(Contact.merged_into_id == contact.id)
        .order_by(Contact.id)
        .limit(MOST_MERGED)
        .subquery()
    )
    merged = _reason(Job.id, gone.c.id).scalar_subquery() == Reason.MERGED
    return _of_jobs(What.MERGED, contact, gone.c.id, [merged], joins=[(gone, literal(True))])


def _reason(job_id: Any, contact_id: Any) -> Select[str]:
    """How a job has restored a contact: the code, or an empty text for simply restored. A subquery of one
    row, looked up by its key, so that no planner reads the whole ledger."""
    return select(func.coalesce(RestoreOutcome.reason, "")).where(
        RestoreOutcome.job_id == job_id,
        RestoreOutcome.contact_id == contact_id,
        RestoreOutcome.outcome == Outcome.RESTORED,
    )


def _of_jobs(
    what: What, contact: Contact, row_id: Any, where: list[Any], *, detail: Any = None, joins: Any = ()
) -> _Source:
    """Events of the workspace's latest restores. An outcome has no time of its own; that of its job stands
    for it."""
    latest = (
        select(Job.id)
        .where(Job.workspace_id == contact.workspace_id)
        .order_by(Job.id.desc())
        .limit(LATEST_JOBS)
    )
    return _source(
        what, Job, func.coalesce(Job.finished_at, Job.created_at, type_=UtcDateTime()), row_id,
        detail=detail, who=User.name, job_id=Job.id, job_number=Job.number,
        joins=joins, outer_joins=[(User, User.id == Job.requested_by)],
        where=[Job.id.in_(latest), Job.undo_of.is_(None), *where],
    )  # fmt: skip


def _source(
    what: What, model: type[Base], at: Any, row_id: Any, *,
    name: Any = None, detail: Any = None, who: Any = None,
    job_id: Any = None, job_number: Any = None, joins: Any = (), outer_joins: Any = (), where: list[Any],
) -> _Source:  # fmt: skip
    """The columns are those of `Event`, and of one type in all sources."""

    def text(value: Any) -> ColumnElement[Any]:
        return cast(null() if value is None else value, String)

    def number(value: Any) -> ColumnElement[Any]:
        return cast(null() if value is None else value, BigInteger)

    query = (
        select(
            literal(int(what), Integer).label("what"),
            at.label("at"),
            number(row_id).label("row_id"),
            text(name).label("name"),
            text(detail).label("detail"),
            text(who).label("who"),
            number(job_id).label("job_id"),
            number(job_number).label("job_number"),
        )
        .select_from(model)
        .where(*where)
    )
    for other, on in joins:
        query = query.join(other, on)
    for other, on in outer_joins:
        query = query.outerjoin(other, on)
    return _Source(what, query, at, row_id)
