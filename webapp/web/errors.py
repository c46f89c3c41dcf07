"""Every error as a page, or for htmx as a notice: what happened, that nothing was changed, what to do."""

import structlog
from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import (
    BadHost,
    HTTPException,
    InternalServerError,
    SecurityError,
    ServiceUnavailable,
)

from webapp.audit.refusals import record_refusal
from webapp.extensions import db, login_manager
from webapp.reporting import report
from webapp.time_limits import is_ended_by_limit
from webapp.web.address import local_path
from webapp.web.htmx import is_htmx, retarget

log = structlog.get_logger()

# When to try again what is refused for a moment, in seconds.
SOON = 5

SENTENCES = {
    400: ("The request was incomplete", "Go back, reload the page and try again. Nothing was changed."),
    403: ("Only admins can do this", "Ask an admin of your account, or sign in as one. Nothing was changed."),
    404: ("Page not found", "It may have been deleted, or the address has a typing mistake."),
    405: (
        "This page does not accept that request",
        "Go back and use the buttons of the page. Nothing was changed.",
    ),
    409: ("This has changed in the meantime", "Check the contacts again. Nothing was changed."),
    410: ("This is no longer kept", "It was erased when its 30 days had passed. Nothing was changed."),
    413: ("The request is too large", "Send less. Nothing was changed."),
    414: ("The address is too long", "Select or type less. Nothing was changed."),
    422: ("The input is not valid", "Check the form. Nothing was changed."),
    429: ("Too many attempts", "Wait a minute, then try again."),
    500: ("Something went wrong on our side", "Nothing was left half done. Try again later."),
    503: ("Temporarily unavailable", "Nothing was changed. Wait a few seconds and try again."),
}


TOO_SLOW = "This takes too long at the moment. Nothing was changed. Ask for less, or try again later."


def init_errors(app: Flask) -> None:
    """Register the functions below for all errors."""
    app.register_error_handler(BadHost, on_bad_host)
    app.register_error_handler(SecurityError, on_bad_host)
    app.register_error_handler(CSRFError, on_csrf_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(DBAPIError, on_database_error)
    app.register_error_handler(Exception, on_unexpected)


def error(
    status: int,
    message: str | None = None,
    *,
    title: str | None = None,
    back: tuple[str, str] | None = None,
) -> Response:
    """The page, or notice, for `status`; `title` and `message` replace the general ones.

    `back` is an address and its label, the link on the page; by default the contacts, or the sign-in page for
    users who are not signed in.
    """
    if status == 403:
        _record_refusal()
    heading, sentence = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400])
    href: str | None
    start = ("overview", "Back to contacts") if _is_signed_in() else ("sign_in", "Go to sign-in")
    href, label = back or (url_for(start[0]), start[1])
    if status == 503 and request.method == "GET":
        # A part of a page is not a page to open; the control that requested it is still there.
        href, label = (None if is_htmx() else request.full_path), "Try again"
    context = {
        "status": status,
        "title": title or heading,
        "message": message or sentence,
        "action_href": href,
        "action_label": label,
    }
    if is_htmx():
        response = make_response(render_template("errors/_notice.html", **context), status)
        response = retarget(response, "#notices")
        response.headers["HX-Reswap"] = "innerHTML"
    else:
        response = make_response(render_template("errors/page.html", **context), status)
    return with_retry_after(response) if status == 503 else response


def with_retry_after(response: Response, seconds: int = SOON) -> Response:
    """The response, which says when to try again."""
    response.headers["Retry-After"] = str(seconds)
    return response


def _record_refusal() -> None:
    """Tell the audit log who was refused what. The answer is the same if the database cannot write now."""
    if not (_is_signed_in() and request.endpoint):
        return
    try:
        record_refusal(db.session(), current_user, request.endpoint)
    except DBAPIError:
        log.error("refusal_not_recorded", endpoint=request.endpoint, exc_info=True)
        _leave_transaction()


def on_http_error(problem: HTTPException) -> Response:
    """An error that a view or the router raised, in our words."""
    if isinstance(request.routing_exception, BadHost | SecurityError):
        # What is checked before the route, such as a body, may be wrong as well.
        return on_bad_host(request.routing_exception)
    status = problem.code or 500
    # Only a sentence given to abort() is shown; those of Werkzeug are for programmers.
    ours = problem.description if problem.description != type(problem).description else None
    response = error(status, ours if status != 500 else None)
    for name, value in problem.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def on_bad_host(_problem: BadHost | SecurityError) -> Response:
    """With a host that is invalid, or not trusted, Flask cannot build an address, so the link back is written
    out."""
    return error(400, back=("/", "Back to contacts"))


def on_csrf_error(_problem: CSRFError) -> Response:
    """A form without its token, or with the token of another session."""
    if request.endpoint == "sign_in_post" and not request.cookies.get(
        current_app.config["SESSION_COOKIE_NAME"]
    ):
        return _cookies_needed()
    sentence = "This page was open for too long. Go back, reload it and try again. Nothing was changed."
    # A dialog's form carries the address with its filters and selection.
    back = local_path(request.form.get("back"))
    return error(400, sentence, back=(back, "Go back") if back else None)


def _cookies_needed() -> Response:
    """The sign-in page has set a cookie, which its form's token belongs to; the browser did not keep it."""
    sentence = (
        "Signing in needs cookies, and your browser sent none. Allow them for this site, then try again."
    )
    again = url_for("sign_in", next=local_path(request.form.get("next")))
    return error(400, sentence, back=(again, "Go to sign-in"))


def on_database_error(problem: DBAPIError) -> Response:
    """The database is unavailable or busy, or has cut the connection. This passes, so the page does not
    report a defect, as it does for every other error of the database."""
    if not (isinstance(problem, OperationalError) or problem.connection_invalidated):
        return on_unexpected(problem)
    _leave_transaction()
    if is_ended_by_limit(problem):
        log.warning("statement_took_too_long", endpoint=request.endpoint)
        return error(ServiceUnavailable.code, TOO_SLOW)
    log.error("database_unavailable", exc_info=problem)
    return error(ServiceUnavailable.code)


def on_unexpected(problem: Exception) -> Response:
    """A defect: logged in full, reported in one sentence."""
    _leave_transaction()
    log.error("request_failed", endpoint=request.endpoint, exc_info=problem)
    report(problem, endpoint=request.endpoint or "none")
    return error(InternalServerError.code)


def _leave_transaction() -> None:
    """End the broken transaction, because the error page reads the signed-in user."""
    try:
        db.session.rollback()
    except DBAPIError:
        db.session.remove()


def _is_signed_in() -> bool:
    """Whether the request has a signed-in user. If the database cannot say, the page is shown as to a user
    who is not signed in."""
    try:
        return bool(current_user.is_authenticated)
    except DBAPIError:
        log.error("user_unknown", exc_info=True)
        db.session.remove()
        g._login_user = login_manager.anonymous_user()
        return False
