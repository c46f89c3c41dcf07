"""Creating, renaming and deleting a list, tag or account: the dialogs, and what they do."""

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.delete import StillSending, delete_from_catalogue, uses
from webapp.catalogue.names import NameTaken, create, rename
from webapp.clock import read_clock
from webapp.contacts.things import Thing
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.thing_name import ThingNameForm
from webapp.views.thing_kinds import ThingKind
from webapp.web.dialogs import leave_for, show_dialog
from webapp.web.errors import error
from webapp.web.question import Question, ask
from webapp.words.isolation import isolated
from webapp.words.things import losses, still_sending


def new(kind: ThingKind) -> ResponseReturnValue:
    """The dialog for a new one."""
    return _ask_name(kind, ThingNameForm.of(kind.model))


def create_one(kind: ThingKind) -> ResponseReturnValue:
    """Create one and open its page. The dialog is shown again, with what was typed, if it cannot be."""
    form = ThingNameForm.of(kind.model)
    if not form.validate():
        return _ask_name(kind, form, status=422)
    session, workspace_id, by = db.session(), current_user.workspace_id, current_user.id
    try:
        with write_transaction(session):
            row_id = create(
                session,
                kind.model,
                form.name.data,
                workspace_id=workspace_id,
                by=by,
                now=read_clock(session),
            )
    except NameTaken as taken:
        return _ask_name(kind, form, other_id=taken.other_id, status=422)
    flash(f"The {kind.noun} was created.", "success")
    return leave_for(kind.href(row_id=row_id))


def ask_rename(kind: ThingKind, thing_id: int) -> ResponseReturnValue:
    """The dialog for another name."""
    thing = kind.find_or_404(thing_id)
    return _ask_name(kind, ThingNameForm.of(kind.model, thing.name), thing)


def rename_one(kind: ThingKind, thing_id: int) -> ResponseReturnValue:
    """Rename one and show its page. The dialog is shown again, with what was typed, if it cannot be."""
    thing = kind.find_or_404(thing_id)
    form = ThingNameForm.of(kind.model)
    if not form.validate():
        return _ask_name(kind, form, thing, status=422)
    session, workspace_id, by = db.session(), current_user.workspace_id, current_user.id
    try:
        with write_transaction(session):
            renamed = rename(
                session,
                kind.model,
                thing_id,
                form.name.data,
                workspace_id=workspace_id,
                by=by,
                now=read_clock(session),
            )
    except NameTaken as taken:
        return _ask_name(kind, form, kind.find_or_404(thing_id), other_id=taken.other_id, status=422)
    if renamed:
        flash(f"The {kind.noun} was renamed.", "success")
    return leave_for(kind.href(row_id=thing_id))


def _ask_name(
    kind: ThingKind,
    form: ThingNameForm,
    thing: Thing | None = None,
    *,
    other_id: int | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """The dialog for a name. `other_id` is one that has the typed name."""
    if other_id:
        form.name.errors = [*form.name.errors, f"Another {kind.noun} has this name."]
    return show_dialog(
        "_name.html",
        here=kind.index,
        status=status,
        title=f"Rename this {kind.noun}" if thing else f"New {kind.noun}",
        form=form,
        action=kind.href("rename", thing.id) if thing else kind.href("create"),
        button="Rename" if thing else "Create",
        back=kind.href(row_id=thing.id) if thing else url_for(kind.index),
        other=kind.find_or_404(other_id) if other_id else None,
        other_href=kind.href(row_id=other_id) if other_id else None,
    )


def ask_delete(kind: ThingKind, thing_id: int) -> ResponseReturnValue:
    """The dialog that says what is lost."""
    thing = kind.find_or_404(thing_id)
    return _ask_delete(kind, thing)


def delete_one(kind: ThingKind, thing_id: int) -> ResponseReturnValue:
    """Delete one and show the others. A second identical request says that it was deleted already."""
    session, workspace_id, by = db.session(), current_user.workspace_id, current_user.id
    try:
        with write_transaction(session):
            deleted = delete_from_catalogue(
                session, kind.model, thing_id, workspace_id=workspace_id, by=by, now=read_clock(session)
            )
    except StillSending:
        return _ask_delete(kind, kind.find_or_404(thing_id))
    if not deleted:
        back = url_for(kind.index), f"See all {kind.noun}s"
        return error(404, f"This {kind.noun} is not here any more. Nothing was changed.", back=back)
    flash(f"The {kind.noun} was deleted.", "success")
    return leave_for(url_for(kind.index))


def _ask_delete(kind: ThingKind, thing: Thing) -> ResponseReturnValue:
    used = uses(db.session(), kind.model, thing.id, workspace_id=current_user.workspace_id)
    return ask(
        Question(
            title=f"Delete the {kind.noun} “{isolated(thing.name)}”?",
            lines=losses(kind.noun, used),
            action=kind.href("delete", thing.id),
            button="Delete",
            back=kind.href(row_id=thing.id),
            here=kind.index,
            is_dangerous=True,
            # A list that messages are sent to stays, whether that is known before or after the question.
            refused=still_sending(used.waiting) if used.waiting else "",
        )
    )
