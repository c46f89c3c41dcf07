"""The page of one contact: its details, lists, tags, deals, notes and history, each a section of its own that
htmx redraws alone. `views.contact_changes` answers the forms of the sections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.names import Named
from webapp.catalogue.pick import Choices, pick_deal, pick_named
from webapp.clock import read_clock
from webapp.contacts.notes import Notes, read_notes
from webapp.contacts.profile import Profile
from webapp.contacts.profile import profile as read_profile
from webapp.contacts.timeline import Place, Timeline, What, read_timeline
from webapp.extensions import db
from webapp.forms.typed import searched
from webapp.models import Account, MailingList, Tag
from webapp.models.base import EPOCH
from webapp.models.mailing_list import SubscriptionStatus
from webapp.numbers import whole_number
from webapp.web.htmx import page_or_part
from webapp.web.paging import requested_number
from webapp.words import timeline as words
from webapp.words.contacts import name_of
from webapp.words.told import Told

NOTES, EVENTS = 10, 20
CUT_OFF = "This address was edited or cut off: it leads to no part of the timeline."


@dataclass(frozen=True)
class Shown:
    """What one section shows beside what the contact has: what a search has found, or why a change was
    refused, with what was typed. `item` is the row whose form is open."""

    section: str = ""
    find: str | None = None
    choices: Choices = field(default_factory=lambda: Choices([]))
    error: str = ""
    item: int | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    announce: str = ""
    # What a change has done, where the section does not show it by itself.
    said: str = ""
    # Whether a page of it was asked for by its address.
    is_asked: bool = False


def contact(contact_id: int) -> ResponseReturnValue:
    """The whole page."""
    return draw(contact_id)


def contact_account(contact_id: int) -> ResponseReturnValue:
    """The details, with the accounts that a search finds."""
    return _draw_found(contact_id, "account")


def contact_lists(contact_id: int) -> ResponseReturnValue:
    """The lists, with others that a search finds."""
    return _draw_found(contact_id, "lists")


def contact_tags(contact_id: int) -> ResponseReturnValue:
    """The tags, with others that a search finds."""
    return _draw_found(contact_id, "tags")


def contact_deals(contact_id: int) -> ResponseReturnValue:
    """The deals, with others that a search finds."""
    return _draw_found(contact_id, "deals")


def contact_notes(contact_id: int) -> ResponseReturnValue:
    """A page of notes."""
    return draw(contact_id, Shown("notes", is_asked=True))


def contact_timeline(contact_id: int) -> ResponseReturnValue:
    """A page of the timeline."""
    return draw(contact_id, Shown("timeline", is_asked=True))


def profile_of(contact_id: int) -> Profile:
    """The live contact with what it is on. Answers 404 if there is none."""
    profile = read_profile(db.session(), current_user.workspace_id, contact_id)
    if profile is None:
        abort(404)
    return profile


def draw(
    contact_id: int, shown: Shown | None = None, *, profile: Profile | None = None, status: int = 200
) -> ResponseReturnValue:
    """The page, or for htmx the section that is `shown`."""
    shown, profile = shown or Shown(), profile or profile_of(contact_id)
    return page_or_part(
        "contacts/contact.html",
        f"contacts/_{shown.section or 'account'}.html",
        status=status,
        name=name_of(profile.contact),
        profile=profile,
        contact=profile.contact,
        shown=shown,
        statuses=list(SubscriptionStatus),
        read_notes=lambda: _notes(contact_id, asked=shown.is_asked and shown.section == "notes"),
        read_timeline=lambda: _timeline(profile, asked=shown.is_asked and shown.section == "timeline"),
        now=read_clock(db.session()),
    )


def _draw_found(contact_id: int, section: str) -> ResponseReturnValue:
    profile, text = profile_of(contact_id), searched(request.args.get("find"))
    shown = Shown(section, find=text, choices=choices_for(profile, section, text))
    return draw(contact_id, shown, profile=profile)


def choices_for(profile: Profile, section: str, text: str) -> Choices:
    """What a section's search finds that the contact does not have yet."""
    session, workspace_id = db.session(), current_user.workspace_id
    kind: Named
    match section:
        case "deals":
            return pick_deal(session, workspace_id, text, without=[row[0].id for row in profile.deals])
        case "lists":
            kind, has = MailingList, [row[0].id for row in profile.subscriptions]
        case "tags":
            kind, has = Tag, [tag.id for tag in profile.tags]
        case _:
            kind, has = Account, [profile.contact.account_id or 0]
    return pick_named(session, kind, workspace_id, text, without=has)


def _notes(contact_id: int, *, asked: bool) -> Notes:
    before = requested_number("before") if asked else None
    return read_notes(db.session(), contact_id, size=NOTES, before=before)


@dataclass(frozen=True)
class EventRow:
    """An event in words."""

    told: Told
    icon: str
    at: datetime
    job_id: int | None


@dataclass(frozen=True)
class TimelineRows:
    rows: list[EventRow]
    older: str | None


def _timeline(profile: Profile, *, asked: bool) -> TimelineRows:
    after = _requested_event() if asked else None
    found: Timeline = read_timeline(db.session(), profile.contact, size=EVENTS, after=after)
    rows = [EventRow(words.tell(event), words.icon(event), event.at, event.job_id) for event in found.events]
    return TimelineRows(rows, _to_cursor(found.older) if found.older else None)


def _to_cursor(place: Place) -> str:
    moment, what, row_id = place
    return f"{(moment - EPOCH) // timedelta(microseconds=1)}-{int(what)}-{row_id}"


def _requested_event() -> Place | None:
    """The place in the timeline that the query's `after` names; answers 400 to a forged one."""
    text = request.args.get("after")
    if not text:
        return None
    numbers = [whole_number(part, least=0) for part in text.split("-")]
    try:
        moment, what, row_id = (number if number is not None else -1 for number in numbers)
        if what not in set(What) or min(moment, row_id) < 0:
            abort(400, CUT_OFF)
        return EPOCH + timedelta(microseconds=moment), what, row_id
    except (ValueError, OverflowError):
        abort(400, CUT_OFF)
