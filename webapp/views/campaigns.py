"""Campaigns: the list of them, and writing, trying, sending and deleting one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.lookup import find_by_name, name_of, names_to_suggest
from webapp.clock import read_clock
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.campaigns import CampaignForm
from webapp.marketing import drafting
from webapp.marketing.browse import COUNTED, campaigns, count_messages, ids_called
from webapp.marketing.drafting import Draft, NotWritten
from webapp.models import Campaign, MailingList
from webapp.models.campaign import SendState
from webapp.numbers import whole_number
from webapp.web import browse
from webapp.web.browse import PAGE_SIZE, Listing
from webapp.web.errors import error
from webapp.words.campaigns import amount_words, refusal

STATUS = {drafting.GONE: 404, drafting.INCOMPLETE: 422, drafting.NO_RECIPIENT: 422}
NEWEST_FIRST = Keyset(Campaign.id)


@dataclass(frozen=True)
class CampaignRow:
    id: int
    name: str
    subject: str
    list: str | None
    sent_at: datetime | None


@dataclass(frozen=True)
class Campaigns(Listing):
    """The campaigns that this request selects, by the search text `q`."""

    endpoint = "campaigns"
    page_template = "campaigns/page.html"
    results_template = "campaigns/_results.html"
    noun = "campaign"
    filters = ("q",)
    order = NEWEST_FIRST

    q: str

    @classmethod
    def from_request(cls) -> "Campaigns":
        return cls(request.args.get("q", "").strip()[:254])

    @property
    def errors(self) -> Mapping[str, str]:
        return {}

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        session, query = db.session(), campaigns(current_user.workspace_id)
        wanted = query.with_only_columns(Campaign.id)
        if self.q:
            wanted = wanted.where(Campaign.id.in_(ids_called(session, query, self.q)))
        page = self.order.read(
            session, query, self.order.ids(wanted), size=PAGE_SIZE, after=after, before=before
        )
        return page, Amount.on(page, PAGE_SIZE)

    def row(self, record: Any) -> CampaignRow:
        campaign, list_name = record
        return CampaignRow(campaign.id, campaign.name, campaign.subject, list_name, campaign.sent_at)


@dataclass(frozen=True)
class Sent:
    """What has become of a sent campaign's messages."""

    waiting: str
    sent: str
    ended: str


def index() -> ResponseReturnValue:
    """The page, or for htmx its results."""
    return browse.show_page(Campaigns.from_request())


def new() -> ResponseReturnValue:
    """The form of a new campaign."""
    return _form_page(CampaignForm(formdata=None), None)


def make() -> ResponseReturnValue:
    """Make a campaign and show it."""
    form = CampaignForm()
    draft = _draft(form)
    if draft is None:
        return _form_page(form, None, status=422)
    session, by = db.session(), person()
    with write_transaction(session):
        campaign_id = drafting.make_campaign(session, draft, now=read_clock(session), **by)
    flash("Campaign added. Nothing has been sent yet.", "success")
    return redirect(url_for("campaign", campaign_id=campaign_id), 303)


def campaign(campaign_id: int) -> ResponseReturnValue:
    """One campaign: its form, or, once it is sent, its text and what has become of its messages."""
    found = own_campaign(campaign_id)
    list_name = name_of(db.session(), MailingList, found.workspace_id, found.list_id) or ""
    if found.sent_at is not None:
        return make_response(
            render_template("campaigns/sent.html", campaign=found, list_name=list_name, sent=_sent(found.id))
        )
    return _form_page(CampaignForm(formdata=None, obj=found, list=list_name), found)


def change(campaign_id: int) -> ResponseReturnValue:
    """Store what was typed. If another person was faster, what was typed stays in the form."""
    found, form = own_campaign(campaign_id), CampaignForm()
    draft = _draft(form)
    if draft is None:
        return _form_page(form, found, status=422)
    session, by, seen = db.session(), person(), seen_version()
    try:
        with write_transaction(session):
            changed = drafting.change_campaign(
                session, campaign_id, draft, version=seen, now=read_clock(session), **by
            )
    except NotWritten as refused:
        if refused.code != drafting.CHANGED:
            return refused_for(refused, campaign_id)
        # The next "Save" is meant: the form now carries the version that the message is about.
        found = own_campaign(campaign_id)
        form.version.data = str(found.version)
        form.version.raw_data = None
        return _form_page(form, found, status=409, changed=True)
    flash("Campaign saved." if changed else "Nothing was changed.", "success" if changed else "info")
    return redirect(url_for("campaign", campaign_id=campaign_id), 303)


def own_campaign(campaign_id: int) -> Campaign:
    """The account's campaign; answers 404 where there is none."""
    found = drafting.own_campaign(db.session(), current_user.workspace_id, campaign_id)
    if found is None:
        abort(404)
    return found


def person() -> dict[str, int]:
    """Read before a write transaction begins, which ends the one that has read the user."""
    return {"workspace_id": current_user.workspace_id, "by": current_user.id}


def seen_version() -> int:
    """The version that the person has seen; one that cannot be read is none."""
    return whole_number(request.form.get("version", "")) or 0


def _draft(form: CampaignForm) -> Draft | None:
    """What was typed; None if something of it is not valid, which the form then says."""
    if not form.validate():
        return None
    list_id = None
    if form.list.data:
        list_id = find_by_name(db.session(), MailingList, current_user.workspace_id, form.list.data)
        if list_id is None:
            form.list.errors = [*form.list.errors, "There is no list with this name. Choose one of yours."]
            return None
    return Draft(form.name.data, form.subject.data, form.body.data, list_id)


def _form_page(
    form: CampaignForm, campaign: Campaign | None, *, status: int = 200, changed: bool = False
) -> ResponseReturnValue:
    names = names_to_suggest(db.session(), MailingList, current_user.workspace_id)
    return make_response(
        render_template(
            "campaigns/form.html", form=form, campaign=campaign, list_names=names, changed=changed
        ),
        status,
    )


def _sent(campaign_id: int) -> Sent:
    counts = count_messages(db.session(), campaign_id)
    return Sent(
        *(
            amount_words(counts[state], COUNTED)
            for state in (SendState.PENDING, SendState.SENT, SendState.ENDED)
        )
    )


def refused_for(refused: NotWritten, campaign_id: int) -> ResponseReturnValue:
    """The page that says why nothing was changed."""
    if refused.code == drafting.GONE:
        abort(404)
    back = url_for("campaign", campaign_id=campaign_id), "Back to the campaign"
    return error(STATUS.get(refused.code, 409), refusal(refused.code), back=back)
