"""Deleting all contacts that match: the dialog, which freezes what is meant, and the start of the job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.contacts import find
from webapp.contacts.delete import BIN_JOBS, Consequences, preview_deletion
from webapp.contacts.delete_scope import AllMatching, freeze_scope, scope_of
from webapp.contacts.delete_work import DELETE, start, started
from webapp.extensions import db
from webapp.forms.typed_number import typed_number
from webapp.jobs.queries import active_job
from webapp.views.overview import LiveContacts
from webapp.web import browse
from webapp.web.address import CURSORS, address, local_path
from webapp.web.counting import in_turn
from webapp.web.dialogs import leave_for, show_dialog
from webapp.web.errors import error as refuse_with
from webapp.web.htmx import page_or_part
from webapp.web.job_address import job_href
from webapp.web.late import late_part
from webapp.web.progress import Progress, progress_of
from webapp.web.selection import read_selected_ids
from webapp.web.signing import ScopeForged, confirmed, freeze
from webapp.web.starting import begin
from webapp.words import deleting as words
from webapp.words.numbers import counted
from webapp.worker.services import services

# More than so many are confirmed by typing their number.
TYPED_FROM = 1_000
# The dialog has the deals of so many contacts at once; those of more arrive later.
SOON = 2_000
INCOMPLETE = "This confirmation is incomplete. Open it again. Nothing was changed."
TOO_OLD = "This has been open for more than 30 minutes. Nothing was deleted. Check it again."
CHECK_FIRST = "Correct the search first. Nothing was changed."


# The request that a dialog has signed.
Asked = Mapping[str, Any]


@dataclass(frozen=True)
class Deals:
    """What becomes of the deals, for its template: sentences, none before they are known."""

    token: str
    contacts: int
    lines: list[str] | None = None
    took_too_long: bool = False


@dataclass(frozen=True)
class DeleteManyQuestion:
    """The dialog before a bulk deletion, for its template. `action` is the address that it is sent to, `here`
    the entry in the navigation, `back` the target of Cancel."""

    title: str
    scope: str
    lines: list[str]
    total: int
    token: str
    action: str
    back: str
    here: str
    error: str | None = None
    running: Progress | None = None
    # Whether the user may see the page of the job that runs.
    can_see_running: bool = False
    # What was typed as the number, if it was wrong.
    typed: str | None = None
    deals: Deals | None = None

    @property
    def is_typed(self) -> bool:
        """Whether the number has to be typed."""
        return self.total > TYPED_FROM


@in_turn()
def confirm_delete_all() -> ResponseReturnValue:
    """The dialog for all contacts that match the overview's filters."""
    listing = LiveContacts.from_request()
    if listing.errors:
        return browse.refuse(listing, CHECK_FIRST)
    session = db.session()
    scope = freeze_scope(session, listing.wanted, read_clock(session), listing.filter_names)
    total = find.count(session, scope.wanted)
    if not total:
        return browse.refuse(listing, "No contact matches. Nothing was changed.")
    back = address(LiveContacts.endpoint, LiveContacts.filters + CURSORS, selected=read_selected_ids()[0])
    return ask(_question(scope, total, back))


def delete_all() -> ResponseReturnValue:
    """Start the job and go to its page. A form that is sent twice starts one job."""
    back = local_path(request.form.get("back")) or url_for(LiveContacts.endpoint)

    def about(asked: Asked) -> DeleteManyQuestion:
        return _question(_scope(asked), asked["total"], back)

    def anew(asked: Asked) -> DeleteManyQuestion:
        scope, session = _scope(asked), db.session()
        frozen = freeze_scope(session, scope.wanted, read_clock(session), scope.names)
        return _question(frozen, find.count(session, frozen.wanted), back)

    return start_confirmed(_is_about_filters, about, anew)


