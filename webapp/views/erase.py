"""Deleting for ever: the dialog, which asks for the number of contacts to be typed, and the start."""

from dataclasses import dataclass

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from webapp.clock import read_clock
from webapp.contacts.delete import BIN_JOBS
from webapp.extensions import db
from webapp.jobs.queries import active_job
from webapp.models import Contact
from webapp.purging.erase_work import ERASE, NothingToErase, SelectionChanged, already_started, start
from webapp.purging.scope import EraseQuestion, about_again, about_matching, about_these, as_it_was
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.named import deleter_named, deletions_named
from webapp.restoring.recycle_bin import WALK
from webapp.restoring.scope import Scope
from webapp.views.restore_page import ADDRESS, read_requested_filters, refuse
from webapp.web.address import address, local_path
from webapp.web.counting import in_turn
from webapp.web.dates import account_dates
from webapp.web.dialogs import show_dialog
from webapp.web.errors import error as refuse_with
from webapp.web.progress import Progress, progress_of
from webapp.web.selection import read_selected_ids
from webapp.web.signing import ScopeForged, confirmed, freeze
from webapp.web.starting import begin
from webapp.words import purging as words
from webapp.words.contacts import name_of
from webapp.words.restoring import scope_words
from webapp.words.typed_number import read_number
from webapp.worker.services import services

# The dialog names so many of the selected contacts.
NAMED = 5
# Of what was typed, so much is shown again.
LONGEST_TYPED = 40

TOO_OLD = "This has been open for more than 30 minutes. Nothing was deleted. Check it again."
CHANGED = "This has changed since you opened it. Nothing was deleted. Check it again."
NOTHING_LEFT = "None of these contacts is among the deleted ones any more. Nothing was changed."


@dataclass(frozen=True)
class EraseShown:
    """The dialog, for its template. While `running` is active nothing is offered."""

    title: str
    scope: str
    lines: list[str]
    number: int
    token: str
    back: str
    error: str | None
    # What was typed, and why it is not the number.
    typed: str
    wrong: str | None
    running: Progress | None


@in_turn()
def confirm_erase() -> ResponseReturnValue:
    """The dialog for the selected contacts; where none is selected, for all that match the filters."""
    session, workspace_id = db.session(), current_user.workspace_id
    ids, complaint = read_selected_ids()
    if complaint:
        return refuse(complaint)
    now = read_clock(session)
    if ids:
        question = about_these(session, workspace_id, ids, now)
        return show(question) if question.any else refuse("None of the selected contacts is still deleted.")
    typed = read_requested_filters(BinWindow(workspace_id, as_of=now))
    if typed.meaning is None:
        return refuse("Correct the search first. Nothing was changed.")
    question = about_matching(session, workspace_id, typed.meaning, now)
    return show(question) if question.any else refuse("No deleted contact matches.")


def erase() -> ResponseReturnValue:
    """Start what the dialog confirms and go to its page. A form that is sent twice starts one job."""
    session, s = db.session(), services()
    try:
        request_of = confirmed(ERASE.kind, request.form.get("scope", "")).request
        scope, merged = Scope.from_dict(request_of["scope"]), int(request_of["merged"])
    except (ScopeForged, KeyError, TypeError, ValueError):
        return refuse_with(400, "This confirmation is incomplete. Open it again. Nothing was changed.")
    # A confirmation that has been used leads to its job, however old it is.
    if already_started(session, scope) is None:
        if scope.is_old(read_clock(session)):
            return _ask_again(scope, TOO_OLD)
        typed = request.form.get("typed", "")
        if read_number(typed) != scope.expected:
            return show(as_it_was(session, scope), wrong=words.wrong_number(scope.expected), status=422)
    try:
        return begin(
            lambda: start(
                session,
                s.lock,
                s.doorbell.ring,
                scope=scope,
                total=scope.expected + merged,
                requested_by=current_user.id,
            ),
            lambda sentence, status: show(as_it_was(session, scope), error=sentence, status=status),
            group=ERASE.group,
            key=scope.key,
        )
    except (SelectionChanged, NothingToErase):
        return _ask_again(scope, CHANGED)


@in_turn()
def _ask_again(scope: Scope, why: str) -> ResponseReturnValue:
    """The dialog for what `scope` meant, as it is now."""
    question = about_again(db.session(), scope, read_clock(db.session()))
    if not question.any:
        return refuse_with(409, NOTHING_LEFT, back=(_back(scope), "See deleted contacts"))
    return show(question, error=why, status=409)


def show(
    question: EraseQuestion, *, error: str | None = None, wrong: str | None = None, status: int = 200
) -> Response:
    """The dialog for `question`. While a job has the deleted contacts, a link to it replaces the button."""
    session, scope = db.session(), question.scope
    now = read_clock(session)
    active = active_job(session, scope.workspace_id, BIN_JOBS)
    shown = EraseShown(
        title=words.erase_title(scope),
        scope=_who_goes(scope),
        lines=words.erase_lines(scope.expected, question.merged),
        number=scope.expected,
        token=freeze(ERASE.kind, {"scope": scope.to_dict(), "merged": question.merged}, now),
        back=_back(scope),
        error=error,
        typed=request.form.get("typed", "")[:LONGEST_TYPED] if wrong else "",
        wrong=wrong,
        running=progress_of(active, now) if active else None,
    )
    if shown.running and status == 200:
        status = 409
    return show_dialog(
        "restore/_erase.html", here="restore_page", title=shown.title, question=shown, status=status
    )


def _back(scope: Scope) -> str:
    """The page that the dialog was opened on, with filters and selection."""
    return local_path(request.values.get("back")) or address(
        "restore_page", ADDRESS, selected=read_selected_ids()[0] or scope.ids
    )


def _who_goes(scope: Scope) -> str:
    """The selected contacts by name, or the filters in words."""
    session = db.session()
    if scope.filters is None:
        first = select(Contact).where(Contact.id.in_(scope.ids)).order_by(*WALK.order).limit(NAMED)
        return words.people_words([name_of(contact) for contact in session.scalars(first)], scope.expected)
    return scope_words(
        scope,
        dates=account_dates(),
        people=deleter_named(session, scope.workspace_id, scope.filters.deleted_by),
        deletions=deletions_named(session, scope.workspace_id, scope.filters.deletion),
        now=read_clock(session),
    )
