"""The recycle bin: contacts deleted within the last 30 days, not merged, whose deletion is complete."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, and_, func, select, true
from sqlalchemy.orm import Session, load_only

from webapp.contacts.found import Finder, Found, read_found
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.matching import contact_matches
from webapp.contacts.search import SCAN_LIMIT, Search, matching_contacts, with_text
from webapp.contacts.walk import Walk, read_places, sort
from webapp.database import id_table
from webapp.models import Contact, Deletion, User
from webapp.models.base import filter_only, is_one_of
from webapp.restoring.bin_window import BinWindow, window_of
from webapp.restoring.filters import Filters
from webapp.restoring.scope import Scope
from webapp.restoring.ways import way_of

# The order of the page of deleted contacts and of a restore's walk: last deleted first.
WALK = Keyset(Contact.deleted_at, Contact.id)
# At most this many deletions are selected by their moments.
FEW_DELETIONS = 100
# What a row of the page shows of a contact.
SHOWN = load_only(*(Contact.first_name, Contact.last_name, Contact.email, Contact.deleted_at), raiseload=True)


def ids_in_scope(scope: Scope) -> Select[int]:
    """The ids of the contacts of `scope` that are in the bin now, unordered."""
    window = window_of(scope)
    return _with_ids(window, scope.ids) if scope.filters is None else matching_ids(window, scope.filters)


def _with_ids(window: BinWindow, ids: Sequence[int]) -> Select[int]:
    """The contacts among `ids` that are in the bin, each looked up by its primary key."""
    return select(Contact.id).where(Contact.id.in_(ids), _only_checked(window))


def _only_checked(window: BinWindow) -> ColumnElement[bool]:
    return filter_only(window.contacts(Filters()))


def matching_ids(window: BinWindow, filters: Filters) -> Select[int]:
    """The ids of the contacts in the bin that match `filters`, unordered."""
    return with_text(select(Contact.id).where(window.contacts(filters)), filters.has_text)


def read_page(
    session: Session,
    window: BinWindow,
    filters: Filters,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """One page of the bin, last deleted first: each contact with the name of the user who deleted it."""

    def read(ids: list[int]) -> Sequence[Row[*tuple[Any, ...]]]:
        return session.execute(_rows(window).where(Contact.id.in_(ids))).all()

    in_order, candidate_count = _in_order(session, window, filters, after)
    find = _finder(session, window, filters, in_order, is_short=candidate_count <= SCAN_LIMIT)
    page = read_found(find, read, size=size, after=after, before=before)
    return page if filters.has_text is not None else replace(page, total=candidate_count)


def read_selected(session: Session, window: BinWindow, ids: list[int]) -> Page:
    """The contacts among `ids` that are in the bin, on one page."""
    return WALK.read_all(session, _rows(window).where(Contact.id.in_(ids)))


def _rows(window: BinWindow) -> Select[Contact, str]:
    """Contacts in the bin, as far as a row shows them, with the names of the users who deleted them: for a
    statement that adds the ids."""
    by = (
        select(User.name)
        .join(Deletion, Deletion.user_id == User.id)
        .where(Deletion.id == Contact.deletion_id)
    )
    rows = select(Contact, by.correlate(Contact).scalar_subquery().label("name")).where(_only_checked(window))
    return rows.options(SHOWN)


def _in_order(
    session: Session, window: BinWindow, filters: Filters, after: Place | None
) -> tuple[Select[int], int]:
    """The ids of the contacts that match `filters`, ignoring the search text, and their number. To be read in
    the order of the walk: the statement can use no other index."""
    without_text = replace(filters, q="")
    query = select(Contact.id).where(window.by_contact(filters), window.by_deletion(filters))
    if not (filters.deletion or filters.how) and filters.deleted_by is None:
        # A deletion that is under way can have taken a million, which are no rows yet and stand first.
        begin = Contact.deleted_at <= _latest_moment(window, filters)
        return query.where(begin) if after is None else query, count(session, window, without_text)
    # Skip the contacts deleted before, after and, with few deletions, between the filtered deletions: they
    # can be a million. With many deletions the walk finds contacts soon.
    filtered = select(Deletion.created_at, Deletion.in_bin).where(
        window.deletions(filters), Deletion.in_bin > 0
    )
    found = session.execute(filtered.order_by(Deletion.created_at.desc()).limit(FEW_DELETIONS + 1)).all()
    moments = [moment for moment, _ in found]
    if len(found) > FEW_DELETIONS:
        return query.where(Contact.deleted_at <= moments[0]), count(session, window, without_text)
    candidate_count = sum(in_bin for _, in_bin in found)
    if candidate_count <= SCAN_LIMIT:
        # The moments without their range, because SQLite would walk the range.
        at_moments = select(Contact.id).where(window.at_moments(moments), window.by_deletion(filters))
        return at_moments, candidate_count
    if after is None:
        query = query.where(Contact.deleted_at <= moments[0])
    return query.where(Contact.deleted_at >= moments[-1]), candidate_count


def _latest_moment(window: BinWindow, filters: Filters) -> ScalarSelect[datetime]:
    """When the latest complete deletion was; null before the first."""
    latest = select(Deletion.created_at).where(window.deletions(filters))
    return latest.order_by(Deletion.created_at.desc()).limit(1).scalar_subquery()


def _finder(
    session: Session, window: BinWindow, filters: Filters, in_order: Select[int], *, is_short: bool
) -> Finder:
    """How the contacts that match are found, among those that do without the text; these are few if
    `is_short`."""
    candidates = in_order.with_only_columns(*WALK.columns)
    has_text = filters.has_text

    def rows(limit: int, **place: Place) -> Select[*tuple[Any, ...]]:
        return WALK.seek(candidates, limit=limit, **place)

    if has_text is None:
        return lambda *, limit, **place: Found(read_places(session, WALK, rows(limit, **place)))
    walk = Walk(session, WALK, rows, lambda near: [contact_matches(near.c.id, has_text)])
    if is_short:
        return partial(sort, session, WALK, walk.checked(SCAN_LIMIT))

    def among(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
        those = is_one_of(Contact.id, select(id_table(session, ids).c.value))
        return select(*WALK.columns).where(those, filter_only(window.contacts(replace(filters, q=""))))

    return Search(walk, partial(matching_contacts, session, has_text, window.workspace_id), among).find


def count(session: Session, window: BinWindow, filters: Filters) -> int:
    """How many contacts in the bin match `filters`.

    Without a search text this adds up the deletions' counters, a few rows; with one it can take seconds. So
    it can for a frozen scope while an undo puts contacts back, which count there and are not meant.
    """
    if not filters.is_selective and not window.has_undos_since(session):
        return int(
            session.scalar(
                select(func.coalesce(func.sum(Deletion.in_bin), 0)).where(window.deletions(filters))
            )
            or 0
        )
    return session.scalar(select(func.count()).select_from(matching_ids(window, filters).subquery())) or 0


def match_selection(session: Session, window: BinWindow, filters: Filters, ids: list[int]) -> dict[int, bool]:
    """The contacts among `ids` that are in the bin, each with whether it matches `filters`."""
    if not ids:
        return {}
    has_text = filters.has_text
    # That they are in the bin at all is asked anyway.
    fits = window.contacts(filters) if replace(filters, q="").any else true()
    if has_text is not None:
        fits = and_(fits, contact_matches(Contact.id, has_text))
    query = _with_ids(window, ids).add_columns(fits)
    return {contact_id: bool(does) for contact_id, does in session.execute(query)}


def latest_number(session: Session, workspace_id: int) -> int:
    """The number of the workspace's latest complete deletion; 0 before the first."""
    return session.scalar(select(func.max(Deletion.number)).where(Deletion.workspace_id == workspace_id)) or 0


@dataclass(frozen=True)
class Choices:
    """Who deleted contacts within the window, as pairs of id and name, and in which ways; both sorted. They
    include those whose deletions have all been restored, so that a filter stays valid after a restore."""

    people: list[tuple[int, str]]
    ways: list[str]


def choices(session: Session, window: BinWindow) -> Choices:
    """What the filters "Deleted by" and "How" offer."""
    used = (
        select(Deletion.user_id, User.name, Deletion.source)
        .outerjoin(User, User.id == Deletion.user_id)
        .where(window.deletions(Filters()))
        .distinct()
    )
    rows = session.execute(used).all()
    people = {user_id: name for user_id, name, _ in rows if user_id is not None}
    return Choices(
        people=sorted(people.items(), key=lambda person: (person[1].casefold(), person[0])),
        ways=sorted({way_of(source) for _, _, source in rows}),
    )