def deals() -> ResponseReturnValue:
    """What becomes of the deals of very many contacts: a part that arrives in the open dialog, or a page."""
    try:
        asked = confirmed(DELETE.kind, request.args.get("scope", "")).request
    except ScopeForged:
        abort(400, "This confirmation is incomplete. Open it again.")
    if not _is_about_filters(asked):
        abort(400, "This confirmation is incomplete. Open it again.")
    scope = _scope(asked)
    token, total = request.args["scope"], asked["total"]

    def show(shown: Deals) -> Response:
        return page_or_part(
            "contacts/delete_deals.html", "contacts/_delete_deals.html", deals=shown, title=_title(total)
        )

    return late_part(
        lambda: show(Deals(token, total, _deal_lines(scope))),
        lambda: show(Deals(token, total, took_too_long=True)),
    )


def ask(question: DeleteManyQuestion, status: int = 200) -> Response:
    """The dialog. While a job of the group runs, its link stands in the place of the button."""
    session = db.session()
    active = active_job(session, current_user.workspace_id, BIN_JOBS)
    if active is not None:
        question = replace(
            question,
            running=progress_of(active, read_clock(session)),
            can_see_running=current_user.may_restore or active.requested_by == current_user.id,
        )
        status = 409 if status == 200 else status
    return show_dialog(
        "contacts/_delete_many.html",
        here=question.here,
        status=status,
        title=question.title,
        question=question,
        deals=question.deals,
    )


def start_confirmed(
    fits: Callable[[Asked], bool],
    about: Callable[[Asked], DeleteManyQuestion],
    anew: Callable[[Asked], DeleteManyQuestion],
) -> ResponseReturnValue:
    """Start what the form of a dialog confirms, if it `fits` the address that it was sent to. `about` makes
    the question about it once more, `anew` one about how things are now."""
    session, s = db.session(), services()
    token, typed = request.form.get("scope", ""), request.form.get("number", "")
    try:
        confirmation = confirmed(DELETE.kind, token)
    except ScopeForged:
        return refuse_with(400, INCOMPLETE)
    asked = confirmation.request
    if not fits(asked):
        return refuse_with(400, INCOMPLETE)
    if job := started(session, current_user.workspace_id, confirmation.key):
        return leave_for(job_href(job))
    if confirmation.is_old(read_clock(session)):
        with in_turn():
            return ask(replace(anew(asked), error=TOO_OLD), 409)
    if asked["total"] > TYPED_FROM and typed_number(typed) != asked["total"]:
        return ask(replace(about(asked), token=token, typed=typed[:40]), 422)
    return begin(
        lambda: start(
            session,
            s.lock,
            s.doorbell.ring,
            workspace_id=current_user.workspace_id,
            request={name: value for name, value in asked.items() if name not in ("total", "all")},
            total=asked["all"],
            key=confirmation.key,
            requested_by=current_user.id,
        ),
        lambda sentence, status: ask(replace(about(asked), token=token, error=sentence), status),
        group=DELETE.group,
        key=confirmation.key,
    )


def frozen_token(scope: Mapping[str, Any], *, total: int, every: int) -> str:
    """The request of a scope, signed for the form: `total` contacts would be deleted of `every` one that the
    job meets."""
    return freeze(DELETE.kind, {**scope, "total": total, "all": every}, read_clock(db.session()))


def _is_about_filters(asked: Asked) -> bool:
    return "wanted" in asked


def _scope(asked: Asked) -> AllMatching:
    scope = scope_of(asked)
    assert isinstance(scope, AllMatching)
    return scope


def _question(scope: AllMatching, total: int, back: str) -> DeleteManyQuestion:
    phrase = words.scope_phrase(scope)
    token = frozen_token(scope.to_request(), total=total, every=total)
    return DeleteManyQuestion(
        title=_title(total),
        scope=f"{phrase[0].upper()}{phrase[1:]}.",
        lines=[
            words.restorable(total),
            "Contacts that are added, changed or restored from now on stay.",
        ],
        total=total,
        token=token,
        action=url_for("delete_all"),
        back=back,
        here="overview",
        deals=Deals(token, total, _deal_lines(scope) if total <= SOON else None),
    )


def _title(total: int) -> str:
    return f"Delete {counted(total, 'contact')}?"


def _deal_lines(scope: AllMatching) -> list[str]:
    foreseen: Consequences = preview_deletion(
        db.session(), workspace_id=current_user.workspace_id, which=scope.wanted.ids()
    )
    return words.deals(foreseen)
