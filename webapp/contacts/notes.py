"""Notes on a contact: writing one, deleting one, and reading them page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace
from webapp.marketing.versions import touch
from webapp.models import Contact, ContactNote, User, live
from webapp.models.contact_note import NoteKind

# In characters: a long letter. A form is not the place for a book.
LONGEST_NOTE = 5000
# The same text by the same user within this time is the same note, sent twice.
SENT_TWICE = timedelta(minutes=1)


@dataclass(frozen=True)
class Note:
    """A note, and who wrote it: None for a job, and for a user who is gone."""

    note: ContactNote
    author: User | None


@dataclass(frozen=True)
class Notes:
    """One page of notes, the newest first; `older` is the id to read the next page with, if there is one."""

    notes: Sequence[Note]
    older: int | None


def add_note(
    session: Session, *, workspace_id: int, contact_id: int, text: str, by: int, now: datetime
) -> bool:
    """Write a note on a live contact, in the caller's write transaction; False if there is none.

    The caller has checked that the text is not too long. The same note sent twice is written once.
    """
    lock_workspace(session, workspace_id)
    if session.scalar(select(Contact.id).where(live(workspace_id), Contact.id == contact_id)) is None:
        return False
    last = session.scalar(
        select(ContactNote)
        .where(ContactNote.contact_id == contact_id)
        .order_by(ContactNote.id.desc())
        .limit(1)
    )
    if last and (last.user_id, last.text) == (by, text) and last.created_at > now - SENT_TWICE:
        return True
    session.add(ContactNote(contact_id=contact_id, user_id=by, created_at=now, text=text))
    session.flush()
    touch(session, [contact_id], now)
    return True


def delete_note(
    session: Session,
    *,
    workspace_id: int,
    contact_id: int,
    note_id: int,
    by: int | None,
    now: datetime,
) -> bool:
    """Delete a note of a live contact, in the caller's write transaction; return whether it was there.

    :param by: the user whose note it must be; None for a user who may delete each note
    """
    lock_workspace(session, workspace_id)
    contacts = select(Contact.id).where(live(workspace_id), Contact.id == contact_id)
    wanted = delete(ContactNote).where(ContactNote.id == note_id, ContactNote.contact_id.in_(contacts))
    if by is not None:
        wanted = wanted.where(ContactNote.user_id == by, ContactNote.kind == NoteKind.WRITTEN)
    gone = execute_update(session, wanted)
    if gone:
        touch(session, [contact_id], now)
    return bool(gone)


def read_notes(session: Session, contact_id: int, *, size: int, before: int | None = None) -> Notes:
    """The notes on a contact, from the newest, or from the first one older than the id `before`."""
    query = (
        select(ContactNote, User)
        .outerjoin(User, User.id == ContactNote.user_id)
        .where(ContactNote.contact_id == contact_id)
        .order_by(ContactNote.id.desc())
        .limit(size + 1)
    )
    if before is not None:
        query = query.where(ContactNote.id < before)
    found = [Note(note, author) for note, author in session.execute(query)]
    notes = found[:size]
    return Notes(notes, notes[-1].note.id if len(found) > size else None)
