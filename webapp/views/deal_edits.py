"""Creating and editing a deal: the forms, and what they do."""

from flask import flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.deal_edits import DealChanged, DealDetails, NoContact, NoDeal, create_deal, edit_deal
from webapp.catalogue.stages import other_stages
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.deal import DealForm, EditDealForm
from webapp.models import Deal
from webapp.numbers import whole_number
from webapp.views.contact_picker import Picker
from webapp.views.deal import find_or_404
from webapp.web.dialogs import leave_for
from webapp.web.errors import error

NEEDS_A_CONTACT = "A deal needs a contact. Find one and tick it."


def new() -> ResponseReturnValue:
    """The form for a new deal; `contact` in the address is picked already."""
    return _show_new(_new_form(), Picker.from_request())


def pick_contacts() -> ResponseReturnValue:
    """The contacts that are picked, and those that the text finds: a part of that form."""
    picker = Picker.from_request()
    status = 422 if picker.error else 200
    return make_response(render_template("deals/_picked.html", picker=picker), status)


def create() -> ResponseReturnValue:
    """Create a deal and open its page. The form is shown again, with what was typed, if it cannot be, and if
    a contact was searched for."""
    form, picker = _new_form(), Picker.from_request()
    if request.form.get("search") or picker.find != request.form.get("searched", "").strip():
        return _show_new(form, picker)
    is_valid = form.validate()
    if not is_valid or not picker.ids:
        return _show_new(form, picker, status=422, refused=True)
    session, workspace_id, by = db.session(), current_user.workspace_id, current_user.id
    try:
        with write_transaction(session):
            deal_id = create_deal(
                session, form.details(), picker.ids, workspace_id=workspace_id, by=by, now=read_clock(session)
            )
    except NoContact:
        return _show_new(form, Picker.from_request(), status=422, refused=True)
    flash("The deal was created.", "success")
    return leave_for(url_for("deal", deal_id=deal_id))


def edit(deal_id: int) -> ResponseReturnValue:
    """The form with the deal as it is stored."""
    deal = find_or_404(deal_id)
    form = _edit_form(deal)
    form.show(DealDetails.of(deal), deal.version)
    return _show_edit(form, deal)


def change(deal_id: int) -> ResponseReturnValue:
    """Store the deal and show its page. The form is shown again, with what was typed, if it is not valid, and
    if another person has changed the deal since it was opened."""
    deal = find_or_404(deal_id)
    form = _edit_form(deal)
    if not form.validate():
        return _show_edit(form, deal, status=422)
    session, workspace_id, by = db.session(), current_user.workspace_id, current_user.id
    try:
        with write_transaction(session):
            changed = edit_deal(
                session,
                deal_id,
                form.details(),
                version=whole_number(form.version.data or "") or 0,
                workspace_id=workspace_id,
                by=by,
                now=read_clock(session),
            )
    except NoDeal:
        return error(404, "This deal is not here any more. Nothing was changed.")
    except DealChanged as conflict:
        news = form.changed_meanwhile(conflict.stored)
        form.remember(conflict.stored, conflict.version)
        return _show_edit(form, find_or_404(deal_id), news=news, status=409)
    flash("The deal was saved." if changed else "Nothing was changed.", "success" if changed else "info")
    return leave_for(url_for("deal", deal_id=deal_id))


def _new_form() -> DealForm:
    currency = current_user.workspace.currency
    form = DealForm(data={"currency": currency})
    form.offer(_other_stages(), None, currency)
    return form


def _edit_form(deal: Deal) -> EditDealForm:
    form = EditDealForm()
    form.offer(_other_stages(), DealDetails.of(deal), deal.currency)
    return form


def _other_stages() -> list[str]:
    return other_stages(db.session(), current_user.workspace_id)


def _show_new(
    form: DealForm, picker: Picker, *, status: int = 200, refused: bool = False
) -> ResponseReturnValue:
    needs = NEEDS_A_CONTACT if refused and not picker.ids else None
    page = render_template("deals/new.html", form=form, picker=picker, needs_contact=needs)
    return make_response(page, 422 if picker.error else status)


def _show_edit(
    form: EditDealForm, deal: Deal, *, news: list[tuple[str, str]] | None = None, status: int = 200
) -> ResponseReturnValue:
    return make_response(render_template("deals/edit.html", form=form, deal=deal, news=news), status)
