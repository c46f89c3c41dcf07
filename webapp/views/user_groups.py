"""The groups of the account: the page of all, and making, renaming and deleting one."""

from flask import Response, abort, flash, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.extensions import db
from webapp.forms.users import GroupForm
from webapp.models import ADMIN, UserGroup
from webapp.views.user_edits import as_admin, refuse
from webapp.web.access import Access
from webapp.web.dialogs import leave_for, show_dialog
from webapp.web.question import Question, ask
from webapp.words.isolation import isolated
from webapp.words.users import DELETING_GROUP, why_not
from webapp.workspaces.acting import NotChanged, Why
from webapp.workspaces.groups import create_group, delete_group, find_group, groups_of, rename_group


def index() -> ResponseReturnValue:
    """The page."""
    return make_response(
        render_template(
            "user_groups/page.html",
            groups=groups_of(db.session(), current_user.workspace_id),
            admin=ADMIN,
            may_give_rights=Access.SETTINGS.admits(current_user),
        )
    )


def new() -> ResponseReturnValue:
    """The dialog for a new group."""
    return _ask_name(GroupForm(formdata=None))


def create() -> ResponseReturnValue:
    """Make a group. What is refused is shown again, with the input."""
    form = GroupForm()
    if not form.validate():
        return _ask_name(form, status=422)
    try:
        as_admin(create_group, form.name.data)
    except NotChanged as refusal:
        return _refused(refusal, form)
    return _leave("The group was created.")


def ask_rename(group_id: int) -> ResponseReturnValue:
    """The dialog for another name."""
    group = _group_or_404(group_id)
    return _ask_name(GroupForm(formdata=None, obj=group), group)


def rename(group_id: int) -> ResponseReturnValue:
    """Rename a group. What is refused is shown again, with the input."""
    group, form = _group_or_404(group_id), GroupForm()
    if not form.validate():
        return _ask_name(form, group, status=422)
    try:
        renamed = as_admin(rename_group, group_id, form.name.data)
    except NotChanged as refusal:
        return _refused(refusal, form, group_id)
    return _leave("The group was renamed." if renamed else "")


def ask_delete(group_id: int) -> ResponseReturnValue:
    """The dialog before a group is deleted, or why it cannot be."""
    return _ask_delete(_group_or_404(group_id))


def delete(group_id: int) -> ResponseReturnValue:
    """Delete an empty group."""
    _group_or_404(group_id)
    try:
        as_admin(delete_group, group_id)
    except NotChanged as refusal:
        if refusal.why is Why.NOT_ALLOWED:
            return refuse(refusal)
        return _ask_delete(_group_or_404(group_id), why_not(refusal.why))
    return _leave("The group was deleted.")


def _group_or_404(group_id: int) -> UserGroup:
    return find_group(db.session(), current_user.workspace_id, group_id) or abort(404)


def _leave(done: str) -> ResponseReturnValue:
    flash(done or "Nothing was changed.", "success" if done else "info")
    return leave_for(url_for("user_groups"))


def _refused(refusal: NotChanged, form: GroupForm, group_id: int | None = None) -> Response:
    if refusal.why is Why.NOT_ALLOWED:
        return refuse(refusal)
    group = _group_or_404(group_id) if group_id else None
    form.name.errors = [why_not(refusal.why)]
    return _ask_name(form, group, status=422 if refusal.why is Why.NAME_TAKEN else 409)


def _ask_name(form: GroupForm, group: UserGroup | None = None, *, status: int = 200) -> Response:
    action = url_for("rename_group", group_id=group.id) if group else url_for("create_group")
    return show_dialog(
        "_name.html",
        here="users",
        status=status,
        title="Rename this group" if group else "New group",
        form=form,
        action=action,
        button="Rename" if group else "Create",
        back=url_for("user_groups"),
    )


def _ask_delete(group: UserGroup, refused: str = "") -> Response:
    return ask(
        Question(
            title=f"Delete the group “{isolated(group.name)}”?",
            lines=DELETING_GROUP,
            action=url_for("delete_group", group_id=group.id),
            button="Delete",
            back=url_for("user_groups"),
            here="users",
            is_dangerous=True,
            refused=refused,
        )
    )
