"""Sentences about jobs: their states, interruptions and the reasons for their end."""

from collections.abc import Mapping
from signal import Signals

from webapp.contacts.delete_work import DELETE_NOT_ALLOWED
from webapp.exporting.work import EXPORT_NOT_ALLOWED
from webapp.importing.work import FILE_GONE, IMPORT_NOT_ALLOWED
from webapp.jobs.cancel import CANCELLED_BY_OPERATOR
from webapp.jobs.ending import CANCELLED_BY
from webapp.jobs.interruption import DATABASE_FULL, DATABASE_UNWRITABLE, UNEXPECTED, WORKER_DIED
from webapp.jobs.isolation import INTERRUPTED_TOO_OFTEN, TOO_MANY_LEFT_OUT
from webapp.jobs.work import REQUESTER_NOT_ALLOWED
from webapp.models.job import JobState, Note
from webapp.purging.work import STOOD_BACK
from webapp.words.isolation import isolated

STATES = {
    JobState.QUEUED: "Queued",
    JobState.RUNNING: "Running",
    JobState.DONE: "Done",
    JobState.CANCELLED: "Cancelled",
    JobState.FAILED: "Failed",
}

IN_LINE = "In line"

# What has become of a job, in a sentence about it.
ENDINGS = {
    JobState.DONE: "is done",
    JobState.CANCELLED: "was cancelled",
    JobState.FAILED: "has failed",
}

# Each is formatted with the note's parameters; `name` is the name of its user.
SENTENCES = {
    CANCELLED_BY: "Stopped by {name}.",
    CANCELLED_BY_OPERATOR: "Stopped by the operator.",
    FILE_GONE: "Its file is not kept any longer. Files are kept for a day.",
    IMPORT_NOT_ALLOWED: "{name} may no longer import contacts.",
    EXPORT_NOT_ALLOWED: "{name} may no longer export this.",
    DELETE_NOT_ALLOWED: "{name} may no longer delete so many contacts at a time.",
    REQUESTER_NOT_ALLOWED: "{name} is no longer an admin of your account.",
    INTERRUPTED_TOO_OFTEN: "The job was interrupted {times} times at the same place.",
    TOO_MANY_LEFT_OUT: "Each attempt at {items} items was cut short, so the items are not the cause.",
    DATABASE_FULL: "The database has no room left: {detail}.",
    DATABASE_UNWRITABLE: "The database could not be written to: {detail}.",
    UNEXPECTED: "An unexpected error occurred: {type}.",
    WORKER_DIED: "The worker process died ({how}).",
    STOOD_BACK: "Another job needed the deleted contacts. The rest is left to the next purge.",
    # The previous release stored the sentence itself.
    "previous_release": "{words}",
}
A_FORMER_USER = "A user who has left"


def sentence_of(note: Note | None, people: Mapping[int, str]) -> str | None:
    """The sentence for a job's `reason` or `error`; `people` names users by id. None for None."""
    if note is None:
        return None
    parameters = dict(note)
    if "user" in parameters:
        name = people.get(parameters["user"])
        parameters["name"] = isolated(name) if name else A_FORMER_USER
    if note["code"] == WORKER_DIED:
        parameters["how"] = _how(note)
    if "detail" in parameters:
        parameters["detail"] = isolated(str(parameters["detail"]).rstrip("."))
    if "words" in parameters:
        parameters["words"] = isolated(str(parameters["words"]))
    # A code of a later release, which has been rolled back, has no sentence here.
    return SENTENCES.get(note["code"], str(note["code"])).format(**parameters)


def _how(death: Note) -> str:
    if "signal" not in death:
        return f"exit code {death['exit_code']}"
    number = death["signal"]
    return f"signal {number}, {Signals(number).name}" if number in iter(Signals) else f"signal {number}"
