"""What the commands need of the database: checks before they begin, and pauses while they work."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from webapp.database import write_transaction
from webapp.jobs.settings import Rest
from webapp.models import Workspace
from webapp.words.isolation import bare

LONGEST_SHOWN = 80


class Refusal(click.ClickException):
    """The command cannot be carried out and nothing was changed; the message says what to do."""

    exit_code = 2


def check_database(session: Session) -> None:
    """Raise Refusal if the database does not answer or has no tables."""
    try:
        ready = inspect(session.connection()).has_table(Workspace.__tablename__)
    except OperationalError as error:
        raise Refusal(f"The database does not answer: {error.orig}") from error
    if not ready:
        raise Refusal("The database has no tables yet. Create them with: flask --app webapp db upgrade")


def chosen_workspace(session: Session, name: str | None) -> Workspace:
    """The workspace called `name`, or the first one; raises Refusal if there is none."""
    query = select(Workspace).order_by(Workspace.id).limit(1)
    # No workspace has an unprintable name, and the databases refuse a NUL or a lone surrogate.
    if name is None or name.isprintable():
        workspace = session.scalar(query if name is None else query.where(Workspace.name == name))
        if workspace is not None:
            return workspace
    known = session.scalars(select(Workspace.name).order_by(Workspace.id).limit(10)).all()
    if not known:
        raise Refusal(
            "There is no workspace yet. Create one with: flask --app webapp users add-admin ADDRESS"
        )
    raise Refusal(f"There is no workspace “{shown(name or '')}”. There is: {', '.join(map(shown, known))}.")


def shown(text: str) -> str:
    """A typed text for a terminal: `readable`, and shortened."""
    text = readable(text)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def readable(sentence: str) -> str:
    """`sentence` for a terminal: without the characters that steer it or turn text around."""
    return "".join(character if character.isprintable() else "�" for character in bare(sentence))


@contextmanager
def paced_transaction(session: Session) -> Iterator[None]:
    """A write transaction, followed by the rest that the database needs."""
    with rest_on(session).following(), write_transaction(session):
        yield


def rest_on(session: Session) -> Rest:
    """The rest after each batch on this session's database."""
    return Rest.on(session.get_bind().dialect.name)
