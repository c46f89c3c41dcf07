"""Carrying out automations: the next step of every due run, many at once, each step completely or not at all.

A step is a plain dict in `Automation.steps`:

    {"do": "add_tag", "tag": id}        {"do": "subscribe", "list": id}
    {"do": "wait", "hours": number}     {"do": "send", "campaign": id}

If the list, tag or campaign of a step has been deleted since, the step does nothing and the run continues.
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
from webapp.numbers import LARGEST_ID


@dataclass(frozen=True)
class RunGroup:
    """Runs of one automation whose next step is the same."""

    workspace_id: int
    automation_id: int
    run_ids: Sequence[int]
    contact_ids: Sequence[int]
    now: datetime


def _add_tag(session: Session, tag_id: int, runs: RunGroup) -> None:
    add_tag(
        session,
        workspace_id=runs.workspace_id,
        contact_ids=runs.contact_ids,
        tag_id=tag_id,
        now=runs.now,
        caused_by=runs.automation_id,
    )


def _subscribe(session: Session, list_id: int, runs: RunGroup) -> None:
    subscribe(
        session,
        workspace_id=runs.workspace_id,
        contact_ids=runs.contact_ids,
        list_id=list_id,
        now=runs.now,
        caused_by=runs.automation_id,
    )


def _send(session: Session, campaign_id: int, runs: RunGroup) -> None:
    queue_for_runs(session, campaign_id=campaign_id, run_ids=runs.run_ids, now=runs.now)


def _wait(session: Session, hours: float, runs: RunGroup) -> None:
    """Does nothing: `_take_step` writes when the next step is due."""


# By the name of a step: the field with its argument, its function, and the largest argument.
Action = Callable[[Session, Any, RunGroup], None]
TEN_YEARS = 10 * 365 * 24
ACTIONS: dict[str, tuple[str, Action, int]] = {
    "add_tag": ("tag", _add_tag, LARGEST_ID),
    "subscribe": ("list", _subscribe, LARGEST_ID),
    "send": ("campaign", _send, LARGEST_ID),
    "wait": ("hours", _wait, TEN_YEARS),
}


def advance(session: Session, workspace_id: int, *, now: datetime, limit: int) -> int:
    """Carry out the next step of up to `limit` due runs of the workspace; return their number.

    Runs in the caller's write transaction, which holds the workspace's lock. A step and the run's new
    position commit together, so a worker that dies neither repeats nor skips one. Paused automations wait.
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
    groups: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for automation_id, position, run_id, contact_id in due:
        groups[automation_id, position].append((run_id, contact_id))
    for (automation_id, position), group in sorted(groups.items()):
        steps = session.get_one(Automation, automation_id).steps
        runs = RunGroup(
            workspace_id,
            automation_id,
            run_ids=[run_id for run_id, _ in group],
            contact_ids=[contact_id for _, contact_id in group],
            now=now,
        )
        _take_step(session, steps, position, runs)
    return len(due)


def _take_step(session: Session, steps: Sequence[Mapping[str, Any]], position: int, runs: RunGroup) -> None:
    if position >= len(steps):
        _write(session, runs, state=RunState.DONE, ended_at=runs.now)
        return
    parsed = _parse_step(steps[position])
    if parsed is None:
        # Skipping an unknown step could send a message too early, for instance if it was a wait.
        _write(session, runs, state=RunState.ENDED, ended_at=runs.now, ended_why="unreadable_step")
        return
    action, argument = parsed
    action(session, argument, runs)
    if action is _wait:
        _write(
            session,
            runs,
            state=RunState.WAITING,
            step=position + 1,
            due_at=runs.now + timedelta(hours=argument),
        )
    elif position + 1 < len(steps):
        _write(session, runs, state=RunState.QUEUED, step=position + 1, due_at=runs.now)
    else:
        _write(session, runs, state=RunState.DONE, step=position + 1, ended_at=runs.now)


def _parse_step(step: object) -> tuple[Action, Any] | None:
    """The step's function and argument; None if it cannot be carried out."""
    if not isinstance(step, dict) or str(step.get("do")) not in ACTIONS:
        return None
    field, action, most = ACTIONS[step["do"]]
    argument: Any = step.get(field)
    # A bool is an int in Python; NaN fails the comparison.
    is_number = isinstance(argument, int | float) and not isinstance(argument, bool)
    return (action, argument) if is_number and 0 <= argument <= most else None


def _write(session: Session, runs: RunGroup, **values: object) -> None:
    execute_update(session, update(AutomationRun).where(AutomationRun.id.in_(runs.run_ids)).values(**values))
