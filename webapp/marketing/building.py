"""Building automations: making, naming, starting, pausing and deleting one, and its steps.

Runs count the steps that they have taken. So steps are added, moved and removed only while no run is under
way; a person ends the runs first, or waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from webapp.characters import name_key
from webapp.database import execute_update, lock_workspace
from webapp.marketing.drafting import CHANGED, GONE, NotWritten, live_list, record_act
from webapp.models import Automation, AutomationRun, Campaign, CampaignSend, Tag
from webapp.models.audit_event import Action
from webapp.models.automation import RunState, Trigger
from webapp.models.base import is_in
from webapp.models.campaign import SendState

# Codes of NotWritten. A run is under way.
RUNNING = "running"
# The step does what the automation waits for.
WAKES_ITSELF = "wakes_itself"
# The list or tag is deleted, or of another workspace.
NO_TARGET = "no_target"
TOO_MANY = "too_many_steps"
NO_STEPS = "no_steps"
NO_STEP = "no_step"

MOST_STEPS = 50
HOURS = {"hours": 1, "days": 24}
MOST_HOURS = 365 * 24


@dataclass(frozen=True)
class Waiting:
    """What an automation waits for: that a contact is subscribed to a list, or gets a tag."""

    trigger: Trigger
    list_id: int | None = None
    tag_id: int | None = None

    @property
    def step(self) -> dict[str, object]:
        """The step that would do it."""
        if self.trigger == Trigger.SUBSCRIBED:
            return {"do": "subscribe", "list": self.list_id}
        return {"do": "add_tag", "tag": self.tag_id}


def live_automation(session: Session, workspace_id: int, automation_id: int) -> Automation | None:
    """The workspace's automation, unless it is deleted."""
    return session.scalar(
        select(Automation)
        .where(
            Automation.id == automation_id,
            Automation.workspace_id == workspace_id,
            Automation.deleted_at.is_(None),
        )
        .execution_options(populate_existing=True)
    )


def make_automation(
    session: Session, name: str, waiting: Waiting, *, workspace_id: int, by: int, now: datetime
) -> int:
    """Make an automation without steps, paused, in the caller's write transaction; return its id.

    Raises NotWritten: NO_TARGET.
    """
    lock_workspace(session, workspace_id)
    _check_target(session, workspace_id, waiting)
    automation = Automation(
        workspace_id=workspace_id,
        name=name,
        trigger=waiting.trigger,
        list_id=waiting.list_id,
        tag_id=waiting.tag_id,
        steps=[],
        is_active=False,
        created_at=now,
    )
    session.add(automation)
    session.flush()
    record_act(session, automation, Action.AUTOMATION_MADE, by, now)
    return automation.id


