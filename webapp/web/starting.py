"""Starting a job from a confirmed dialog: what a refusal of the engine answers, for every kind."""

from collections.abc import Callable

import structlog
from flask import Response, abort
from flask.typing import ResponseReturnValue

from webapp.jobs.lock import LockUnavailable
from webapp.jobs.start import AlreadyRunning, AnotherRequest, BeingStarted
from webapp.jobs.work import NotAllowed
from webapp.models import Job
from webapp.web.dialogs import leave_for
from webapp.web.errors import error
from webapp.web.job_address import job_href
from webapp.words.kinds import title

log = structlog.get_logger()

# Answers with the dialog once more: a sentence that says why, and the status.
AskAgain = Callable[[str, int], Response]


def begin(start: Callable[[], Job], ask_again: AskAgain) -> ResponseReturnValue:
    """`start` the job that a dialog confirms, and go to its page; else say why not. What the kind itself
    refuses passes through."""
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
        response = ask_again(sentence, 503)
        response.headers["Retry-After"] = "5"
        return response
    return leave_for(job_href(job))
