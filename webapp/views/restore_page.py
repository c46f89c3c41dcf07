"""Restore Contacts: the bin as a page, filtered, paged and ticked."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.contacts.keyset import Page
from webapp.contacts.search import Amount
from webapp.extensions import db
from webapp.jobs.queries import active_job
from webapp.models import Contact, days_left
from webapp.restoring import bin as the_bin
from webapp.restoring.bin import Extent
from webapp.restoring.filters import Filters, TypedFilters, read_filters
from webapp.restoring.work import RESTORE
from webapp.web.address import address
from webapp.web.counting import counted_alone
from webapp.web.htmx import is_htmx, page_or_part, retarget
from webapp.web.paging import place_asked_for, to_cursor
from webapp.web.progress import Progress, progress_of
from webapp.web.selection import Selection, still_there, ticked_here
from webapp.web.words import amount
from webapp.words.contacts import name_of
from webapp.words.filters import describe
from webapp.words.numbers import counted

PAGE_SIZE = 50
ENDS_SOON_DAYS = 3
FILTERS = ("q", "from", "to", "deleted_by", "deletion")
ADDRESS = (*FILTERS, "after", "before")


@dataclass(frozen=True)
class BinRow:
    id: int
    name: str
    email: str
    deleted_at: datetime
    deleted_by: str
    days_left: int
    days_left_text: str
    ends_soon: bool
    selected: bool


@dataclass(frozen=True)
class FilterLine:
    """The filters as typed, with what is wrong or was cut, and in words what is in force."""

    q: str
    from_text: str
    to_text: str
    deleted_by: str
    deletion: str
    errors: dict[str, str]
    notes: tuple[str, ...]
    any: bool
    valid: bool
    words: list[str]


@dataclass(frozen=True)
class RestoreSelection(Selection):
    restore_enabled: bool = False
    restore_why_not: str | None = None


@dataclass(frozen=True)
class RestoreView:
    filters: FilterLine
    deleters: list[tuple[int, str]]
    rows: list[BinRow]
    older: str | None
    newer: str | None
    matching: Amount
    # Where the exact number is had, if `matching` is not it.
    count_at: str | None
    all_label: str
    all_enabled: bool
    all_why_not: str | None
    selection: RestoreSelection
    show_selected: bool
    running: Progress | None
    empty: str | None
    now: datetime


def restore_page() -> ResponseReturnValue:
    """The page, or for htmx its table."""
    return answer()


def restore_selection() -> ResponseReturnValue:
    """The selection bar alone; once the job that the page was watching has ended, all of the results."""
    view = look(bar_only=True)
    if request.args.get("watching") and view.running is None:
        view = look()
        response = retarget(Response(render_template("restore/_results.html", view=view)), "#results")
        # The first page again: the one that was open may have come back whole.
        response.headers["HX-Replace-Url"] = address("restore_page", ADDRESS, first_page=view.newer is None)
        return response
    return Response(render_template("restore/_bar.html", view=view), 200 if view.selection.ok else 422)


def restore_count() -> ResponseReturnValue:
    """How many match, counted to the last one: the page asks for it where it could not wait for that."""
    session = db.session()
    extent = Extent(current_user.workspace_id, as_of=read_clock(session))
    typed, _ = read_asked_filters(extent)
    if typed.meaning is None:
        abort(422, "Correct the search first: nothing was counted.")
    filters = typed.meaning

    def count() -> str:
        matching = Amount(the_bin.count(session, extent, filters))
        label = _all_label(matching, typed)
        return render_template("restore/_count.html", matching=matching, all_label=label)

    return counted_alone(count)


def answer(*, message: str | None = None, status: int = 200) -> ResponseReturnValue:
    """The page as asked for; with `message` in its selection bar, because something was refused."""
    view = look(message=message)
    if not view.filters.valid or not view.selection.ok:
        status = 422
    response = page_or_part("restore/page.html", "restore/_results.html", view=view, status=status)
    # Replaced, not pushed: a filter that is being typed is no step that Back should undo.
    response.headers["HX-Replace-Url"] = address("restore_page", ADDRESS, first_page=view.newer is None)
    return response


def refuse(message: str, status: int = 422) -> ResponseReturnValue:
    """Say in the selection bar why nothing was asked; filters and ticks stay as they are."""
    if not is_htmx():
        return answer(message=message, status=status)
    view = look(message=message, bar_only=True)
    return retarget(Response(render_template("restore/_bar.html", view=view), status), "#selection-bar")


def read_asked_filters(extent: Extent) -> tuple[TypedFilters, list[tuple[int, str]]]:
    """The filters of this request, and the people by whom one can filter."""
    people = the_bin.deleters(db.session(), extent)
    typed = read_filters(request.args, zone=current_user.workspace.zone, now=extent.as_of)
    if typed.meaning and typed.meaning.deleted_by not in (None, *(person for person, _ in people)):
        error = {"deleted_by": "Nobody of this name has deleted contacts in the last 30 days."}
        typed = replace(typed, meaning=None, errors=error)
    return typed, people


def look(*, message: str | None = None, bar_only: bool = False) -> RestoreView:
    """Everything the page shows, as the address asks for it; without the rows if only the bar is drawn."""
    session = db.session()
    now = read_clock(session)
    extent = Extent(current_user.workspace_id, as_of=now)
    typed, people = read_asked_filters(extent)
    filters = typed.meaning or Filters()

    ids, complaint = ticked_here()
    in_bin = the_bin.among(session, extent, filters, ids)
    ids, gone = still_there(ids, list(in_bin))
    show_selected = request.args.get("show") == "selected" and bool(ids)

    after, before = place_asked_for("after"), place_asked_for("before")
    page, matching = Page([], None, None), _matching_on_page() if bar_only else None
    if not typed.valid:
        matching = Amount(0)
    elif matching is None:
        page = the_bin.read_page(session, extent, filters, size=PAGE_SIZE, after=after, before=before)
        matching = Amount.on(page, PAGE_SIZE)
    if typed.valid and show_selected and not bar_only:
        page = the_bin.read_these(session, extent, ids)
    rows = [_row(contact, by, now, contact.id in ids) for contact, by in page.rows]
    shown = {row.id for row in rows}
    job = active_job(session, current_user.workspace_id, RESTORE.group)
    running = progress_of(job, now) if job else None
    waits = f"{running.requested_by} is restoring contacts. One restore runs at a time." if running else None
    selection = Selection(
        ids=ids,
        elsewhere=[contact_id for contact_id in ids if contact_id not in shown],
        hidden_by_filter=sum(not (in_bin[contact_id] and typed.valid) for contact_id in ids),
        message=message or complaint or gone,
        ok=complaint is None,
    )
    return RestoreView(
        filters=_filter_line(typed, dict(people)),
        deleters=people,
        rows=rows,
        older=to_cursor(page.older),
        newer=to_cursor(page.newer),
        matching=matching,
        count_at=None if matching.exact else address("restore_count", FILTERS),
        all_label=_all_label(matching, typed),
        all_enabled=not running and matching.number > 0,
        all_why_not=waits or _why_not_all(matching, typed),
        selection=_with_button(selection, waits),
        show_selected=show_selected,
        running=running,
        empty=None if rows or not typed.valid else "no_match" if typed.any else "none",
        now=now,
    )


def _row(contact: Contact, by: str | None, now: datetime, selected: bool) -> BinRow:
    assert contact.deleted_at is not None
    left = days_left(contact.deleted_at, now)
    return BinRow(
        id=contact.id,
        name=name_of(contact),
        email=contact.email or "",
        deleted_at=contact.deleted_at,
        deleted_by=by or "—",
        days_left=left,
        days_left_text=f"{counted(left, 'day')} left" if left else "less than a day left",
        ends_soon=left <= ENDS_SOON_DAYS,
        selected=selected,
    )


def _filter_line(typed: TypedFilters, people: dict[int, str]) -> FilterLine:
    in_force = typed.meaning or Filters()
    return FilterLine(
        q=typed.q[:1000],
        from_text=typed.from_text[:40],
        to_text=typed.to_text[:40],
        deleted_by=typed.deleted_by[:40],
        deletion=typed.deletion[:40],
        errors=dict(typed.errors),
        notes=typed.notes,
        any=typed.any,
        valid=typed.valid,
        words=describe(in_force, zone=current_user.workspace.zone, people=people),
    )


def _matching_on_page() -> Amount | None:
    """The number that the page shows already: a tick sends it along, and nothing is counted again for it."""
    shown = re.fullmatch("([0-9]{1,9})([+]?)", request.args.get("matching", ""), re.ASCII)
    return Amount(int(shown[1]), exact=not shown[2]) if shown else None


def _all_label(matching: Amount, typed: TypedFilters) -> str:
    if not typed.valid:
        return "Restore all contacts"
    return f"Restore all contacts ({amount(matching)}{' matching' if typed.any else ''})"


def _why_not_all(matching: Amount, typed: TypedFilters) -> str | None:
    if not typed.valid:
        return "Correct the search first."
    if not matching.number:
        return "No contact matches." if typed.any else "There is nothing to restore."
    return None


def _with_button(selection: Selection, waits: str | None) -> RestoreSelection:
    """The selection, with whether "Restore Contact(s)" can be pressed, and if not, why."""
    why_not = waits
    if selection.over_limit:
        why_not = why_not or f"Select at most {selection.limit} contacts, or use “Restore all contacts”."
    elif not selection.count:
        why_not = why_not or "Select contacts first."
    return RestoreSelection(**vars(selection), restore_enabled=why_not is None, restore_why_not=why_not)
