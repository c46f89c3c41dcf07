"""Notices about deletions on the overview: shown to admins until they dismiss them."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.models.notice_seen import NoticeKind
from webapp.numbers import whole_number
from webapp.restoring import notices as domain
from webapp.restoring.numbers import write_numbers
from webapp.views.bundles import restore_href
from webapp.web.address import local_path
from webapp.web.dates import account_dates
from webapp.web.htmx import is_htmx
from webapp.web.sessions import request_time
from webapp.words import notices as words

# The kinds that this page shows and dismisses.
KINDS = {str(NoticeKind.DELETION): NoticeKind.DELETION, str(NoticeKind.EXPIRY): NoticeKind.EXPIRY}


@dataclass(frozen=True)
class DeletionNotice:
    """A notice, for its template. `undo_href` is set for the reader's own deletion."""

    kind: str
    number: int
    sentence: str
    more: str
    see_href: str
    undo_href: str | None

    @property
    def expires(self) -> bool:
        return self.kind == NoticeKind.EXPIRY

    @property
    def id(self) -> str:
        return "expiring-deletion" if self.expires else "large-deletion"


@dataclass(frozen=True)
class DeletionNotices:
    """The notices, and the address of the page that shows them."""

    notices: list[DeletionNotice]
    back: str


def deletion_notices(back: str) -> DeletionNotices:
    """The notices for the signed-in user, on the page `back`; none for one who may not restore."""
    if not current_user.may_restore:
        return DeletionNotices([], back)
    session, now = db.session(), request_time()
    found = domain.notices(session, current_user.workspace_id, reader=current_user.id, now=now)
    return DeletionNotices([_shown(notice, now, back) for notice in found], back)


def dismiss() -> ResponseReturnValue:
    """Remember that the user has seen a notice, and show the page that `then` names, or that showed it."""
    kind, number = KINDS.get(request.form.get("kind", "")), whole_number(request.form.get("number", ""))
    if kind is None or number is None:
        abort(422, "This notice is not known. Reload the page. Nothing was changed.")
    session, user_id, workspace_id = db.session(), current_user.id, current_user.workspace_id
    known = domain.mark_seen(
        session, user_id=user_id, workspace_id=workspace_id, kind=kind, number=number, now=read_clock(session)
    )
    if not known:
        abort(404, "This notice is not known. Reload the page. Nothing was changed.")
    back = local_path(request.form.get("back")) or url_for("overview")
    if is_htmx():
        return show(deletion_notices(back))
    return redirect(local_path(request.form.get("then")) or back, 303)


def show(deletions: DeletionNotices) -> Response:
    """The notices alone."""
    return make_response(render_template("contacts/_notices.html", deletions=deletions))


def _shown(notice: domain.Notice, now: datetime, back: str) -> DeletionNotice:
    bundle, dates = notice.bundle, account_dates()
    is_own = bundle.user_id == current_user.id
    expires = notice.kind == NoticeKind.EXPIRY
    told = (
        words.expiring(notice, dates=dates, now=now, is_own=is_own)
        if expires
        else words.deleted(notice, dates=dates, now=now, is_own=is_own)
    )
    undo = url_for("confirm_all", deletion=write_numbers(bundle.numbers), back=back)
    return DeletionNotice(
        kind=str(notice.kind),
        number=bundle.number,
        sentence=told[0],
        more=told[1],
        see_href=restore_href(bundle),
        undo_href=undo if is_own and not expires else None,
    )
