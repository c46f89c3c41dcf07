"""The small forms on a contact's page: account, lists, tags, deals and notes. Members may use all of them.

Each answers htmx with its section drawn anew, and otherwise leads back to it. What was refused is said in the
section, which keeps what was typed."""

import re
from collections.abc import Callable
from datetime import datetime

from flask import abort, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from webapp.catalogue.deals import attach, remove_from_deal
from webapp.catalogue.names import Named, longest_name
from webapp.catalogue.pick import Choices, id_of_name
from webapp.catalogue.statuses import NotAgreed, NotOnList, change_status_by_hand
from webapp.characters import name_key
from webapp.clock import read_clock
from webapp.contacts import find
from webapp.contacts.edit import set_account
from webapp.contacts.notes import LONGEST_NOTE, add_note, delete_note
from webapp.contacts.profile import profile as read_profile
from webapp.contacts.wanted import Wanted
from webapp.database import lock_workspace, write_transaction
from webapp.extensions import db
from webapp.forms.typed import searched, visible, why_unfit
from webapp.marketing.confirmations import Asked, ask_to_confirm
from webapp.marketing.consent import AddressSuppressed
from webapp.marketing.lists import subscribe, take_off
from webapp.marketing.tags import add_tag, remove_tag
from webapp.models import Account, Tag
from webapp.models.mailing_list import SubscriptionStatus
from webapp.numbers import whole_number
from webapp.views.contact_page import Shown, choices_for, draw, profile_of
from webapp.views.statuses import AGREED, NOT_HERE, SUPPRESSED
from webapp.web.htmx import is_htmx
from webapp.worker.services import services

# Line breaks and tabs are part of a note.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# What a section shows again if it was refused.
TYPED = {"lists": ["status"], "notes": ["text"]}
CHOSEN_FROM = ("lists", "deals")
NOT_ASKED = {
    Asked.GONE: "A contact is asked by e-mail, about a list that is here. Check both.",
    Asked.ASKED_BEFORE: "This address was asked about this list within the last 30 days.",
    Asked.BLOCKED: "This address bounces, or its owner has complained. It is not asked.",
    Asked.SUBSCRIBED: "This contact is Subscribed already.",
}
BUTTONS = "Use the buttons of the page."
ON_RECORD = "Who has unsubscribed or bounced stays on the list, so that this is not forgotten."


class Refused(Exception):
    """A change that is not made: a sentence that says why, and the status."""

    def __init__(self, sentence: str, status: int = 422) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


# What a form does, in a write transaction: `(session, contact_id, now)`.
# Returns what is said about it, if anything is.
Change = Callable[[Session, int, datetime], str | None]


def change_account(contact_id: int) -> ResponseReturnValue:
    """Give the contact another account, a new one, or none."""

    def change(session: Session, contact_id: int, now: datetime) -> None:
        account_id = None
        if _chosen("do", "set", "new", "clear") == "set":
            account_id = _id("account_id", "Choose an account.")
        elif request.form["do"] == "new":
            account_id = _new_name(session, Account, "The name", now)
        _set_account(session, contact_id, account_id, now)

    return _make(contact_id, "account", change, item=None)


def _set_account(session: Session, contact_id: int, account_id: int | None, now: datetime) -> None:
    workspace_id = current_user.workspace_id
    changed = set_account(
        session, workspace_id=workspace_id, contact_id=contact_id, account_id=account_id, now=now
    )
    profile = read_profile(session, workspace_id, contact_id)
    if not changed and account_id and profile and profile.contact.account_id != account_id:
        raise Refused("This account is not here any more. Search again.", 409)


