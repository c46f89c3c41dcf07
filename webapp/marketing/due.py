"""Finding due automation runs and processing them in batches. Additional rings are harmless."""

from collections.abc import Callable

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import lock_workspace, write_transaction
from webapp.jobs.settings import Rest
from webapp.marketing.automations import advance
from webapp.models import Automation, AutomationRun
from webapp.models.automation import RunState
from webapp.models.base import is_in

log = structlog.get_logger()

BATCH = 500
NO_REST = Rest()


def due_workspaces(session: Session) -> list[int]:
    """The workspaces in which a run of an active automation is due."""
    now = read_clock(session)
    runs = (
        select(AutomationRun.workspace_id)
        .join(Automation, Automation.id == AutomationRun.automation_id)
        .where(
            is_in(AutomationRun.state, RunState.QUEUED, RunState.WAITING),
            AutomationRun.due_at <= now,
            Automation.is_active,
        )
    )
    return sorted(session.scalars(runs.distinct()))


def process_due(
    session: Session, *, rest: Rest = NO_REST, should_stop: Callable[[], bool] = lambda: False
) -> int:
    """Process everything that is due, in every workspace, until nothing is or `should_stop` returns True.

    Each batch is one transaction under the workspace's lock, so a killed worker has done complete batches
    only. Returns the number of steps.
    """
    total, failed = 0, set[int]()
    while workspaces := [found for found in due_workspaces(session) if found not in failed]:
        for workspace_id in workspaces:
            if should_stop():
                return total
            try:
                with rest.following():
                    done = _batch(session, workspace_id)
            except Exception:
                # The batch was rolled back and is still due: the next ring tries again. Other workspaces
                # continue.
                log.exception("work_failed", workspace=workspace_id)
                failed.add(workspace_id)
                continue
            log.info("worked_off", workspace=workspace_id, steps=done)
            total += done
    return total


def _batch(session: Session, workspace_id: int) -> int:
    with write_transaction(session):
        lock_workspace(session, workspace_id, changes_it=False)
        return advance(session, workspace_id, now=read_clock(session), limit=BATCH)
