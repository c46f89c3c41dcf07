"""The links in messages: unsubscribing and confirming, without signing in.

Opening a link changes nothing, because scanners follow links; only a POST does. Neither POST needs a CSRF
token: the signed token in its address is the permission, it is secret to the one who got the message, and no
session takes part, so that a form of another site could do no more than a person who has the link.
"""

from flask import Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import csrf, db
from webapp.marketing.confirmations import Confirmed, confirm
from webapp.marketing.links import Link, LinkKind, read_token
from webapp.marketing.refusals import Refused, unsubscribe
from webapp.models import MailingList, Workspace
from webapp.worker.services import services

NOT_OURS = "This link was edited or cut off. Open it from the message again. Nothing was changed."
EVERYTHING = "everything"


def ask_unsubscribe(token: str) -> ResponseReturnValue:
    """The page with the buttons."""
    return _page("links/unsubscribe.html", _read(LinkKind.UNSUBSCRIBE, token), link_token=token, done=None)


def unsubscribe_now(token: str) -> ResponseReturnValue:
    """Unsubscribe: the page's buttons, or the one click of a mail program (RFC 8058), which is from the
    list. Done twice, it does nothing more."""
    link = _read(LinkKind.UNSUBSCRIBE, token)
    everything = request.form.get("from") == EVERYTHING or link.list_id is None
    session = db.session()
    who = Refused(link.workspace_id, link.address_hash, link.contact_id)
    with write_transaction(session):
        now = read_clock(session)
        unsubscribe(session, who, list_id=None if everything else link.list_id, now=now)
    return _page("links/unsubscribe.html", link, link_token=token, done=EVERYTHING if everything else "list")


def ask_confirm(token: str) -> ResponseReturnValue:
    """The page with the button."""
    return _page("links/confirm.html", _read(LinkKind.CONFIRM, token), link_token=token, done=None)


def confirm_now(token: str) -> ResponseReturnValue:
    """Confirm. Done twice, it does nothing more."""
    link = _read(LinkKind.CONFIRM, token)
    session = db.session()
    with write_transaction(session):
        done = confirm(session, link, now=read_clock(session))
    if done == Confirmed.SUBSCRIBED:
        # It wakes the list's automations.
        services().doorbell.ring_for_due()
    status = 200 if done == Confirmed.SUBSCRIBED else 409
    return _page("links/confirm.html", link, link_token=token, done=done, status=status)


csrf.exempt(unsubscribe_now)
csrf.exempt(confirm_now)


def _read(kind: LinkKind, token: str) -> Link:
    return read_token(db.session(), kind, token) or abort(404, NOT_OURS)


def _page(template: str, link: Link, *, status: int = 200, **context: object) -> Response:
    session = db.session()
    workspace = session.get_one(Workspace, link.workspace_id)
    mailing_list = session.get(MailingList, link.list_id) if link.list_id else None
    if mailing_list is not None and mailing_list.workspace_id != workspace.id:
        mailing_list = None
    response = make_response(
        render_template(
            template,
            sender=workspace.sender_name or workspace.name,
            list_name=mailing_list.name if mailing_list else None,
            **context,
        ),
        status,
    )
    # The address is the permission: it goes to no other site.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
