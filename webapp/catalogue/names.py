"""Finding, creating and renaming lists, tags and accounts by their names: two names with one key (`name_key`)
are one name."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.catalogue.keys import Keyless
from webapp.characters import name_key
from webapp.clock import read_clock
from webapp.database import execute_update, lock_workspace, one_of, slices
from webapp.models import Account, MailingList, Tag
from webapp.models.audit_event import Action, record

Named = type[Account] | type[MailingList] | type[Tag]


class NameTaken(Exception):
    """Another live row of the same kind in the workspace has the name, in whatever spelling; nothing was
    changed."""

    def __init__(self, other_id: int | None) -> None:
        super().__init__()
        self.other_id = other_id


class NoName(Exception):
    """The name consists of invisible characters; nothing was changed."""


def ids_by_name(session: Session, kind: Named, workspace_id: int, names: Iterable[str]) -> dict[str, int]:
    """The ids of the workspace's accounts, lists or tags with these names; creates missing ones.

    Spellings with one key have one id, and a new row has the first of them. A name with nothing to see is no
    name: it is not in the result. Finds live ones only: a new one with the name of a deleted one is another
    row. Raises IntegrityError if another connection creates one of them at the same moment.
    """
    keys = {name: key for name in dict.fromkeys(names) if (key := name_key(name))}
    spellings: dict[str, str] = {}
    for name, key in keys.items():
        spellings.setdefault(key, name)
    if not spellings:
        return {}
    give_missing_keys(session, kind, workspace_id)
    found: dict[str, int] = {}
    for some in slices(list(spellings)):
        live = select(kind.name_key, kind.id).where(
            kind.workspace_id == workspace_id, kind.deleted_at.is_(None), one_of(session, kind.name_key, some)
        )
        found.update((key, row_id) for key, row_id in session.execute(live) if key is not None)
    missing = [key for key in spellings if key not in found]
    if missing:
        made = session.execute(
            insert(kind).returning(kind.name, kind.id),
            [{"workspace_id": workspace_id, "name": spellings[key]} for key in missing],
        )
        found.update((keys[name], row_id) for name, row_id in made)
    return {name: found[key] for name, key in keys.items()}


def create(
    session: Session, kind: Named, name: str, *, workspace_id: int, by: int | None, now: datetime
) -> int:
    """Create a list, tag or account, in the caller's write transaction; return its id.

    The caller has checked that the name fits its column. Raises NameTaken if a live one has the name, and
    NoName if there is nothing to see in it.
    """
    key = name_key(name)
    if not key:
        raise NoName
    lock_workspace(session, workspace_id)
    give_missing_keys(session, kind, workspace_id)
    row = {"workspace_id": workspace_id, "name": name, "name_key": key}
    try:
        with session.begin_nested():
            [row_id] = session.scalars(insert(kind).returning(kind.id), [row])
    except IntegrityError as error:
        raise NameTaken(_holder(session, kind, workspace_id, key)) from error
    _record(session, kind, row_id, "created", workspace_id=workspace_id, by=by, now=now)
    return row_id


def rename(
    session: Session, kind: Named, row_id: int, name: str, *, workspace_id: int, by: int | None, now: datetime
) -> bool:
    """Rename the workspace's live list, tag or account `row_id`, in the caller's write transaction.

    It keeps its associations, including those of deleted contacts. The caller has checked that the name fits
    its column. Returns whether the name has changed; a second call changes nothing. Raises NameTaken if
    another live one has the name, in whatever spelling, and NoName if there is nothing to see in it.
    """
    key = name_key(name)
    if not key:
        raise NoName
    lock_workspace(session, workspace_id)
    give_missing_keys(session, kind, workspace_id)
    renamed = (
        update(kind)
        .where(
            kind.id == row_id,
            kind.workspace_id == workspace_id,
            kind.deleted_at.is_(None),
            kind.name != name,
        )
        .values(name=name, name_key=key)
    )
    try:
        # In a savepoint, so that the caller's transaction can continue after a refusal.
        with session.begin_nested():
            if not execute_update(session, renamed):
                return False
    except IntegrityError as error:
        raise NameTaken(_holder(session, kind, workspace_id, key)) from error
    _record(session, kind, row_id, "renamed", workspace_id=workspace_id, by=by, now=now)
    return True


def _holder(session: Session, kind: Named, workspace_id: int, key: str) -> int | None:
    return session.scalar(
        select(kind.id).where(
            kind.workspace_id == workspace_id, kind.deleted_at.is_(None), kind.name_key == key
        )
    )


def _record(
    session: Session, kind: Named, row_id: int, act: str, *, workspace_id: int, by: int | None, now: datetime
) -> None:
    """Without the names: an account can be named after a person, and audit events are never erased."""
    record(
        session,
        workspace_id=workspace_id,
        user_id=by,
        at=now,
        action=Action(f"{kind.__tablename__}.{act}"),
        subject=f"{kind.__tablename__}:{row_id}",
    )


def give_missing_keys(session: Session, kind: Named, workspace_id: int) -> None:
    """Give the rows that the previous release has inserted into the workspace their keys, in the caller's
    write transaction. Goes with that release."""
    without = select(kind.id).where(
        kind.workspace_id == workspace_id, kind.deleted_at.is_(None), kind.name_key.is_(None)
    )
    if session.scalar(without.limit(1)) is not None:
        Keyless(session.connection(), kind.__tablename__, longest_name(kind), workspace_id).give_keys(
            read_clock(session)
        )


def longest_name(kind: Named) -> int:
    """How many characters the names of this kind may have."""
    length: int = kind.name.type.length
    return length
