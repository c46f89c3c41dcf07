"""The events of the audit log, newest first, each with what its sentence needs: the names of its user and of
its subject are looked up when they are shown, because events hold ids only.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, String, and_, cast, literal, select, true, union_all
from sqlalchemy.orm import Session, joinedload

from webapp.audit.filters import Filters
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.models import (
    Account,
    AuditEvent,
    Automation,
    Campaign,
    Deal,
    Deletion,
    Job,
    MailingList,
    Tag,
    User,
    UserGroup,
)
from webapp.models.base import filter_only

# Table and id.
Subject = tuple[str, int]

NEWEST_FIRST = Keyset(AuditEvent.at, AuditEvent.id)
# The texts by which tables are called in subjects, and the column that names a row of each.
NAMES: Mapping[str, tuple[Any, Any]] = {
    "deletion": (Deletion, cast(Deletion.number, String)),
    "restore_job": (Job, cast(Job.number, String)),
    **{kind.__tablename__: (kind, kind.name) for kind in (MailingList, Tag, Account)},
    "deal": (Deal, Deal.title),
    "user_group": (UserGroup, UserGroup.name),
    **{kind.__tablename__: (kind, kind.name) for kind in (Campaign, Automation)},
}


@dataclass(frozen=True)
class Entry:
    """An event with its user, and with the name or number of its subject: None where it is gone."""

    event: AuditEvent
    user: User | None
    table: str
    subject_id: int
    name: str | None
    # The moment of a deletion that still has contacts to restore, or had when its 30 days ended.
    deleted_at: datetime | None = None

    @property
    def private(self) -> str | None:
        """The text about the event that can name a person, as long as it is kept."""
        return self.event.private.text if self.event.private else None


def read_page(
    session: Session,
    workspace_id: int,
    filters: Filters,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """One page of the workspace's events; its rows are events with their users."""
    ids = NEWEST_FIRST.ids(_matching(workspace_id, filters))
    rows = (
        select(AuditEvent, User)
        .outerjoin(User, User.id == AuditEvent.user_id)
        .options(joinedload(AuditEvent.private))
    )
    return NEWEST_FIRST.read(session, rows, ids, size=size, after=after, before=before)


def read_all(
    session: Session, workspace_id: int, filters: Filters, *, size: int = 1000
) -> Iterator[list[Entry]]:
    """All matching events, a page at a time, each page in a transaction of its own. Events that are written
    while it reads are newer than all of them."""
    after: Place | None = None
    while True:
        page = read_page(session, workspace_id, filters, size=size, after=after)
        yield entries(session, workspace_id, page.rows)
        session.rollback()
        if page.older is None:
            return
        after = page.older


def entries(session: Session, workspace_id: int, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Entry]:
    """The entries of a page's rows, with what is looked up for all of them together."""
    subjects = [_split(event.subject) for event, _ in rows]
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for table, row_id in subjects:
        if table in NAMES:
            wanted[table].add(row_id)
    names = _names(session, workspace_id, wanted)
    moments = _moments(session, workspace_id, wanted["deletion"])
    return [
        Entry(event, user, *subject, names.get(subject), moments.get(subject))
        for (event, user), subject in zip(rows, subjects, strict=True)
    ]


def people(session: Session, workspace_id: int) -> list[tuple[int, str]]:
    """The workspace's users as pairs of id and name, by name: the choices of the filter."""
    users = select(User.id, User.name).where(User.workspace_id == workspace_id)
    return [(user_id, name) for user_id, name in session.execute(users.order_by(User.name, User.id))]


def _matching(workspace_id: int, filters: Filters) -> Select[int]:
    by_user = true() if filters.user_id is None else AuditEvent.user_id == filters.user_id
    return select(AuditEvent.id).where(
        AuditEvent.workspace_id == workspace_id,
        AuditEvent.user_id.is_(None) if filters.by_system else by_user,
        AuditEvent.action == filters.action if filters.action else true(),
        AuditEvent.at >= filters.since if filters.since else true(),
        AuditEvent.at < filters.before if filters.before else true(),
    )


def _split(subject: str) -> Subject:
    table, _, row_id = subject.partition(":")
    return table, int(row_id)


def _names(session: Session, workspace_id: int, wanted: Mapping[str, Collection[int]]) -> dict[Subject, str]:
    """The name, or number, of each subject that is there; one statement for all tables."""
    parts: list[Select[Any]] = []
    for table, ids in wanted.items():
        model, name = NAMES[table]
        of_one_table = select(literal(table), model.id, name)
        parts.append(of_one_table.where(model.id.in_(ids), filter_only(model.workspace_id == workspace_id)))
    if not parts:
        return {}
    return {(table, row_id): name for table, row_id, name in session.execute(union_all(*parts))}


def _moments(session: Session, workspace_id: int, deletions: Collection[int]) -> dict[Subject, datetime]:
    """The moments of the deletions with contacts that are still deleted."""
    if not deletions:
        return {}
    query = select(Deletion.id, Deletion.created_at).where(
        Deletion.id.in_(deletions),
        filter_only(and_(Deletion.workspace_id == workspace_id, Deletion.in_bin > 0)),
    )
    return {("deletion", row_id): moment for row_id, moment in session.execute(query)}
