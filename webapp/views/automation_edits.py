"""Changing an automation: its name, its steps, whether it is active, and deleting it."""

from collections.abc import Callable, Mapping

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.lookup import find_by_name
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.marketing import building, drafting
from webapp.marketing.browse import COUNTED
from webapp.marketing.building import Builder
from webapp.marketing.drafting import NotWritten
from webapp.models import MailingList, Tag
from webapp.numbers import whole_number
from webapp.views.automations import own_automation
from webapp.web.dialogs import leave_for
from webapp.web.errors import error
from webapp.web.question import Question, ask
from webapp.words.campaigns import amount_words, refusal
from webapp.words.isolation import isolated
from webapp.worker.services import services

STATUS = {building.WAKES_ITSELF: 422, building.NO_TARGET: 422, building.NO_STEPS: 422}
# What a step needs: the field's name, and the kind of thing that the typed name names.
TARGETS: Mapping[str, tuple[str, type[MailingList] | type[Tag]]] = {
    "subscribe": ("list", MailingList),
    "add_tag": ("tag", Tag),
}
# What "state" changes, and what is said then.
STATES: Mapping[str, tuple[Callable[[Builder], object], str]] = {
    "start": (Builder.start, "The automation is active. It wakes from now on."),
    "pause": (Builder.pause, "The automation is paused. Its runs wait until you start it again."),
    "end": (Builder.end_runs, "Its runs have ended."),
}
SAVED = "Saved."


def rename(automation_id: int) -> ResponseReturnValue:
    """Give the automation another name."""
    name = " ".join(request.form.get("name", "").replace("\0", "").split())
    if not building.is_name(name):
        return _refuse(automation_id, "Type a name of 1 to 120 characters.")
    return _build(automation_id, lambda builder: builder.rename(name), SAVED)


def add_step(automation_id: int) -> ResponseReturnValue:
    """Add a step at the end: the kind is in `do`, and each kind has a field of its own."""
    kind = request.form.get("do", "")
    if kind == "wait":
        count, unit = whole_number(request.form.get("count", "")), request.form.get("unit", "")
        if unit not in building.HOURS or not count or count * building.HOURS[unit] > building.MOST_HOURS:
            return _refuse(automation_id, "Type how long to wait: at most 365 days.")
        step: dict[str, object] = {"do": "wait", "hours": count * building.HOURS[unit]}
    elif kind in TARGETS:
        field, model = TARGETS[kind]
        target = find_by_name(db.session(), model, current_user.workspace_id, request.form.get(field, ""))
        if target is None:
            return _refuse(automation_id, f"There is no {field} with this name. Choose one of yours.")
        step = {"do": kind, field: target}
    else:
        return _refuse(automation_id, "Choose a step from the page.")
    return _build(automation_id, lambda builder: builder.add_step(step), "Step added.")


def change_steps(automation_id: int) -> ResponseReturnValue:
    """Move the step at a place up, or remove it."""
    for act, verb in (("up", Builder.move_up), ("remove", Builder.remove_step)):
        place = whole_number(request.form.get(act, ""))
        if place is not None:
            return _build(automation_id, lambda b, v=verb, p=place: v(b, p - 1), SAVED)  # type: ignore[misc]
    return _refuse(automation_id, "Choose a step from the page.")


def change_state(automation_id: int) -> ResponseReturnValue:
    """Start or pause the automation, or end its runs."""
    state = request.form.get("state", "")
    if state not in STATES:
        return _refuse(automation_id, "Choose from the page.")
    verb, said = STATES[state]
    return _build(automation_id, verb, said)


def confirm_delete(automation_id: int) -> ResponseReturnValue:
    """The dialog that says what ends."""
    found = own_automation(automation_id)
    under_way = building.count_under_way(db.session(), found.id, most=COUNTED)
    lines = ["Contacts no longer wake it. Messages that were sent stay in the outbox."]
    if under_way:
        are = "is" if under_way == 1 else "are"
        lines.append(f"It ends for {amount_words(under_way, COUNTED, 'contact')} who {are} in it now.")
    return ask(
        Question(
            title=f"Delete the automation “{isolated(found.name)}”?",
            lines=lines,
            action=url_for("delete_automation", automation_id=automation_id),
            button="Delete",
            back=url_for("automation", automation_id=automation_id),
            here="automations",
            fields={"version": str(found.version)},
            is_dangerous=True,
        )
    )


def delete(automation_id: int) -> ResponseReturnValue:
    """Delete the automation."""
    return _build(automation_id, Builder.delete, "Automation deleted.", then=url_for("automations"))


def _build(
    automation_id: int, change: Callable[[Builder], object], said: str, *, then: str = ""
) -> ResponseReturnValue:
    """Make one change of the automation that the person has seen, and show it."""
    session, workspace_id, user_id = db.session(), current_user.workspace_id, current_user.id
    version = whole_number(request.form.get("version", "")) or 0
    try:
        with write_transaction(session):
            change(
                Builder(session, workspace_id, automation_id, version, by=user_id, now=read_clock(session))
            )
    except NotWritten as refused:
        if refused.code == drafting.GONE:
            abort(404)
        return _refuse(automation_id, refusal(refused.code), status=STATUS.get(refused.code, 409))
    services().doorbell.ring_for_due()
    flash(said, "success")
    return leave_for(then or url_for("automation", automation_id=automation_id))


def _refuse(automation_id: int, sentence: str, status: int = 422) -> ResponseReturnValue:
    own_automation(automation_id)
    back = url_for("automation", automation_id=automation_id), "Back to the automation"
    ending = "" if sentence.endswith("Nothing was changed.") else " Nothing was changed."
    return error(status, sentence + ending, back=back)
