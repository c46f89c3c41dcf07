"""Which workspace a command means."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Workspace


class Refusal(click.ClickException):
    """The command cannot be carried out and nothing was changed; the message says what to do."""

    exit_code = 2


def chosen_workspace(session: Session, name: str | None) -> Workspace:
    """The workspace called `name`, or the first one; raises Refusal where there is none."""
    query = select(Workspace).order_by(Workspace.id).limit(1)
    workspace = session.scalar(query if name is None else query.where(Workspace.name == name))
    if workspace is not None:
        return workspace
    known = session.scalars(select(Workspace.name).order_by(Workspace.id).limit(10)).all()
    if not known:
        raise Refusal("There is no workspace yet. `flask --app webapp demo` makes one to try things out.")
    raise Refusal(f"There is no workspace “{name}”. There is: {', '.join(known)}.")
