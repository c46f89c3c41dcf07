"""What the commands share that begin a large job: asking for the number, and saying why it was not begun."""

import sys
from collections.abc import Callable

import click

from webapp.cli.database import Refusal, readable
from webapp.forms.typed_number import typed_number
from webapp.jobs.lock import LockUnavailable
from webapp.jobs.start import AlreadyRunning, BeingStarted
from webapp.models import Job
from webapp.words.kinds import title
from webapp.words.numbers import counted

UNCHANGED = "Nothing was changed."


def can_ask() -> bool:
    """Whether a person sits at a terminal."""
    return sys.stdin.isatty()


def confirm(verb: str, phrase: str, total: int) -> None:
    """Say what would be done ("delete", "all contacts"), and ask for the number on a terminal. Raises Refusal
    for another one, and where no terminal can ask."""
    contacts = counted(total, "contact")
    if not can_ask():
        ask = "Confirm it with --yes where no terminal can ask."
        raise Refusal(f"This would {verb} {contacts}. {ask} {UNCHANGED}")
    click.echo(readable(f"This will {verb} {contacts}: {phrase.rstrip('.')}."))
    typed = click.prompt("Type their number to confirm", default="", show_default=False)
    if typed_number(typed) != total:
        raise Refusal(f"This is not their number. {UNCHANGED}")


def begun(start: Callable[[], Job]) -> Job:
    """The job that `start` begins. Raises Refusal where another one is in the way, or Redis is away."""
    try:
        return start()
    except AlreadyRunning as refusal:
        raise Refusal(f"{title(refusal.job)} is running. Only one can run at a time. {UNCHANGED}") from None
    except BeingStarted:
        raise Refusal(f"Another job is being started. {UNCHANGED}") from None
    except LockUnavailable:
        raise Refusal(f"Redis does not answer, so it cannot be started. {UNCHANGED}") from None
