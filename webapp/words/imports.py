"""Sentences about imports."""

from collections.abc import Mapping, Sequence
from typing import Any

from webapp.contacts.address import why_not_an_address
from webapp.importing.deciding import (
    ALREADY_THERE,
    AMONG_THE_DELETED,
    CRASHED,
    REFUSED,
    REPEATED,
    UNCHANGED,
)
from webapp.importing.fields import COLUMNS, STATUSES, Field
from webapp.importing.order import ImportRequest, Named
from webapp.importing.rows import (
    CONTROL_CHARACTER,
    NOT_AN_ADDRESS,
    NOTHING,
    SURPLUS,
    TOO_LONG,
    Columns,
)
from webapp.importing.work import came_without_list
from webapp.models import Job
from webapp.models.import_line import LineOutcome
from webapp.words.imports_reading import FAULTS
from webapp.words.isolation import isolated
from webapp.words.kind_words import KindWords
from webapp.words.numbers import counted, number

# The figures of a report, by what counts in the job's counts.
FIGURES = {
    str(LineOutcome.ADDED): "Added",
    str(LineOutcome.UPDATED): "Updated",
    ALREADY_THERE: "Already there",
    UNCHANGED: "Unchanged",
    AMONG_THE_DELETED: "Among the deleted",
    str(LineOutcome.REJECTED): "Rejected",
}
SKIPPED = (ALREADY_THERE, UNCHANGED, AMONG_THE_DELETED)
# The last column of the rejected rows as a file. No field of a contact has this name.
REASON = "Reason"


def why_rejected(
    reason: Mapping[str, Any], line: int, record: Sequence[str] | None, mapping: Mapping[str, str]
) -> str:
    """Why the record in `line` was rejected, as a clause. `record` are its fields, as long as they are
    kept."""
    code = reason["code"]
    if code == SURPLUS:
        found = reason["found"]
        has = f"{number(found)} field{'s' * (found != 1)} instead of {number(reason['width'])}"
        last = reason.get("last_line")
        return f"the record, which ends in line {number(last)}, has {has}" if last else f"it has {has}"
    if code == TOO_LONG:
        return f"{_what(reason)} is longer than {number(reason['limit'])} characters"
    if code == CONTROL_CHARACTER:
        return f"{_what(reason)} contains a line break or another control character"
    if code == NOT_AN_ADDRESS:
        text = _text(Field.EMAIL, record, mapping)
        why = why_not_an_address(text) if text else None
        return (
            f"“{isolated(text)}” is not an e-mail address: {why}" if why else "it has no valid e-mail address"
        )
    if code == NOTHING:
        return "it has neither an e-mail address nor a name"
    if code == REPEATED:
        text = _text(Field.EMAIL, record, mapping) or _name(record, mapping)
        return (
            f"“{isolated(text)}” is already in line {number(reason['line'])}"
            if text
            else (f"it is about the same contact as line {number(reason['line'])}")
        )
    if code == REFUSED:
        return "the database refuses it"
    if code == CRASHED:
        return "it crashed the worker each time"
    return why_not_read(reason, line)


def why_not_read(fault: Mapping[str, Any], line: int) -> str:
    """Why a record could not be read, as a clause. A fault of a later release has no words here."""
    say = FAULTS.get(fault["code"])
    return say(line, line + fault.get("unread", 0)) if say else "it cannot be read"


def why_skipped(email: str | None, name: str) -> str:
    """Why the row of an existing contact was skipped, as a clause; its address and name as they are now."""
    if not email and not name:
        return "a contact has it already"
    has = f"the address “{isolated(email)}”" if email else f"the name “{isolated(name)}” and no address"
    return f"a contact has {has} already"


def skipped_label(code: str) -> str:
    """Why a row was skipped, as the beginning of a sentence."""
    return {
        ALREADY_THERE: "Skipped: this contact is already there",
        UNCHANGED: "Nothing to change: this contact is as the row says",
        AMONG_THE_DELETED: "Skipped: it is about a deleted contact",
    }.get(code, "Skipped")


def _what(reason: Mapping[str, Any]) -> str:
    field = Field(reason["field"])
    if field is Field.TAGS:
        return "a tag" if reason.get("limit", 0) < 1000 else "“Tags”"
    if field in STATUSES:
        return "a list" if reason.get("limit", 0) < 1000 else f"“{COLUMNS[field]}”"
    return f"“{COLUMNS[field]}”"


def _text(field: Field, record: Sequence[str] | None, mapping: Mapping[str, str]) -> str:
    return Columns(mapping, 0).text(field, record) if record else ""


def _name(record: Sequence[str] | None, mapping: Mapping[str, str]) -> str:
    names = (_text(field, record, mapping) for field in (Field.FIRST_NAME, Field.LAST_NAME))
    return " ".join(filter(None, names)) or _text(Field.FULL_NAME, record, mapping)


def file_name(job: Job) -> str:
    """What the imported file is called, as long as that is kept."""
    return Named.of(job.private.text if job.private else None).file_name


def scope(job: Job) -> str:
    """What an import is about, in one sentence or two."""
    asked, name = ImportRequest.of(job.request), file_name(job)
    parts = [f"From “{isolated(name)}”." if name else "From a file."]
    parts.append("Existing contacts are updated." if asked.updates else "Existing contacts are skipped.")
    if asked.list_id is not None:
        who = "All" if asked.updates else "The others"
        parts.append(f"{who} are put on the list “{isolated(asked.list_name)}”.")
    if asked.wake:
        parts.append("Automations begin.")
    return " ".join(parts)


def put_on_list(job: Job) -> str:
    """How many contacts an ended import has put on the list that was chosen, as a sentence; empty if none was
    chosen, or no contact was imported."""
    asked, without = ImportRequest.of(job.request), came_without_list(job)
    imported = job.count(LineOutcome.ADDED) + job.count(LineOutcome.UPDATED)
    if asked.list_id is None or not imported:
        return ""
    name, put = f"list “{isolated(asked.list_name)}”", imported - without
    if not without:
        return f"{counted(put, 'contact')} {_were(put)} put on the {name}."
    first = f"{number(put)} {_were(put)} put on it before, and " if put else ""
    return f"The {name} was deleted during the import: {first}{counted(without, 'contact')} came without it."


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def result(job: Job) -> str:
    """What an ended import did, in one sentence."""
    parts = [f"{counted(job.count(LineOutcome.ADDED), 'contact')} added"]
    skipped = sum(job.count(code) for code in SKIPPED)
    for count, words in (
        (job.count(LineOutcome.UPDATED), "updated"),
        (skipped, "skipped"),
        (job.count(LineOutcome.REJECTED), "rejected"),
    ):
        if count:
            parts.append(f"{number(count)} {words}")
    return f"{', '.join(parts)}."


IMPORT_WORDS = KindWords(
    name="Import",
    doing="Importing",
    noun="row",
    result=result,
    scope=lambda job, *_: scope(job),
    promise="You can leave this page; the import continues.",
    kept="",
    report="imports/_report.html",
    menu="jobs",
)