@dataclass(frozen=True)
class Builder:
    """One person's changes of an automation. Each verb runs in the caller's write transaction, where it reads
    the automation again under the workspace's lock.

    `version` is the one that the person has seen. Each verb raises NotWritten with GONE, or with CHANGED if
    another person has changed the automation since.
    """

    session: Session
    workspace_id: int
    automation_id: int
    version: int
    by: int
    now: datetime

    def rename(self, name: str) -> None:
        """Give it another name."""
        automation = self._locked()
        automation.name = name
        self._changed(automation, Action.AUTOMATION_CHANGED)

    def add_step(self, step: dict[str, object]) -> None:
        """Add a step at the end. Raises NotWritten: RUNNING, TOO_MANY, WAKES_ITSELF, NO_TARGET."""
        automation = self._for_steps()
        if len(automation.steps) >= MOST_STEPS:
            raise NotWritten(TOO_MANY)
        self._check_step(automation, step)
        automation.steps = [*automation.steps, step]
        self._changed(automation, Action.AUTOMATION_CHANGED)

    def add_message(self, subject: str, body: str, list_id: int) -> None:
        """Add a step that sends a text to the contact, as far as it is mailable for the list."""
        automation = self._for_steps()
        if live_list(self.session, self.workspace_id, list_id) is None:
            raise NotWritten(NO_TARGET)
        if len(automation.steps) >= MOST_STEPS:
            raise NotWritten(TOO_MANY)
        text = Campaign(
            workspace_id=self.workspace_id,
            name=subject[:120],
            subject=subject,
            body=body,
            list_id=list_id,
            automation_id=automation.id,
            created_at=self.now,
        )
        self.session.add(text)
        self.session.flush()
        automation.steps = [*automation.steps, {"do": "send", "campaign": text.id}]
        self._changed(automation, Action.AUTOMATION_CHANGED)

    def remove_step(self, place: int) -> None:
        """Remove the step at `place`, from 0. Raises NotWritten: RUNNING, NO_STEP."""
        automation = self._for_steps(place)
        automation.steps = automation.steps[:place] + automation.steps[place + 1 :]
        self._changed(automation, Action.AUTOMATION_CHANGED)

    def move_up(self, place: int) -> None:
        """Exchange the step at `place` with the one before it. Raises NotWritten: RUNNING, NO_STEP."""
        automation = self._for_steps(place)
        if place == 0:
            raise NotWritten(NO_STEP)
        steps = list(automation.steps)
        steps[place - 1], steps[place] = steps[place], steps[place - 1]
        automation.steps = steps
        self._changed(automation, Action.AUTOMATION_CHANGED)

    def start(self) -> None:
        """Let it wake from now on. Raises NotWritten: NO_STEPS, NO_TARGET if its list or tag is deleted."""
        automation = self._locked()
        if not automation.steps:
            raise NotWritten(NO_STEPS)
        _check_target(
            self.session,
            self.workspace_id,
            Waiting(automation.trigger, automation.list_id, automation.tag_id),
        )
        automation.is_active = True
        self._changed(automation, Action.AUTOMATION_STARTED)

    def pause(self) -> None:
        """Let it wake no more; its runs wait until it is started again."""
        automation = self._locked()
        automation.is_active = False
        self._changed(automation, Action.AUTOMATION_PAUSED)

    def end_runs(self) -> int:
        """End its runs that are under way, and their messages that wait; return the number of runs."""
        automation = self._locked()
        ended = _end_runs(self.session, automation.id, self.now, "ended_by_hand")
        self._changed(automation, Action.AUTOMATION_RUNS_ENDED, runs=ended)
        return ended

    def delete(self) -> None:
        """Delete it: it is hidden and paused, and its runs and their messages that wait end."""
        automation = self._locked()
        automation.deleted_at = self.now
        automation.is_active = False
        ended = _end_runs(self.session, automation.id, self.now, "automation_deleted")
        self._changed(automation, Action.AUTOMATION_DELETED, runs=ended)

    def _locked(self) -> Automation:
        lock_workspace(self.session, self.workspace_id)
        automation = live_automation(self.session, self.workspace_id, self.automation_id)
        if automation is None:
            raise NotWritten(GONE)
        if automation.version != self.version:
            raise NotWritten(CHANGED)
        return automation

    def _for_steps(self, place: int | None = None) -> Automation:
        automation = self._locked()
        if is_under_way(self.session, automation.id):
            raise NotWritten(RUNNING)
        if place is not None and not 0 <= place < len(automation.steps):
            raise NotWritten(NO_STEP)
        return automation

    def _check_step(self, automation: Automation, step: dict[str, object]) -> None:
        waiting = Waiting(automation.trigger, automation.list_id, automation.tag_id)
        if step == waiting.step:
            raise NotWritten(WAKES_ITSELF)
        check = TARGETS.get(str(step["do"]))
        if check is not None and check(self.session, self.workspace_id, step) is None:
            raise NotWritten(NO_TARGET)

    def _changed(self, automation: Automation, action: Action, **counts: int) -> None:
        automation.version += 1
        record_act(self.session, automation, action, self.by, self.now, **counts)
        self.session.flush()


def is_name(name: str) -> bool:
    """Whether an automation can be called so."""
    return len(name) <= Automation.name.type.length and bool(name_key(name))


def is_under_way(session: Session, automation_id: int) -> bool:
    """Whether a run of the automation is queued or waiting."""
    running = exists().where(AutomationRun.automation_id == automation_id, _unfinished())
    return bool(session.scalar(select(running)))


def count_under_way(session: Session, automation_id: int, *, most: int) -> int:
    """How many runs are queued or waiting; `most` + 1 if there are more than `most`."""
    some = select(AutomationRun.id).where(AutomationRun.automation_id == automation_id, _unfinished())
    return session.scalar(select(func.count()).select_from(some.limit(most + 1).subquery())) or 0


def live_tag(session: Session, workspace_id: int, tag_id: object) -> int | None:
    """The id, if the workspace has this tag and it is not deleted."""
    return session.scalar(
        select(Tag.id).where(Tag.id == tag_id, Tag.workspace_id == workspace_id, Tag.deleted_at.is_(None))
    )


TARGETS: dict[str, Callable[[Session, int, dict[str, Any]], int | None]] = {
    "subscribe": lambda session, workspace_id, step: live_list(session, workspace_id, step["list"]),
    "add_tag": lambda session, workspace_id, step: live_tag(session, workspace_id, step["tag"]),
}


def _check_target(session: Session, workspace_id: int, waiting: Waiting) -> None:
    if TARGETS[str(waiting.step["do"])](session, workspace_id, waiting.step) is None:
        raise NotWritten(NO_TARGET)


def _unfinished() -> Any:
    return is_in(AutomationRun.state, RunState.QUEUED, RunState.WAITING)


def _end_runs(session: Session, automation_id: int, now: datetime, why: str) -> int:
    texts = select(Campaign.id).where(Campaign.automation_id == automation_id)
    execute_update(
        session,
        update(CampaignSend)
        .where(CampaignSend.campaign_id.in_(texts), CampaignSend.state == SendState.PENDING)
        .values(state=SendState.ENDED, ended_why=why),
    )
    return execute_update(
        session,
        update(AutomationRun)
        .where(AutomationRun.automation_id == automation_id, _unfinished())
        .values(state=RunState.ENDED, ended_at=now, ended_why=why),
    )
