"""Accidents that happen to a real worker process at a chosen moment: between two statements, or at a fork."""

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

SETTING = "ACCIDENT"


@dataclass(frozen=True)
class Accident:
    """What happens, where, and how often.

    `where` is one of these, `what` one of KILL, STOP (until it is continued) and KILL_PARENT:

    - "before COMMIT", "after COMMIT": of a process that starts a restore or carries one out
    - "before UPDATE contact" or any other beginning of a statement
    - "before fork": in a worker that has taken a message and not yet forked its horse
    - "before release": when the key of an ended job is about to be released

    It happens at the `at`-th time that the place is reached in one process, `times` times in all, with
    `again` at each later time as well; `parameter`, if given, must be among the statement's.
    """

    SCRIPT: ClassVar[str] = "tests/faults/accident_prone.py"
    KILL: ClassVar[str] = "kill"
    STOP: ClassVar[str] = "stop"
    KILL_PARENT: ClassVar[str] = "kill parent"

    where: str = ""
    what: str = "kill"
    at: int = 1
    times: int = 1
    again: bool = False
    parameter: int | None = None
    # The negative control: no runner checks its fence.
    without_fence: bool = False

    def environ(self, folder: Path) -> dict[str, str]:
        """The environment in which this happens to a worker and its children."""
        tally = folder / f"accidents-{uuid.uuid4().hex}"
        return {SETTING: json.dumps(asdict(self) | {"tally": str(tally)})}
