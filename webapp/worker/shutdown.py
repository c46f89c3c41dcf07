"""Whether this process should stop: a signal asked for it, or its parent has died and would not see it die.

A job asks between its batches.
"""

import os
import signal
from threading import Event
from types import FrameType

_asked = Event()
# None while no parent is watched: a job may also run in a process that is no worker's child.
_parent: int | None = None


def listen(*, parent: int, asked: bool = False) -> None:
    """From now on SIGTERM asks the running job to finish its batch. The terminal's Ctrl-C is left to the
    parent.

    `parent` is the process that started this one; `asked` says whether it had been told to stop already.
    """
    global _parent
    _parent = parent
    _asked.clear()
    if asked:
        _asked.set()
    signal.signal(signal.SIGTERM, _ask)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _ask(_number: int, _frame: FrameType | None) -> None:
    _asked.set()


def shutting_down() -> bool:
    """Whether SIGTERM has come since `listen`, or the parent has gone."""
    return _asked.is_set() or _parent not in (None, os.getppid())
