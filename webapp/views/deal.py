"""One deal: its page, its contacts, and the dialog that deletes it."""

from dataclasses import dataclass

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.deals import add_to_deal, attach, primary_of, remove_from_deal
from webapp.catalogue.delete import delete_from_catalogue
from webapp.catalogue.stages import Position
from webapp.clock import read_clock
from webapp.contacts.deals import contacts_on, find_deal, members
from webapp.database import lock_workspace, write_transaction
from webapp.extensions import db
from webapp.models import Contact, Deal
from webapp.numbers import whole_number
from webapp.views.contact_picker import Picker
from webapp.web.dialogs import leave_for
from webapp.web.errors import error
from webapp.web.htmx import page_or_part
from webapp.web.question import Question, ask
from webapp.words.contacts import name_of
from webapp.words.deals import position_words
from webapp.words.isolation import isolated

NOT_HERE = "This contact is not here any more. Nothing was changed."


@dataclass(frozen=True)
class Member:
    """A contact of the deal."""

    contact: Contact
    is_primary: bool

    @property
    def name(self) -> str:
        return name_of(self.contact)


def find_or_404(deal_id: int) -> Deal:
    """The live deal with this id in the user's account; answers 404 if there is none."""
    deal = find_deal(db.session(), current_user.workspace_id, deal_id)
    if deal is None:
        abort(404)
    return deal


def deal(deal_id: int) -> ResponseReturnValue:
    """The page of the deal, or for htmx its contacts with those that the search finds."""
    found = find_or_404(deal_id)
    on_it = [Member(contact, is_primary) for contact, is_primary in members(db.session(), deal_id)]
    picker = Picker.from_request(without=[member.contact.id for member in on_it])
    return page_or_part(
        "deals/deal.html",
        "deals/_contacts.html",
        status=422 if picker.error else 200,
        deal=found,
        stage=position_words(Position(found.stage, found.status)),
        members=on_it,
        picker=picker,
        now=read_clock(db.session()),
    )


def add_contact(deal_id: int) -> ResponseReturnValue:
    """Put a contact on the deal; as the Primary Contact, if it has none."""
    session, workspace_id, contact_id = db.session(), current_user.workspace_id, _contact_id()
    with write_transaction(session):
        added = add_to_deal(
            session,
            workspace_id=workspace_id,
            deal_id=deal_id,
            contact_id=contact_id,
            now=read_clock(session),
        )
    return _tell(deal_id, f"{_name(contact_id)} is on this deal now." if added else None)


def make_primary(deal_id: int) -> ResponseReturnValue:
    """Make a contact the Primary Contact."""
    session, workspace_id, contact_id = db.session(), current_user.workspace_id, _contact_id()
    with write_transaction(session):
        made = attach(
            session,
            workspace_id=workspace_id,
            deal_id=deal_id,
            contact_id=contact_id,
            primary=True,
            now=read_clock(session),
        )
    return _tell(deal_id, f"{_name(contact_id)} is the Primary Contact now." if made else None)


def remove_contact(deal_id: int) -> ResponseReturnValue:
    """Take a contact off the deal, and say who is the Primary Contact then."""
    session, workspace_id, contact_id = db.session(), current_user.workspace_id, _contact_id()
    with write_transaction(session):
        lock_workspace(session, workspace_id)
        was_primary = primary_of(session, deal_id) == contact_id
        removed = remove_from_deal(
            session,
            workspace_id=workspace_id,
            deal_id=deal_id,
            contact_id=contact_id,
            now=read_clock(session),
        )
        now = primary_of(session, deal_id)
    words = f"{_name(contact_id)} is not on this deal any more."
    if was_primary:
        words += f" {_name(now)} is the Primary Contact now." if now else " The deal has no contact left."
    return _tell(deal_id, words if removed else None)


def _tell(deal_id: int, words: str | None) -> ResponseReturnValue:
    """Back to the deal with these words, or an error if nothing was changed."""
    if words is None:
        return error(404, NOT_HERE, back=(url_for("deals"), "See all deals"))
    flash(words, "success")
    return leave_for(url_for("deal", deal_id=deal_id))


def _name(contact_id: int) -> str:
    return isolated(name_of(db.session.get(Contact, contact_id)))


def ask_delete(deal_id: int) -> ResponseReturnValue:
    """The dialog that says what is lost."""
    found = find_or_404(deal_id)
    on_it = contacts_on(db.session(), [deal_id])[deal_id]
    number = on_it.others + (on_it.primary is not None)
    stays = {0: "It has no contacts.", 1: "Its contact stays."}.get(number, f"Its {number} contacts stay.")
    return ask(
        Question(
            title=f"Delete the deal “{isolated(found.title)}”?",
            lines=[stays, "No restore brings back a deal that was deleted by hand. This cannot be undone."],
            action=url_for("delete_deal", deal_id=deal_id),
            button="Delete",
            back=url_for("deal", deal_id=deal_id),
            here="deals",
            is_dangerous=True,
        )
    )


def delete(deal_id: int) -> ResponseReturnValue:
    """Delete the deal. A second identical request says that it was deleted already."""
    session, workspace_id, by = db.session(), current_user.workspace_id, current_user.id
    with write_transaction(session):
        deleted = delete_from_catalogue(
            session, Deal, deal_id, workspace_id=workspace_id, by=by, now=read_clock(session)
        )
    if not deleted:
        back = url_for("deals"), "See all deals"
        return error(404, "This deal is not here any more. Nothing was changed.", back=back)
    flash("The deal was deleted.", "success")
    return leave_for(url_for("deals"))


def _contact_id() -> int:
    return whole_number(request.form.get("contact", "")) or abort(404, NOT_HERE)
