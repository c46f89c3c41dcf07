"""A terminal, for output that depends on one."""

import os
import pty
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


class Terminal:
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        # All that was written to it, after it is closed.
        self.seen = ""


@contextmanager
def new_terminal() -> Iterator[Terminal]:
    """A pseudo-terminal whose other end a thread reads, so that no writer blocks."""
    ours, theirs = pty.openpty()
    pieces: list[bytes] = []

    def read() -> None:
        # Linux raises this at the end, when the other side is closed.
        with suppress(OSError):
            while piece := os.read(ours, 4096):
                pieces.append(piece)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        with os.fdopen(theirs, "w", encoding="utf-8") as stream:
            terminal = Terminal(stream)
            yield terminal
    finally:
        reader.join(10)
        os.close(ours)
        terminal.seen = b"".join(pieces).decode()
