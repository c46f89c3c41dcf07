"""Automations: the list of them, and one with its steps and its runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.lookup import find_by_name, names_to_suggest
from webapp.clock import read_clock
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.campaigns import AutomationForm
from webapp.marketing import building
from webapp.marketing.browse import COUNTED, automations, ids_called, steps_named
from webapp.marketing.building import Waiting
from webapp.marketing.drafting import NotWritten
from webapp.models import Automation, MailingList, Tag
from webapp.models.automation import Trigger
from webapp.views.automation_runs import Runs
from webapp.web import browse
from webapp.web.browse import PAGE_SIZE, Listing
from webapp.web.errors import error
from webapp.words.campaigns import amount_words, refusal, step_words, trigger_words

NEWEST_FIRST = Keyset(Automation.id)


@dataclass(frozen=True)
class AutomationRow:
    id: int
    name: str
    trigger: str
    steps: int
    is_active: bool


@dataclass(frozen=True)
class Automations(Listing):
    """The automations that this request selects, by the search text `q`."""

    endpoint = "automations"
    page_template = "automations/page.html"
    results_template = "automations/_results.html"
    noun = "automation"
    filters = ("q",)
    order = NEWEST_FIRST

    q: str

    @classmethod
    def from_request(cls) -> "Automations":
        return cls(request.args.get("q", "").strip()[:254])

    @property
    def errors(self) -> Mapping[str, str]:
        return {}

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        session, query = db.session(), automations(current_user.workspace_id)
        wanted = query.with_only_columns(Automation.id)
        if self.q:
            wanted = wanted.where(Automation.id.in_(ids_called(session, query, self.q)))
        page = self.order.read(
            session, query, self.order.ids(wanted), size=PAGE_SIZE, after=after, before=before
        )
        return page, Amount.on(page, PAGE_SIZE)

    def row(self, record: Any) -> AutomationRow:
        automation, list_name, tag_name = record
        return AutomationRow(
            automation.id,
            automation.name,
            trigger_words(automation, list_name, tag_name),
            len(automation.steps),
            automation.is_active,
        )


@dataclass(frozen=True)
class StepRow:
    """A step on the automation's page; `message_id` is set if it has a text to change."""

    place: int
    words: str
    message_id: int | None


def index() -> ResponseReturnValue:
    """The page, or for htmx its results."""
    return browse.show_page(Automations.from_request())


def new() -> ResponseReturnValue:
    """The form of a new automation."""
    return _new_page(AutomationForm(formdata=None))


def make() -> ResponseReturnValue:
    """Make an automation without steps, paused, and show it."""
    form = AutomationForm()
    waiting = _waiting(form) if form.validate() else None
    if waiting is None:
        return _new_page(form, status=422)
    session, workspace_id, user_id = db.session(), current_user.workspace_id, current_user.id
    try:
        with write_transaction(session):
            automation_id = building.make_automation(
                session,
                form.name.data,
                waiting,
                workspace_id=workspace_id,
                by=user_id,
                now=read_clock(session),
            )
    except NotWritten as refused:
        return error(422, refusal(refused.code), back=(url_for("new_automation"), "Back to the form"))
    flash("Automation added. Add its steps, then start it.", "success")
    return redirect(url_for("automation", automation_id=automation_id), 303)


def automation(automation_id: int) -> ResponseReturnValue:
    """One automation: what it waits for, its steps, and its runs."""
    found, session = own_automation(automation_id), db.session()
    waits_for = Waiting(found.trigger, found.list_id, found.tag_id).step
    named = steps_named(session, [*found.steps, waits_for], found.workspace_id)
    steps = [
        StepRow(
            place,
            step_words(step, named),
            step["campaign"] if ("campaign", step.get("campaign")) in named else None,
        )
        for place, step in enumerate(found.steps)
    ]
    under_way = building.count_under_way(session, found.id, most=COUNTED)
    return browse.show_page(
        Runs(
            found,
            trigger_words(found, named.get(("list", found.list_id)), named.get(("tag", found.tag_id))),
            steps,
            amount_words(under_way, COUNTED, "contact") if under_way else "",
            # Steps can be added only while no contact is in it.
            [] if under_way else names_to_suggest(session, MailingList, found.workspace_id),
            [] if under_way else names_to_suggest(session, Tag, found.workspace_id),
        )
    )


def own_automation(automation_id: int) -> Automation:
    """The account's automation; answers 404 where there is none."""
    found = building.live_automation(db.session(), current_user.workspace_id, automation_id)
    if found is None:
        abort(404)
    return found


def _waiting(form: AutomationForm) -> Waiting | None:
    """What the form says; None if nothing has the typed name, which the form then says."""
    trigger = Trigger(form.trigger.data)
    kind: type[MailingList] | type[Tag] = MailingList if trigger == Trigger.SUBSCRIBED else Tag
    target = find_by_name(db.session(), kind, current_user.workspace_id, form.target.data)
    if target is None:
        noun = "list" if kind is MailingList else "tag"
        form.target.errors = [*form.target.errors, f"There is no {noun} with this name. Choose one of yours."]
        return None
    return Waiting(trigger, target, None) if kind is MailingList else Waiting(trigger, None, target)


def _new_page(form: AutomationForm, *, status: int = 200) -> ResponseReturnValue:
    session, workspace_id = db.session(), current_user.workspace_id
    names = [
        *names_to_suggest(session, MailingList, workspace_id),
        *names_to_suggest(session, Tag, workspace_id),
    ]
    return make_response(render_template("automations/new.html", form=form, names=names), status)
