"""`worker.py` with an accident, which the environment describes (tests/support/accidents.py).

With `confirm` and an address it is a web process instead, in which that admin confirms a restore of all that
is in the bin.
"""

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from sqlalchemy import Engine, event, update
from sqlalchemy.orm import Session

import worker
from tests.support.accidents import SETTING, Accident
from tests.support.browser import Browser
from tests.support.confirming import confirm
from webapp import create_app
from webapp.jobs import claim, run, start
from webapp.models import Job
from webapp.worker.redis_lock import RedisLock
from webapp.worker.rq_worker import GentleWorker


class ArmedAccident:
    """Counts how often the place is reached, in this process and in all of them, and causes the accident."""

    def __init__(self, accident: Accident, tally: Path) -> None:
        self.accident, self.tally, self.reached = accident, tally, 0

    def count_and_strike(self) -> None:
        self.reached += 1
        if self.reached < self.accident.at or (self.reached > self.accident.at and not self.accident.again):
            return
        done = self.tally.stat().st_size if self.tally.exists() else 0
        if done >= self.accident.times:
            return
        with self.tally.open("ab") as tally:
            tally.write(b"x")
        victim = os.getppid() if self.accident.what == Accident.KILL_PARENT else os.getpid()
        os.kill(victim, signal.SIGSTOP if self.accident.what == Accident.STOP else signal.SIGKILL)

    def strike_in_a_restore(self, *_: Any) -> None:
        if run_is_under_way():
            self.count_and_strike()


def run_is_under_way() -> bool:
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code in (run.carry_out.__code__, start.start.__code__):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def install(accident: Accident, armed: ArmedAccident) -> None:
    if accident.where in ("before COMMIT", "after COMMIT"):
        event.listen(Session, accident.where.lower().replace(" ", "_"), armed.strike_in_a_restore)
    elif accident.where == "before fork":
        call_before(GentleWorker, "fork_work_horse", armed.count_and_strike)
    elif accident.where == "before release":
        call_before(RedisLock, "release", armed.strike_in_a_restore)
    elif accident.where:
        strike_at_statement(accident.where.removeprefix("before "), accident.parameter, armed)
    if accident.without_fence:
        for module in (claim, run):
            vars(module)["prove_fence"] = skip_fence


def call_before(owner: type, name: str, act: Callable[[], None]) -> None:
    original = getattr(owner, name)

    def method(*arguments: Any) -> Any:
        act()
        return original(*arguments)

    setattr(owner, name, method)


def strike_at_statement(beginning: str, parameter: int | None, armed: ArmedAccident) -> None:
    def listener(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(beginning) and (parameter is None or parameter in flat(parameters)):
            armed.strike_in_a_restore()

    event.listen(Engine, "before_cursor_execute", listener)


def flat(parameters: Any) -> Iterable[Any]:
    if isinstance(parameters, dict):
        parameters = list(parameters.values())
    for value in parameters:
        if isinstance(value, list | tuple | dict):
            yield from flat(value)
        elif isinstance(value, str) and value[:1] in ("[", "{"):
            # Many ids are passed as one text (webapp/database.py, listed).
            yield from map(int, re.findall("[0-9]+", value))
        else:
            yield value


def skip_fence(session: Session, mine: claim.Claim, now: datetime, *, lease: float | None = None) -> Job:
    """A `prove_fence` that accepts every runner."""
    session.execute(
        update(Job)
        .where(Job.id == mine.job_id)
        .values(lease_until=now + timedelta(seconds=lease) if lease else Job.lease_until)
        .execution_options(synchronize_session=False)
    )
    return session.get_one(Job, mine.job_id, populate_existing=True)


if __name__ == "__main__":
    values = json.loads(os.environ[SETTING])
    tally = Path(values.pop("tally"))
    accident = Accident(**values)
    install(accident, ArmedAccident(accident, tally))
    if sys.argv[1:2] == ["confirm"]:
        browser = Browser(create_app())
        browser.enter(sys.argv[2])
        confirm(browser)
    else:
        worker.main()
