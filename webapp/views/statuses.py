"""Changing by hand a contact's status on a list: the dialog, and what it does."""

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.statuses import NotAgreed, NotOnList, change_status_by_hand
from webapp.clock import read_clock
from webapp.contacts.things import find_member
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.subscription import StatusForm
from webapp.marketing.consent import AddressSuppressed
from webapp.models.mailing_list import SubscriptionStatus
from webapp.numbers import whole_number
from webapp.views.thing_kinds import LISTS
from webapp.web.address import local_path
from webapp.web.dialogs import leave_for, show_dialog
from webapp.words.contacts import name_of
from webapp.words.isolation import isolated
from webapp.worker.services import services

AGREED = "Confirm that this person has agreed to get the messages of this list."
SUPPRESSED = (
    "This address has unsubscribed or cannot be reached. Only the person can change that, by a link that "
    "confirms it. Nothing was changed."
)
NOT_HERE = "This contact is not on the list any more. Nothing was changed."


def ask_status(thing_id: int) -> ResponseReturnValue:
    """The dialog for another status of one contact."""
    return _ask(thing_id, None)


def change_status(thing_id: int) -> ResponseReturnValue:
    """Change it and show the list. If it cannot be, the dialog is shown again with what was chosen."""
    form = StatusForm.of()
    if not form.validate():
        return _ask(thing_id, form, status=422)
    session, workspace_id, by = db.session(), current_user.workspace_id, current_user.id
    chosen = SubscriptionStatus(form.status.data)
    try:
        with write_transaction(session):
            changed = change_status_by_hand(
                session,
                workspace_id=workspace_id,
                list_id=thing_id,
                contact_id=_contact_id(),
                status=chosen,
                agreed=form.agreed.data,
                by=by,
                now=read_clock(session),
            )
    except NotOnList:
        abort(404, NOT_HERE)
    except NotAgreed:
        form.agreed.errors = [AGREED]
        return _ask(thing_id, form, status=422)
    except AddressSuppressed:
        form.status.errors = [SUPPRESSED]
        return _ask(thing_id, form, status=409)
    if changed:
        # A contact that becomes Subscribed wakes the list's automations.
        services().doorbell.ring_for_due()
        flash(f"The status is {chosen.capitalize()} now.", "success")
    return leave_for(_back(thing_id))


def _ask(thing_id: int, form: StatusForm | None, *, status: int = 200) -> ResponseReturnValue:
    mailing_list = LISTS.find_or_404(thing_id)
    found = find_member(db.session(), thing_id, current_user.workspace_id, _contact_id())
    if found is None:
        abort(404, NOT_HERE)
    contact, now = found
    return show_dialog(
        "things/_status.html",
        here=LISTS.index,
        status=status,
        title=f"Status of {isolated(name_of(contact))}",
        mailing_list=mailing_list,
        contact=contact,
        form=form or StatusForm.of(str(now)),
        back=_back(thing_id),
    )


def _contact_id() -> int:
    return whole_number(request.values.get("contact", "")) or abort(404, NOT_HERE)


def _back(thing_id: int) -> str:
    return local_path(request.values.get("back")) or LISTS.href(row_id=thing_id)
