"""The account's settings, and which groups may do what."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.settings import SettingsForm
from webapp.models import Right
from webapp.words.rights import RIGHTS
from webapp.workspaces.required_factor import require_second_factor
from webapp.workspaces.rights import give_rights, groups_with_rights
from webapp.workspaces.settings import Settings, change_settings


def settings() -> ResponseReturnValue:
    """The page with both forms."""
    return _page(_form())


def change() -> ResponseReturnValue:
    """Store the settings. Input that is not valid is shown again, with what is wrong with it."""
    form = _form()
    if not form.validate():
        return _page(form, status=422)
    typed = Settings(**{name: getattr(form, name).data for name in Settings.__dataclass_fields__})
    session, workspace_id, user_id = db.session(), current_user.workspace_id, current_user.id
    with write_transaction(session):
        changed = change_settings(
            session, typed, workspace_id=workspace_id, by=user_id, now=read_clock(session)
        )
    flash("Settings saved." if changed else "Nothing was changed.", "success" if changed else "info")
    return redirect(url_for("settings"), 303)


def change_rights() -> ResponseReturnValue:
    """Give each group that the form shows exactly the rights that are ticked."""
    session, workspace_id, user_id = db.session(), current_user.workspace_id, current_user.id
    ticked = set(request.form.getlist("right"))
    shown = set(request.form.getlist("group"))
    wanted = {
        group.id: {right for right in Right if _box(group.id, right) in ticked}
        for group, _ in groups_with_rights(session, workspace_id)
        if str(group.id) in shown
    }
    with write_transaction(session):
        changed = give_rights(session, wanted, workspace_id=workspace_id, by=user_id, now=read_clock(session))
    flash("Rights saved." if changed else "Nothing was changed.", "success" if changed else "info")
    return redirect(url_for("settings"), 303)


def change_second_factor() -> ResponseReturnValue:
    """Require a second factor of each user, or of none."""
    session, workspace_id, user_id = db.session(), current_user.workspace_id, current_user.id
    required = bool(request.form.get("required"))
    with write_transaction(session):
        changed = require_second_factor(
            session, required, workspace_id=workspace_id, by=user_id, now=read_clock(session)
        )
    if not changed:
        flash("Nothing was changed.", "info")
    elif required:
        flash("Each user sets up a second factor now, before anything else.", "success")
    else:
        flash("Users can sign in without a second factor.", "success")
    return redirect(url_for("settings"), 303)


def _box(group_id: int, right: Right) -> str:
    """The value of a tick box: "7:campaigns"."""
    return f"{group_id}:{right}"


def _form() -> SettingsForm:
    stored = Settings.of(current_user.workspace)
    form = SettingsForm(obj=stored)
    form.offer(timezone=stored.timezone, currency=stored.currency)
    return form


def _page(form: SettingsForm, *, status: int = 200) -> ResponseReturnValue:
    groups = [
        (group, [(_box(group.id, right), words, right in given) for right, words in RIGHTS.items()])
        for group, given in groups_with_rights(db.session(), current_user.workspace_id)
    ]
    return make_response(render_template("settings/page.html", form=form, groups=groups), status)