def change_lists(contact_id: int) -> ResponseReturnValue:
    """Put the contact on a list, change its status on one, or take it off."""

    def change(session: Session, contact_id: int, now: datetime) -> str | None:
        workspace_id, do = current_user.workspace_id, _chosen("do", "put", "status", "off", "ask")
        list_id = _id("list_id", "Choose a list.")
        if do == "ask":
            return _ask(session, contact_id, list_id, now)
        on_it = _status_on(session, contact_id, list_id)
        if do == "off":
            if (
                not take_off(
                    session, workspace_id=workspace_id, contact_id=contact_id, list_id=list_id, now=now
                )
                and on_it is not None
            ):
                raise Refused(ON_RECORD, 409)
            return None
        status = SubscriptionStatus(_chosen("status", *SubscriptionStatus))
        if do == "put" and on_it is None:
            # Subscribed is a status that is given by hand, with what is asked for then.
            first = SubscriptionStatus.UNCONFIRMED if status == SubscriptionStatus.SUBSCRIBED else status
            if not subscribe(
                session, workspace_id=workspace_id, contact_ids=[contact_id], list_id=list_id, now=now,
                status=first,
            ):  # fmt: skip
                raise Refused("This list is not here any more. Search again.", 409)
        if on_it != status:
            _give_status(session, contact_id, list_id, status, now)
        return None

    item = whole_number(request.form.get("list_id", ""))
    return _make(contact_id, "lists", change, item=item, wakes=True)


def _ask(session: Session, contact_id: int, list_id: int, now: datetime) -> str:
    """Ask the contact by a message whether it wants the list's messages."""
    asked = ask_to_confirm(
        session, workspace_id=current_user.workspace_id, contact_id=contact_id, list_id=list_id, now=now
    )
    if asked != Asked.QUEUED:
        raise Refused(NOT_ASKED[asked], 409)
    return "A message that asks for confirmation is on its way."


def _give_status(
    session: Session, contact_id: int, list_id: int, status: SubscriptionStatus, now: datetime
) -> None:
    try:
        change_status_by_hand(
            session, workspace_id=current_user.workspace_id, list_id=list_id, contact_id=contact_id,
            status=status, agreed=bool(request.form.get("agreed")), by=current_user.id, now=now,
        )  # fmt: skip
    except NotOnList:
        raise Refused(NOT_HERE, 409) from None
    except NotAgreed:
        raise Refused(AGREED) from None
    except AddressSuppressed:
        raise Refused(SUPPRESSED, 409) from None


def _status_on(session: Session, contact_id: int, list_id: int) -> SubscriptionStatus | None:
    """The contact's status on a live list."""
    profile = read_profile(session, current_user.workspace_id, contact_id)
    rows = profile.subscriptions if profile else []
    return next((place.status for row, place in rows if row.id == list_id), None)


def change_tags(contact_id: int) -> ResponseReturnValue:
    """Give the contact a tag, a new one, or take one away."""

    def change(session: Session, contact_id: int, now: datetime) -> None:
        workspace_id, do = current_user.workspace_id, _chosen("do", "add", "new", "remove")
        is_new = do == "new"
        tag_id = _new_name(session, Tag, "The tag", now) if is_new else _id("tag_id", "Choose a tag.")
        ids = [contact_id]
        if do == "remove":
            remove_tag(session, workspace_id=workspace_id, contact_ids=ids, tag_id=tag_id, now=now)
        elif not add_tag(session, workspace_id=workspace_id, contact_ids=ids, tag_id=tag_id, now=now):
            profile = read_profile(session, workspace_id, contact_id)
            if profile is None or tag_id not in {tag.id for tag in profile.tags}:
                raise Refused("This tag is not here any more. Search again.", 409)

    return _make(contact_id, "tags", change, item=None, wakes=True)


def change_deals(contact_id: int) -> ResponseReturnValue:
    """Add the contact to a deal, make it the Primary Contact of one, or remove it from one."""

    def change(session: Session, contact_id: int, now: datetime) -> None:
        workspace_id, do = current_user.workspace_id, _chosen("do", "add", "primary", "remove")
        deal_id = _id("deal_id", "Choose a deal.")
        if do == "remove":
            remove_from_deal(
                session, workspace_id=workspace_id, deal_id=deal_id, contact_id=contact_id, now=now
            )
            return
        primary = do == "primary" or bool(request.form.get("primary"))
        if not attach(
            session, workspace_id=workspace_id, deal_id=deal_id, contact_id=contact_id, primary=primary,
            now=now,
        ):  # fmt: skip
            raise Refused("This deal is not here any more. Search again.", 409)

    return _make(contact_id, "deals", change, item=whole_number(request.form.get("deal_id", "")))


