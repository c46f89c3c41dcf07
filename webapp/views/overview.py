"""Contacts Overview: the live contacts, searched, paged and ticked."""

from dataclasses import dataclass, replace
from datetime import datetime

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.contacts.find import Wanted, among, count, count_at_once, profile, read_page, read_these
from webapp.contacts.keyset import Page
from webapp.contacts.normal import normal
from webapp.contacts.search import Amount
from webapp.extensions import db
from webapp.jobs.queries import find_job
from webapp.models import Contact, Deletion
from webapp.models.restore_outcome import Outcome
from webapp.restoring.filters import unsearchable
from webapp.restoring.lately import large_deletion_lately
from webapp.web.address import address
from webapp.web.counting import counted_alone
from webapp.web.htmx import is_htmx, page_or_part
from webapp.web.paging import number_asked_for, place_asked_for, to_cursor
from webapp.web.selection import Selection, still_there, ticked_here
from webapp.words.contacts import name_of

PAGE_SIZE = 50
FILTERS = ("q", "restored_by")
ADDRESS = (*FILTERS, "after", "before")


@dataclass(frozen=True)
class ContactRow:
    id: int
    name: str
    email: str
    account: str
    created_at: datetime
    selected: bool


@dataclass(frozen=True)
class OverviewView:
    q: str
    q_error: str | None
    restored_by: int | None
    rows: list[ContactRow]
    total: Amount
    # Where the exact number is had, if `total` is not it.
    count_at: str | None
    older: str | None
    newer: str | None
    selection: Selection
    show_selected: bool
    empty: str | None
    now: datetime


def overview() -> ResponseReturnValue:
    """The page, or for htmx its table."""
    return answer()


def overview_selection() -> ResponseReturnValue:
    """The selection bar alone: what is ticked now."""
    view = look(bar_only=True)
    status = 200 if view.selection.ok else 422
    return make_response(render_template("contacts/_bar.html", view=view), status)


def overview_count() -> ResponseReturnValue:
    """How many there are, counted to the last one: the page asks for it where it could not wait for that."""
    wanted, q_error = _wanted()
    if q_error:
        abort(422, q_error)
    return counted_alone(
        lambda: render_template("contacts/_count.html", total=Amount(count(db.session(), wanted)))
    )


def contact(contact_id: int) -> ResponseReturnValue:
    """One contact with what hangs on it."""
    found = profile(db.session(), current_user.workspace_id, contact_id)
    if found is None:
        abort(404)
    return render_template(
        "contacts/contact.html",
        contact=found.contact,
        name=name_of(found.contact),
        account_name=found.account_name,
        lists=[(mailing_list.name, place.status_label) for mailing_list, place in found.subscriptions],
        tags=[tag.name for tag in found.tags],
        deals=[
            {
                "title": deal.title,
                "value_text": f"{deal.value:,.2f} {deal.currency}",
                "stage": deal.stage,
                "is_primary": place.is_primary,
            }
            for deal, place in found.deals
        ],
        now=read_clock(db.session()),
    )


def answer(*, message: str | None = None, status: int = 200) -> ResponseReturnValue:
    """The overview as asked for; with `message` in its selection bar, because something was refused."""
    view = look(message=message)
    if view.q_error or not view.selection.ok:
        status = 422
    response = page_or_part(
        "contacts/overview.html",
        "contacts/_results.html",
        view=view,
        large_deletion=_to_point_at(view),
        status=status,
    )
    response.headers["HX-Replace-Url"] = address("overview", ADDRESS, first_page=view.newer is None)
    return response


def _to_point_at(view: OverviewView) -> Deletion | None:
    """The deletion that the page points at, above what an update of the table redraws."""
    if is_htmx() or view.restored_by is not None or not current_user.may_restore:
        return None
    return large_deletion_lately(
        db.session(), current_user.workspace_id, reader=current_user.id, now=view.now
    )


def _wanted() -> tuple[Wanted, str | None]:
    """Whom this request asks for, and what is wrong with its search."""
    typed = request.args.get("q", "").strip()
    q_error = unsearchable(typed)
    wanted = Wanted(current_user.workspace_id, "" if q_error else normal(typed))
    restored_by = number_asked_for("restored_by")
    if restored_by is not None:
        job = find_job(db.session(), current_user.workspace_id, restored_by)
        if job is None:
            abort(404, "There is no such restore. The address may have a typing mistake.")
        wanted = replace(wanted, restored_by=job.id, restored=job.count(Outcome.RESTORED))
    return wanted, q_error


def look(*, message: str | None = None, bar_only: bool = False) -> OverviewView:
    """Everything the overview shows, as the address asks for it; without rows if only the bar is drawn."""
    session = db.session()
    wanted, q_error = _wanted()
    everything = Wanted(current_user.workspace_id)

    ids, complaint = ticked_here()
    ids, gone = still_there(ids, among(session, everything, ids))
    show_selected = request.args.get("show") == "selected" and bool(ids)
    page, total = Page([], None, None), Amount(0)
    after, before = place_asked_for("after"), place_asked_for("before")
    if show_selected and not (q_error or bar_only):
        page = read_these(session, current_user.workspace_id, ids)
        total = Amount(len(ids))
    elif not (q_error or bar_only):
        page = read_page(session, wanted, size=PAGE_SIZE, after=after, before=before)
        total = count_at_once(session, wanted, page, PAGE_SIZE)
    rows = [_row(contact, account, contact.id in ids) for contact, account in page.rows]
    shown = {row.id for row in rows}
    empty = None
    if not rows and not q_error:
        empty = "no_match" if wanted != everything else "none"
    return OverviewView(
        q=request.args.get("q", "").strip()[:1000],
        q_error=q_error,
        restored_by=wanted.restored_by,
        rows=rows,
        total=total,
        count_at=None if total.exact else address("overview_count", FILTERS),
        older=to_cursor(page.older),
        newer=to_cursor(page.newer),
        selection=Selection(
            ids=ids,
            elsewhere=[contact_id for contact_id in ids if contact_id not in shown],
            hidden_by_filter=len(ids) - len(among(session, wanted, ids)),
            message=message or complaint or gone,
            ok=complaint is None,
        ),
        show_selected=show_selected,
        empty=empty,
        now=read_clock(session),
    )


def _row(contact: Contact, account: str | None, selected: bool) -> ContactRow:
    return ContactRow(
        id=contact.id,
        name=name_of(contact),
        email=contact.email or "",
        account=account or "",
        created_at=contact.created_at,
        selected=selected,
    )
