"""The first steps of an empty account: trying it out with the demo's contacts."""

from contextlib import nullcontext

from flask import abort, current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.database import lock_workspace, write_transaction
from webapp.demo.load import add_load
from webapp.extensions import db
from webapp.web.errors import error
from webapp.words.numbers import counted
from webapp.workspaces.first_steps import is_new

# Few enough for one request.
LIVE, DELETED = 180, 62


def load_demo() -> ResponseReturnValue:
    """Fill the empty account with made-up contacts; in production there is no such page."""
    if current_app.config["PRODUCTION"]:
        abort(404)
    session, workspace_id = db.session(), current_user.workspace_id
    with write_transaction(session):
        # Two clicks load it once.
        lock_workspace(session, workspace_id)
        empty = is_new(session, workspace_id)
        if empty:
            add_load(session, workspace_id, live=LIVE, deleted=DELETED, seed=1, transaction=nullcontext)
    if not empty:
        return error(409, "This account has contacts already. Nothing was added.")
    flash(f"{counted(LIVE, 'contact')} added, and {counted(DELETED, 'deleted contact')}.", "success")
    return redirect(url_for("overview"), 303)
