"""Adding a contact and editing its details. A duplicate address is refused with a link to the other contact;
an address of a deleted contact is asked about; two people who edit one contact are told of each other."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from webapp.catalogue.pick import Choices, id_of_name, pick_named
from webapp.clock import read_clock
from webapp.contacts.edit import ChangedSince, Details, add_contact, edit_contact
from webapp.contacts.profile import Profile, with_address
from webapp.contacts.profile import profile as read_profile
from webapp.database import lock_workspace, write_transaction
from webapp.extensions import db
from webapp.forms.contact import ContactForm
from webapp.forms.typed import searched
from webapp.models import Account, Contact
from webapp.numbers import LARGEST_ID
from webapp.restoring.by_address import last_deleted_with_address
from webapp.words.contacts import name_of

# The fields of the form, with their labels, in order.
LABELS = {
    "email": "E-mail",
    "first_name": "First name",
    "last_name": "Last name",
    "phone": "Phone",
    "account": "Account",
}
INCOMPLETE = "This form is incomplete. Open the contact again. Nothing was changed."


@dataclass(frozen=True)
class Difference:
    """A field that another person has changed while it was open here."""

    label: str
    before: str
    theirs: str
    yours: str


@dataclass(frozen=True)
class Opened:
    """What a form was opened with. It travels with the form, so that nothing is stored for an open form."""

    version: int
    details: Details
    account: str

    def to_json(self) -> str:
        return json.dumps([self.version, asdict(self.details), self.account])

    @classmethod
    def from_json(cls, text: str) -> "Opened":
        """Answers 400 to a text that `to_json` does not write."""
        try:
            version, details, account = json.loads(text)
            opened = cls(version, Details(**details), account)
        except (ValueError, TypeError, RecursionError):
            abort(400, INCOMPLETE)
        texts = (*list(asdict(opened.details).values())[1:4], opened.details.email or "", account)
        numbers = (version, opened.details.account_id or 0)
        if not all(isinstance(value, str) for value in texts) or not all(
            type(value) is int and 0 <= value <= LARGEST_ID for value in numbers
        ):
            abort(400, INCOMPLETE)
        return opened

    def field(self, name: str) -> str:
        return self.account if name == "account" else getattr(self.details, name) or ""


@dataclass(frozen=True)
class Refusal:
    """Why a form was not saved: `taken` is the contact that has the address, `deleted` one that had it."""

    taken: Contact | None = None
    deleted: Contact | None = None
    differences: tuple[Difference, ...] = ()


def new_contact() -> ResponseReturnValue:
    """The form of a new contact."""
    return _page(ContactForm())


def create_contact() -> ResponseReturnValue:
    """Add the contact, or say what is in the way."""
    form = ContactForm()
    if request.form.get("find"):
        return _page(form, choices=_accounts(form.account.data))
    if not form.validate():
        return _page(form, status=422)
    session, workspace_id = db.session(), current_user.workspace_id
    if form.email.data and not request.form.get("anyway"):
        deleted = last_deleted_with_address(session, workspace_id, form.email.data, read_clock(session))
        if deleted and with_address(session, workspace_id, form.email.data) is None:
            return _page(form, refusal=Refusal(deleted=deleted), status=409)
    saved = _save(
        form,
        lambda details, now: add_contact(session, workspace_id=workspace_id, details=details, now=now),
    )
    if isinstance(saved, Refusal):
        return _page(form, refusal=saved, status=422)
    flash("Contact added.", "success")
    return redirect(url_for("contact", contact_id=saved), 303)


def edit_form(contact_id: int) -> ResponseReturnValue:
    """The form with a contact's details."""
    opened, profile = _opened(contact_id)
    form = ContactForm(data={name: opened.field(name) for name in LABELS} | {"opened": opened.to_json()})
    return _page(form, profile=profile)


def save_contact(contact_id: int) -> ResponseReturnValue:
    """Save the details, or say what is in the way: another contact has the address, or another person has
    changed the details since the form was opened. The form keeps what was typed."""
    form = ContactForm()
    current, profile = _opened(contact_id)
    if request.form.get("find"):
        return _page(form, profile=profile, choices=_accounts(form.account.data))
    opened = Opened.from_json(form.opened.data or "")
    if not form.validate():
        return _page(form, profile=profile, status=422)
    session, workspace_id = db.session(), current_user.workspace_id

    def write(details: Details, now: datetime) -> int:
        seen = (opened.version, opened.details)
        edited = edit_contact(
            session, workspace_id=workspace_id, contact_id=contact_id, details=details, now=now, seen=seen
        )
        return contact_id if edited else abort(404)

    try:
        saved = _save(form, write)
    except ChangedSince:
        current, profile = _opened(contact_id)
        return _page(form, profile=profile, refusal=_meet(form, opened, current), status=409)
    if isinstance(saved, Refusal):
        return _page(form, profile=profile, refusal=saved, status=422)
    flash("Changes saved.", "success")
    return redirect(url_for("contact", contact_id=contact_id), 303)


def _opened(contact_id: int) -> tuple[Opened, Profile]:
    """What the form of the live contact is opened with. Answers 404 if there is none."""
    profile = read_profile(db.session(), current_user.workspace_id, contact_id)
    if profile is None:
        abort(404)
    contact, details = profile.contact, Details.of(profile.contact)
    if profile.account_name is None:
        details = replace(details, account_id=None)
    return Opened(contact.version, details, profile.account_name or ""), profile


def _save(form: ContactForm, write: Callable[[Details, datetime], int]) -> int | Refusal:
    """Write the details of the form, with the account of the typed name, which is made if it is missing; the
    contact's id. The unique index decides whether an address is free."""
    session, workspace_id, by = db.session(), current_user.workspace_id, current_user.id
    name = form.account.data
    try:
        with write_transaction(session):
            lock_workspace(session, workspace_id)
            now = read_clock(session)
            account = (
                id_of_name(session, Account, name, workspace_id=workspace_id, by=by, now=now)
                if name
                else None
            )
            details = Details(
                form.email.data or None,
                form.first_name.data,
                form.last_name.data,
                form.phone.data,
                account,
            )
            return write(details, now)
    except IntegrityError:
        taken = with_address(session, workspace_id, form.email.data)
        if taken is None:
            raise
        return Refusal(taken=taken)


def _meet(form: ContactForm, opened: Opened, current: Opened) -> Refusal:
    """Show what the other person has changed. A field that was not touched here takes the other's value, so
    that saving does not undo it; the others keep what was typed."""
    differences = []
    for name, label in LABELS.items():
        before, theirs, yours = opened.field(name), current.field(name), form[name].data
        if theirs != before:
            if yours == before:
                form[name].data = yours = theirs
            differences.append(Difference(label, before, theirs, yours))
    form.opened.data = current.to_json()
    return Refusal(differences=tuple(differences))


def _accounts(text: str | None) -> Choices:
    return pick_named(db.session(), Account, current_user.workspace_id, searched(text))


def _page(
    form: ContactForm,
    *,
    profile: Profile | None = None,
    choices: Choices | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    if refusal and refusal.taken:
        form.email.errors = ["Another contact has this e-mail address:"]
    page = render_template(
        "contacts/form.html",
        form=form,
        contact=profile.contact if profile else None,
        name=name_of(profile.contact) if profile else "",
        choices=choices or Choices([]),
        searched=choices is not None,
        refusal=refusal or Refusal(),
        taken_name=name_of(refusal.taken) if refusal and refusal.taken else "",
    )
    return make_response(page, status)
