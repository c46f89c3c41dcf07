"""Carrying automations out: every due run goes a step further, many at once, each step whole or not at all.

A step is a plain dict in `Automation.steps`:

    {"do": "add_tag", "tag": id}        {"do": "subscribe", "list": id}
    {"do": "wait", "hours": number}     {"do": "send", "campaign": id}

What a step names may have been deleted since: then it does nothing, and the run goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update
from webapp.marketing.campaigns import queue_for_runs
from webapp.marketing.lists import subscribe
from webapp.marketing.tags import add_tag
from webapp.models import Automation, AutomationRun
from webapp.models.automation import RunState
from webapp.models.base import is_in


@dataclass(frozen=True)
class RunGroup:
    """Runs of one automation that stand before the same step."""

    workspace_id: int
    run_ids: Sequence[int]
    contact_ids: Sequence[int]
    now: datetime


def _add_tag(session: Session, tag_id: int, runs: RunGroup) -> None:
    add_tag(
        session, workspace_id=runs.workspace_id, contact_ids=runs.contact_ids, tag_id=tag_id, now=runs.now
    )


def _subscribe(session: Session, list_id: int, runs: RunGroup) -> None:
    subscribe(
        session, workspace_id=runs.workspace_id, contact_ids=runs.contact_ids, list_id=list_id, now=runs.now
    )


def _send(session: Session, campaign_id: int, runs: RunGroup) -> None:
    queue_for_runs(session, campaign_id=campaign_id, run_ids=runs.run_ids, now=runs.now)


def _wait(session: Session, hours: float, runs: RunGroup) -> None:
    """Nothing is done; that the next step is due later is written with the place."""


# What a step does, by its name: the field that says with what, the deed, and the most that can be said.
Action = Callable[[Session, Any, RunGroup], None]
LARGEST_ID = 2**63 - 1
TEN_YEARS = 10 * 365 * 24
ACTIONS: dict[str, tuple[str, Action, int]] = {
    "add_tag": ("tag", _add_tag, LARGEST_ID),
    "subscribe": ("list", _subscribe, LARGEST_ID),
    "send": ("campaign", _send, LARGEST_ID),
    "wait": ("hours", _wait, TEN_YEARS),
}


def advance(session: Session, workspace_id: int, *, now: datetime, limit: int) -> int:
    """Take up to `limit` due runs of the workspace one step further; how many there were.

    In the caller's write transaction, which holds the workspace's lock: a step and the place after it commit
    together, so a worker that dies repeats nothing and leaves nothing out. Paused automations wait.
    """
    due = session.execute(
        select(AutomationRun.automation_id, AutomationRun.step, AutomationRun.id, AutomationRun.contact_id)
        .join(Automation, Automation.id == AutomationRun.automation_id)
        .where(
            AutomationRun.workspace_id == workspace_id,
            is_in(AutomationRun.state, RunState.QUEUED, RunState.WAITING),
            AutomationRun.due_at <= now,
            Automation.is_active,
        )
        .order_by(AutomationRun.due_at, AutomationRun.id)
        .limit(limit)
    ).all()
    standing: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for automation_id, place, run_id, contact_id in due:
        standing[automation_id, place].append((run_id, contact_id))
    for (automation_id, place), together in sorted(standing.items()):
        steps = session.get_one(Automation, automation_id).steps
        runs = RunGroup(
            workspace_id,
            run_ids=[run_id for run_id, _ in together],
            contact_ids=[contact_id for _, contact_id in together],
            now=now,
        )
        _take_step(session, steps, place, runs)
    return len(due)


def _take_step(session: Session, steps: Sequence[Mapping[str, Any]], place: int, runs: RunGroup) -> None:
    if place >= len(steps):
        _write(session, runs, state=RunState.DONE, ended_at=runs.now)
        return
    parsed = _parse_step(steps[place])
    if parsed is None:
        # Nobody can say what was meant, and to pass over a step could send what it would have held back.
        _write(session, runs, state=RunState.ENDED, ended_at=runs.now, ended_why="unreadable_step")
        return
    action, argument = parsed
    action(session, argument, runs)
    if action is _wait:
        _write(
            session, runs, state=RunState.WAITING, step=place + 1, due_at=runs.now + timedelta(hours=argument)
        )
    elif place + 1 < len(steps):
        _write(session, runs, state=RunState.QUEUED, step=place + 1, due_at=runs.now)
    else:
        _write(session, runs, state=RunState.DONE, step=place + 1, ended_at=runs.now)


def _parse_step(step: object) -> tuple[Action, Any] | None:
    """What a step does and with what; None for one that no database or calendar could carry out."""
    if not isinstance(step, dict) or str(step.get("do")) not in ACTIONS:
        return None
    field, action, most = ACTIONS[step["do"]]
    argument: Any = step.get(field)
    # A bool is a number to Python, and a NaN is not between anything.
    is_number = isinstance(argument, int | float) and not isinstance(argument, bool)
    return (action, argument) if is_number and 0 <= argument <= most else None


def _write(session: Session, runs: RunGroup, **values: object) -> None:
    execute_update(session, update(AutomationRun).where(AutomationRun.id.in_(runs.run_ids)).values(**values))
