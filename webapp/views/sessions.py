"""The browsers in which a person is signed in, and ending their sessions."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.models import SignIn
from webapp.people.sessions import end_own, open_sessions
from webapp.web.sessions import note_use, own_session
from webapp.words.browsers import browser_words
from webapp.words.numbers import counted

# A person has a few. The others can be ended together.
MOST = 50


@dataclass(frozen=True)
class SessionRow:
    """One session, for its template. `account` is empty while none is chosen."""

    id: int
    browser: str
    account: str
    began_at: datetime
    seen_at: datetime
    is_here: bool
    is_proved: bool


def sessions() -> ResponseReturnValue:
    """The page that lists the person's open sessions, this one first."""
    session, here = db.session(), own_session()
    now = read_clock(session)
    found = open_sessions(session, here.person_id, now, limit=MOST + 1)
    rows = [_row(each, here) for each in found if each.id != here.id]
    return render_template(
        "sessions/page.html",
        rows=[_row(here, here), *rows[: MOST - 1]],
        others=len(rows),
        has_more=len(rows) >= MOST,
        now=now,
    )


def in_use() -> ResponseReturnValue:
    """A page says that its user types in it, which no other request tells. Without a session the answer is
    the same: a page that was open for too long keeps what was typed."""
    if current_user.is_authenticated:
        note_use()
    return Response(status=204)


def end_one(sign_in_id: int) -> ResponseReturnValue:
    """End one of the person's sessions. Answers 404 to one that is not theirs, or has ended."""
    return _end(sign_in_id)


def end_others() -> ResponseReturnValue:
    """End all of the person's sessions but this one."""
    return _end(None)


def _end(sign_in_id: int | None) -> ResponseReturnValue:
    session, here = db.session(), own_session()
    if sign_in_id == here.id:
        # The button "Sign out" does that.
        abort(422, "This is the session that you are using. Sign out to end it.")
    with write_transaction(session):
        now, network_address = read_clock(session), request.remote_addr
        ended = end_own(
            session, here.person_id, sign_in_id, but=here.id, now=now, network_address=network_address
        )
    if sign_in_id is not None and not ended:
        abort(404, "This session has ended already. Nothing was changed.")
    if ended:
        flash(f"{counted(ended, 'session').capitalize()} ended.", "success")
    else:
        flash("There is no other session.", "info")
    return redirect(url_for("sessions"), 303)


def _row(each: SignIn, here: SignIn) -> SessionRow:
    return SessionRow(
        id=each.id,
        browser=browser_words(each.browser),
        account=each.user.workspace.name if each.user else "",
        began_at=each.began_at,
        seen_at=each.seen_at,
        is_here=each.id == here.id,
        is_proved=each.proved_at is not None,
    )
