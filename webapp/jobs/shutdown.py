"""Whether this process has been asked to go: a flag that a signal sets and a job looks at between batches."""

import signal
from threading import Event
from types import FrameType

_asked = Event()


def listen(*, asked: bool = False) -> None:
    """From now on SIGTERM asks the running job to finish its batch; the terminal's Ctrl-C is the parent's.

    `asked` says whether that has happened already.
    """
    _asked.clear()
    if asked:
        _asked.set()
    signal.signal(signal.SIGTERM, _ask)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _ask(_number: int, _frame: FrameType | None) -> None:
    _asked.set()


def shutting_down() -> bool:
    """Whether SIGTERM has come since `listen`."""
    return _asked.is_set()