def change_notes(contact_id: int) -> ResponseReturnValue:
    """Write a note, or delete one: its author may, and an admin."""

    def change(session: Session, contact_id: int, now: datetime) -> None:
        user, workspace_id = current_user, current_user.workspace_id
        if _chosen("do", "add", "delete") == "add":
            add_note(
                session, workspace_id=workspace_id, contact_id=contact_id, text=_note(), by=user.id, now=now
            )
            return
        by = None if user.may_restore else user.id
        note_id = _id("note_id", "Choose a note.")
        if (
            not delete_note(
                session, workspace_id=workspace_id, contact_id=contact_id, note_id=note_id, by=by, now=now
            )
            and by is not None
        ):
            raise Refused("Only its author or an admin can delete a note, or it is not here any more.", 409)

    return _make(contact_id, "notes", change, item=None)


def _note() -> str:
    text = visible(request.form.get("text", "").replace("\r\n", "\n"))
    if not text:
        raise Refused("Type a note.")
    if UNWRITABLE.search(text):
        raise Refused("The note contains a control character. Type it anew.")
    if len(text) > LONGEST_NOTE:
        raise Refused(f"The note is too long. Type at most {LONGEST_NOTE:,} characters.")
    return text


def _make(
    contact_id: int, section: str, change: Change, *, item: int | None, wakes: bool = False
) -> ResponseReturnValue:
    """Make the change and show its section."""
    session, workspace_id = db.session(), current_user.workspace_id
    try:
        with write_transaction(session):
            lock_workspace(session, workspace_id)
            if find.filter_selection(session, Wanted(workspace_id), [contact_id]) == []:
                abort(404)
            said = change(session, contact_id, read_clock(session))
    except Refused as refusal:
        typed = {name: request.form.get(name, "") for name in TYPED.get(section, ())}
        profile = profile_of(contact_id)
        # The search whose result was chosen from.
        text = searched(request.form["find"]) if section in CHOSEN_FROM and "find" in request.form else None
        shown = Shown(
            section,
            find=text,
            choices=choices_for(profile, section, text) if text is not None else Choices([]),
            error=refusal.sentence,
            item=item,
            typed=typed,
            announce=refusal.sentence,
        )
        return draw(contact_id, shown, profile=profile, status=refusal.status)
    if wakes:
        services().doorbell.ring_for_due()
    if not is_htmx():
        if said:
            flash(said, "success")
        return redirect(url_for("contact", contact_id=contact_id) + f"#contact-{section}", 303)
    response = make_response(draw(contact_id, Shown(section, announce=said or "Saved.", said=said or "")))
    # The timeline asks for itself again.
    response.headers["HX-Trigger"] = "app:contact-changed"
    return response


def _chosen(name: str, *values: str) -> str:
    """The field's value, which must be one of these."""
    value = request.form.get(name, "")
    if value not in values:
        raise Refused(BUTTONS)
    return value


def _id(name: str, otherwise: str) -> int:
    number = whole_number(request.form.get(name, ""))
    if number is None:
        raise Refused(otherwise)
    return number


def _new_name(session: Session, kind: Named, what: str, now: datetime) -> int:
    """The id of the tag or account with the typed name, which is made if it is missing."""
    name = visible(request.form.get("name"))
    if not name_key(name):
        raise Refused("Type a name.")
    if reason := why_unfit(what, name, longest_name(kind)):
        raise Refused(reason)
    user = current_user
    return id_of_name(session, kind, name, workspace_id=user.workspace_id, by=user.id, now=now)
