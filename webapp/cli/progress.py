"""A bar on standard error while a command works for long, where somebody sits in front of it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

# To the beginning of the line, and away with what stands in it.
CLEAR_LINE = "\r\x1b[K"


class Progress:
    """How far the work is, of `length`; and what is to be said meanwhile."""

    def __init__(self, bar: "click._termui_impl.ProgressBar[int]") -> None:
        self._bar = bar

    def update(self, place: int) -> None:
        self._bar.update(place - self._bar.pos)

    def say(self, message: str) -> None:
        """Tell it on standard error; a bar makes room and stands below."""
        if self._bar.hidden:
            click.echo(message, err=True)
        else:
            below = self._bar.format_progress_line()
            click.echo(f"{CLEAR_LINE}{message}\n{below}", err=True, nl=False)


@contextmanager
def progress(label: str, length: int, *, is_long: bool) -> Iterator[Progress]:
    """Show a bar where the work is long and standard error is a terminal; nothing elsewhere."""
    is_seen = is_long and sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=not is_seen) as bar:
        yield Progress(bar)
