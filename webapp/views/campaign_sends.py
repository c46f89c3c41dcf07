"""What becomes of a written campaign: trying it on oneself, sending it, deleting it."""

from collections.abc import Callable
from datetime import datetime

from flask import abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from webapp.catalogue.lookup import name_of
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.marketing import drafting
from webapp.marketing.browse import COUNTED, count_messages
from webapp.marketing.drafting import NotWritten
from webapp.models import MailingList
from webapp.models.campaign import SendState
from webapp.views.campaigns import own_campaign, person, refused_for, seen_version
from webapp.web.dialogs import leave_for
from webapp.web.question import Question, ask
from webapp.words.campaigns import amount_words
from webapp.words.isolation import isolated
from webapp.words.numbers import counted
from webapp.worker.services import services


def try_out(campaign_id: int) -> ResponseReturnValue:
    """Send the stored text to the user."""
    session, workspace_id, user = db.session(), current_user.workspace_id, current_user
    user_id, email = user.id, user.email
    try:
        with write_transaction(session):
            drafting.try_out(
                session, campaign_id, workspace_id=workspace_id, user_id=user_id, now=read_clock(session)
            )
    except NotWritten as refused:
        return refused_for(refused, campaign_id)
    services().doorbell.ring_for_due()
    flash(f"A test message to {email} is on its way.", "success")
    return redirect(url_for("campaign", campaign_id=campaign_id), 303)


def confirm_send(campaign_id: int) -> ResponseReturnValue:
    """The dialog that says to whom the campaign would go."""
    found, session = own_campaign(campaign_id), db.session()
    if found.sent_at is not None:
        return refused_for(NotWritten(drafting.ALREADY_SENT), campaign_id)
    if not drafting.is_complete(session, found):
        return refused_for(NotWritten(drafting.INCOMPLETE), campaign_id)
    count = drafting.recipients(session, found, most=COUNTED)
    if count == 0:
        return refused_for(NotWritten(drafting.NO_RECIPIENT), campaign_id)
    name = isolated(name_of(session, MailingList, found.workspace_id, found.list_id) or "")
    return ask(
        Question(
            title=f"Send to {amount_words(count, COUNTED, 'contact')}?",
            lines=[
                f"“{isolated(found.subject)}” goes to the contacts who are Subscribed to “{name}”.",
                "Each gets it once. It cannot be called back.",
            ],
            action=url_for("send_campaign", campaign_id=campaign_id),
            button="Send",
            back=url_for("campaign", campaign_id=campaign_id),
            here="campaigns",
            fields={"version": str(found.version)},
        )
    )


def send(campaign_id: int) -> ResponseReturnValue:
    """Send the campaign to its list, once."""

    def launch(session: Session, now: datetime) -> int:
        return drafting.launch(session, campaign_id, version=seen, now=now, **by)

    by, seen = person(), seen_version()
    return _act(campaign_id, launch, lambda count: f"{counted(count, 'message')} will be sent now.")


def confirm_delete(campaign_id: int) -> ResponseReturnValue:
    """The dialog that says what is lost."""
    found = own_campaign(campaign_id)
    waiting = count_messages(db.session(), campaign_id)[SendState.PENDING] if found.sent_at else 0
    lines = ["Its text is lost. Messages that were sent stay in the outbox."]
    if waiting:
        wait = "waits" if waiting == 1 else "wait"
        lines.append(f"{amount_words(waiting, COUNTED, 'message')} that still {wait} will not be sent.")
    return ask(
        Question(
            title=f"Delete the campaign “{isolated(found.name)}”?",
            lines=lines,
            action=url_for("delete_campaign", campaign_id=campaign_id),
            button="Delete",
            back=url_for("campaign", campaign_id=campaign_id),
            here="campaigns",
            is_dangerous=True,
        )
    )


def delete(campaign_id: int) -> ResponseReturnValue:
    """Delete the campaign. A second identical request answers that it is not there."""
    session, by = db.session(), person()
    with write_transaction(session):
        deleted = drafting.delete_campaign(session, campaign_id, now=read_clock(session), **by)
    if not deleted:
        abort(404)
    flash("Campaign deleted.", "success")
    return leave_for(url_for("campaigns"))


def _act(
    campaign_id: int, act: Callable[[Session, datetime], int], say: Callable[[int], str]
) -> ResponseReturnValue:
    session = db.session()
    try:
        with write_transaction(session):
            count = act(session, read_clock(session))
    except NotWritten as refused:
        return refused_for(refused, campaign_id)
    services().doorbell.ring_for_due()
    flash(say(count), "success")
    return leave_for(url_for("campaign", campaign_id=campaign_id))
