"""Starting a job from a confirmed dialog: what a refusal of the engine answers, for every kind."""

from collections.abc import Callable

import structlog
from flask import Response, abort
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.extensions import db
from webapp.jobs.lock import LockUnavailable
from webapp.jobs.queries import active_job, find_by_key, job_in_line
from webapp.jobs.start import AlreadyRunning, AnotherRequest, BeingStarted
from webapp.jobs.work import NotAllowed
from webapp.models import Job
from webapp.web.dialogs import leave_for
from webapp.web.errors import error, with_retry_after
from webapp.web.job_address import job_href
from webapp.web.rates import JOBS, TooMany, take
from webapp.words.kinds import title

log = structlog.get_logger()

# Answers with the dialog once more: a sentence that says why, and the status.
AskAgain = Callable[[str, int], Response]


def too_many_jobs(group: str | None, key: str, *, in_line: bool = False) -> TooMany | None:
    """Whether the user has started too many jobs to start one of the `group`, or to put it `in_line`, with
    this idempotency key. A job in its way is told first, and a confirmation that has been used leads to its
    job."""
    session, workspace_id = db.session(), current_user.workspace_id
    too_many = take(JOBS)
    if too_many is None or (job_in_line if in_line else active_job)(session, workspace_id, group):
        return None
    return None if find_by_key(session, workspace_id, key) else too_many


def begin(
    start: Callable[[], Job], ask_again: AskAgain, *, group: str | None, key: str
) -> ResponseReturnValue:
    """`start` the job that a dialog confirms, and go to its page; else say why not. What the kind itself
    refuses passes through. The job is of the `group`, and the confirmation has the idempotency `key`."""
    if too_many := too_many_jobs(group, key):
        return too_many.told_by(ask_again(too_many.sentence, 429))
    try:
        job = start()
    except NotAllowed:
        abort(403)
    except AnotherRequest:
        return error(422, "This confirmation has been used for something else. Nothing was changed.")
    except AlreadyRunning as refusal:
        return ask_again(f"{title(refusal.job)} is running. Nothing was changed.", 409)
    except BeingStarted:
        return ask_again("Another job is being started. Nothing was changed.", 409)
    except LockUnavailable:
        log.error("job_not_started", exc_info=True)
        sentence = "This cannot be started right now. Nothing was changed. Try again in a few seconds."
        return with_retry_after(ask_again(sentence, 503))
    return leave_for(job_href(job))
