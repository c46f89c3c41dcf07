"""The texts that the steps of automations send: adding one as a step, and changing one."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.lookup import find_by_name, name_of, names_to_suggest
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.campaigns import MessageForm
from webapp.marketing import building, drafting, step_texts
from webapp.marketing.building import Builder
from webapp.marketing.drafting import Draft, NotWritten
from webapp.models import Automation, Campaign, MailingList
from webapp.numbers import whole_number
from webapp.web.errors import error
from webapp.words.campaigns import refusal


def new(automation_id: int) -> ResponseReturnValue:
    """The form of a new message, which becomes the last step."""
    automation = _automation(automation_id)
    form = MessageForm(formdata=None, version=str(automation.version))
    return _page(form, automation, None)


def make(automation_id: int) -> ResponseReturnValue:
    """Add the message as the last step."""
    automation, form = _automation(automation_id), MessageForm()
    list_id = _list(form) if form.validate() else None
    if list_id is None:
        return _page(form, automation, None, status=422)
    session, workspace_id, user_id = db.session(), current_user.workspace_id, current_user.id
    version = whole_number(request.form.get("version", "")) or 0
    try:
        with write_transaction(session):
            builder = Builder(
                session, workspace_id, automation_id, version, by=user_id, now=read_clock(session)
            )
            builder.add_message(form.subject.data, form.body.data, list_id)
    except NotWritten as refused:
        if refused.code == drafting.GONE:
            abort(404)
        back = url_for("automation", automation_id=automation_id), "Back to the automation"
        return error(409, refusal(refused.code), back=back)
    flash("Message added as the last step.", "success")
    return redirect(url_for("automation", automation_id=automation_id), 303)


def message(campaign_id: int) -> ResponseReturnValue:
    """The form of a step's text."""
    automation, text = _text(campaign_id)
    name = name_of(db.session(), MailingList, text.workspace_id, text.list_id) or ""
    return _page(MessageForm(formdata=None, obj=text, list=name), automation, text)


def change(campaign_id: int) -> ResponseReturnValue:
    """Change a step's text. Messages that wait are sent with the new one."""
    automation, text = _text(campaign_id)
    form = MessageForm()
    list_id = _list(form) if form.validate() else None
    if list_id is None:
        return _page(form, automation, text, status=422)
    session, workspace_id, user_id = db.session(), current_user.workspace_id, current_user.id
    draft = Draft(form.subject.data[:120], form.subject.data, form.body.data, list_id)
    version, back = whole_number(request.form.get("version", "")) or 0, automation.id
    try:
        with write_transaction(session):
            changed = step_texts.change_message(
                session,
                campaign_id,
                draft,
                version=version,
                workspace_id=workspace_id,
                by=user_id,
                now=read_clock(session),
            )
    except NotWritten as refused:
        if refused.code == drafting.GONE:
            abort(404)
        automation, text = _text(campaign_id)
        form.version.data, form.version.raw_data = str(text.version), None
        return _page(form, automation, text, status=409, changed=True)
    flash("Message saved." if changed else "Nothing was changed.", "success" if changed else "info")
    return redirect(url_for("automation", automation_id=back), 303)


def _automation(automation_id: int) -> Automation:
    found = building.live_automation(db.session(), current_user.workspace_id, automation_id)
    if found is None:
        abort(404)
    return found


def _text(campaign_id: int) -> tuple[Automation, Campaign]:
    found = step_texts.step_message(db.session(), current_user.workspace_id, campaign_id)
    if found is None:
        abort(404)
    return found


def _list(form: MessageForm) -> int | None:
    list_id = find_by_name(db.session(), MailingList, current_user.workspace_id, form.list.data)
    if list_id is None:
        form.list.errors = [*form.list.errors, "There is no list with this name. Choose one of yours."]
    return list_id


def _page(
    form: MessageForm,
    automation: Automation,
    text: Campaign | None,
    *,
    status: int = 200,
    changed: bool = False,
) -> ResponseReturnValue:
    names = names_to_suggest(db.session(), MailingList, current_user.workspace_id)
    page = render_template(
        "automations/message.html",
        form=form,
        automation=automation,
        text=text,
        list_names=names,
        changed=changed,
    )
    return make_response(page, status)
