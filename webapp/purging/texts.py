"""The erasable texts that can hold the name or the address of people who are deleted for ever.

Of the words of searches and the names of imported files (`PrivateText`) those go that hold a whole word of a
name, an address or the part of it before the @: of one of the people, or of a namesake. It is better to lose
the words of a search than to keep a person's name. They are few, and read once for each batch; the batch's
contacts are folded as a search folds them. Texts that an active job still needs stay until its end, and are
erased with their time (docs/adr/0021).

Files are not read: all that the workspace keeps of its jobs expire at once, and the fields of records that
imports have rejected are erased. They would be in a day anyway.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, id_table, slices
from webapp.folding import words
from webapp.jobs.files import KEPT
from webapp.models import Contact, ImportLine, Job, PrivateText, StoredFile
from webapp.models.job import ACTIVE, subject_of_job

_NOT_IN_A_WORD = re.compile(r"[^\w@.+-]+")
_BETWEEN_NAMES = re.compile(r"[\W_]+")
# A shorter word names no person: an initial, or "de".
SHORTEST = 3


def erase_texts(session: Session, workspace_id: int, ids: Sequence[int]) -> int:
    """Erase the workspace's texts that hold a name or address of the contacts `ids`, while these are still
    there; returns how many. In the caller's transaction."""
    needed = select(subject_of_job(Job.id)).where(Job.workspace_id == workspace_id, Job.state.in_(ACTIVE))
    kept = session.execute(
        select(PrivateText.subject, PrivateText.text).where(
            PrivateText.workspace_id == workspace_id, PrivateText.subject.not_in(needed)
        )
    ).all()
    if not kept or not ids:
        return 0
    people = select(Contact.first_name, Contact.last_name, Contact.email).where(
        Contact.id.in_(select(id_table(session, ids).c.value))
    )
    names = set[str]()
    for first_name, last_name, email in session.execute(people):
        names |= _names(first_name, last_name, email or "")
    theirs = [subject for subject, words_kept in kept if not names.isdisjoint(_words_of(words_kept))]
    erased = 0
    for some in slices(theirs, 1000):
        erased += execute_update(session, delete(PrivateText).where(PrivateText.subject.in_(some)))
    return erased


def expire_files(session: Session, workspace_id: int, now: datetime) -> int:
    """Let the workspace's files expire, but for those that an active job makes or reads; returns how many. In
    the caller's transaction. They cannot be read from then on, and the supervisor erases them."""
    needs_it = or_(Job.id == StoredFile.job_id, Job.request["file_id"].as_integer() == StoredFile.id)
    is_needed = exists().where(Job.workspace_id == workspace_id, Job.state.in_(ACTIVE), needs_it)
    return execute_update(
        session,
        update(StoredFile)
        .where(StoredFile.workspace_id == workspace_id, StoredFile.expires_at > now, ~is_needed)
        .values(expires_at=now),
    )


def erase_records(session: Session, workspace_id: int, *, limit: int) -> int:
    """Erase the fields of records that imports have rejected, at most `limit`; returns how many. In the
    caller's transaction. Only of imports that have ended within the time in which files are kept: of earlier
    ones they are erased already, and of active ones the fields are still needed."""
    now = read_clock(session)
    ended = select(Job.id).where(Job.workspace_id == workspace_id, Job.finished_at > now - 2 * KEPT)
    kept = (
        select(ImportLine.job_id, ImportLine.line)
        .where(ImportLine.job_id.in_(ended), ImportLine.record.is_not(None))
        .limit(limit)
    )
    found = session.execute(kept).all()
    for job_id in {job_id for job_id, _ in found}:
        lines = [line for each, line in found if each == job_id]
        execute_update(
            session,
            update(ImportLine)
            .where(ImportLine.job_id == job_id, ImportLine.line.in_(select(id_table(session, lines).c.value)))
            .values(record=None),
        )
    return len(found)


def _names(first_name: str, last_name: str, email: str) -> set[str]:
    """The folded words by which a text names the person. The domain of an address is many people's."""
    local = email.partition("@")[0]
    named = set[str]().union(*map(_words_in, (first_name, last_name, local)))
    return {word for word in named if len(word) >= SHORTEST} | {_joined(word) for word in words(email)}


def _words_of(kept: str) -> set[str]:
    """The folded words of a private text, which is a text or JSON with texts in it."""
    try:
        return set[str]().union(*map(_words_in, _texts_in(json.loads(kept))))
    except ValueError:
        return _words_in(kept)


def _texts_in(kept: Any) -> Iterator[str]:
    if isinstance(kept, dict):
        kept = list(kept.values())
    if isinstance(kept, list):
        for each in kept:
            yield from _texts_in(each)
    else:
        yield str(kept)


def _words_in(whole: str) -> set[str]:
    """The folded words, whole and in pieces: "lee-brown.csv" has "lee" and "brown"."""
    found = set[str]()
    for word in map(_joined, words(whole)):
        found.update(_NOT_IN_A_WORD.split(word), _BETWEEN_NAMES.split(word))
    return found - {""}


def _joined(word: str) -> str:
    """A folded word without the spaces that show where a part of it begins."""
    return word.replace(" ", "")
