"""The clock of a story: in it months pass, and nothing waits."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from webapp.clock import read_clock


def _not_set() -> datetime:
    raise AssertionError("no story has begun")


@dataclass
class Clock:
    read: Callable[[], datetime] = _not_set

    def replace_the_real_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Wherever the app has imported its clock. PostgreSQL's own cannot be set."""
        for module in list(sys.modules.values()):
            if module.__name__.startswith("webapp.") and getattr(module, "read_clock", None) is read_clock:
                monkeypatch.setattr(module, "read_clock", self._read_clock)

    def _read_clock(self, _session: Session) -> datetime:
        return self.read()
