"""What the commands ask of the database before they begin, and leave to others while they work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from webapp.database import write_transaction
from webapp.models import Workspace

REST_SECONDS = 0.02
LONGEST_SHOWN = 80


class Refusal(click.ClickException):
    """The command cannot be carried out and nothing was changed; the message says what to do."""

    exit_code = 2


def check_database(session: Session) -> None:
    """Raise Refusal where the database does not answer or has no tables yet."""
    try:
        ready = inspect(session.connection()).has_table(Workspace.__tablename__)
    except OperationalError as error:
        raise Refusal(f"The database does not answer: {error.orig}") from error
    if not ready:
        raise Refusal("The database has no tables yet. Make them with: flask --app webapp db upgrade")


def chosen_workspace(session: Session, name: str | None) -> Workspace:
    """The workspace called `name`, or the first one; raises Refusal where there is none."""
    query = select(Workspace).order_by(Workspace.id).limit(1)
    # What cannot be printed is nobody's name, and no database takes a NUL or half a character.
    if name is None or name.isprintable():
        workspace = session.scalar(query if name is None else query.where(Workspace.name == name))
        if workspace is not None:
            return workspace
    known = session.scalars(select(Workspace.name).order_by(Workspace.id).limit(10)).all()
    if not known:
        raise Refusal("There is no workspace yet. To try things out, make one with: flask --app webapp demo")
    raise Refusal(f"There is no workspace “{shown(name or '')}”. There is: {', '.join(known)}.")


def shown(text: str) -> str:
    """`text` as a terminal can show it: not endless, and without what would steer the terminal."""
    readable = "".join(character if character.isprintable() else "�" for character in text)
    return readable if len(readable) <= LONGEST_SHOWN else readable[:LONGEST_SHOWN] + "…"


@contextmanager
def paced_transaction(session: Session) -> Iterator[None]:
    """A write transaction that is followed by a rest."""
    with write_transaction(session):
        yield
    rest(session)


def rest(session: Session) -> None:
    """On SQLite, let somebody else write: whoever writes without a pause shuts the pages out."""
    if session.get_bind().dialect.name == "sqlite":
        time.sleep(REST_SECONDS)
