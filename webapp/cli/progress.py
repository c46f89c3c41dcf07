"""A progress bar on standard error during long commands, if that is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

# Moves the cursor to the beginning of the line and clears the line.
CLEAR_LINE = "\r\x1b[K"


class Progress:
    """The progress of a command, and messages printed above it."""

    def __init__(self, bar: "click._termui_impl.ProgressBar[int]") -> None:
        self._bar = bar

    def update(self, position: int) -> None:
        self._bar.update(position - self._bar.pos)

    def say(self, message: str) -> None:
        """Print the message on standard error, above a visible bar."""
        if self._bar.hidden:
            click.echo(message, err=True)
        else:
            below = self._bar.format_progress_line()
            click.echo(f"{CLEAR_LINE}{message}\n{below}", err=True, nl=False)


@contextmanager
def progress(label: str, length: int, *, is_long: bool) -> Iterator[Progress]:
    """Show a bar if the work is long and standard error is a terminal."""
    is_seen = is_long and sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=not is_seen) as bar:
        yield Progress(bar)
