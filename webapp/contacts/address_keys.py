"""Renewing the stored keys of addresses: those from before an international domain had one key (migration
0007), and those that the previous release writes while a deployment is under way.

Nothing is united. Of several live contacts with one key the oldest gets it; the others keep a key of their
own, and an audit event says so (docs/adr/0015). The keys of deleted contacts are renewed as well, because a
restore compares them (docs/rules.md, rule 5).

The statements name only columns that migration 0007 finds, because the migration calls this module, however
much the models have moved on by then.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    bindparam,
    cast,
    column,
    func,
    or_,
    select,
    table,
    update,
)

from webapp.contacts.address import email_key
from webapp.models.audit_event import EVENTS, Action, record_all
from webapp.models.base import UtcDateTime

CONTACT = table(
    "contact",
    *(column(name) for name in ("id", "workspace_id", "email", "email_key", "deleted_at")),
    column("created_at", UtcDateTime()),
)
WORKSPACE = table("workspace", column("id"))


def next_slice(connection: Connection, after: int, size: int) -> tuple[int | None, dict[int, list[int]]]:
    """The id of the last of the next `size` contacts after id `after`, or None if there are none; and the ids
    of those among them whose key is out of date, by workspace."""
    ids = select(CONTACT.c.id).where(CONTACT.c.id > after).order_by(CONTACT.c.id).limit(size).subquery()
    end = connection.scalar(select(func.max(ids.c.id)))
    found: defaultdict[int, list[int]] = defaultdict(list)
    if end is not None:
        candidates = select(CONTACT.c.id, CONTACT.c.workspace_id, CONTACT.c.email, CONTACT.c.email_key).where(
            CONTACT.c.id > after, CONTACT.c.id <= end, _may_be_out_of_date(connection)
        )
        for contact_id, workspace_id, email, key in connection.execute(candidates):
            if email_key(email) not in (key, None):
                found[workspace_id].append(contact_id)
    return end, found


def renew_keys(connection: Connection, workspace_id: int, ids: Collection[int], now: datetime) -> None:
    """Renew the keys of these contacts of one workspace, in the caller's write transaction, behind the
    workspace's lock. Running it again changes nothing."""
    connection.execute(
        select(WORKSPACE.c.id).where(WORKSPACE.c.id == workspace_id).with_for_update(key_share=True)
    )
    deleted: dict[int, str] = {}
    same: defaultdict[str, list[Any]] = defaultdict(list)
    for contact, key in _out_of_date(connection, ids):
        if contact.deleted_at is None:
            same[key].append(contact)
        else:
            deleted[contact.id] = key
    changed, losers = _decide(same, _holders(connection, workspace_id, same))
    if changed:
        # First none has a key, because one may get the key that another gives up.
        connection.execute(update(CONTACT).where(CONTACT.c.id.in_(changed)).values(email_key=None))
    if written := changed | deleted:
        connection.execute(
            update(CONTACT).where(CONTACT.c.id == bindparam("contact_id")).values(email_key=bindparam("key")),
            [{"contact_id": contact_id, "key": key} for contact_id, key in written.items()],
        )
    _record(connection, workspace_id, losers, now)


def _decide(same: dict[str, list[Any]], holders: dict[str, Any]) -> tuple[dict[int, str], dict[int, int]]:
    """Who gets which key, and which contact stays without the key that another has.

    A younger contact that has the key already swaps it for the one that the older gives up.
    """
    changed: dict[int, str] = {}
    losers: dict[int, int] = {}
    for key, contacts in same.items():
        holder = holders.get(key)
        winner, *others = sorted(
            contacts if holder is None else [*contacts, holder],
            key=lambda contact: (contact.created_at, contact.id),
        )
        losers |= {other.id: winner.id for other in others}
        if winner is not holder:
            changed[winner.id] = key
            if holder is not None:
                changed[holder.id] = winner.email_key
    return changed, losers


def _out_of_date(connection: Connection, ids: Collection[int]) -> Iterator[tuple[Any, str]]:
    for contact in connection.execute(select(CONTACT).where(CONTACT.c.id.in_(ids))):
        key = email_key(contact.email)
        if key is not None and key != contact.email_key:
            yield contact, key


def _holders(connection: Connection, workspace_id: int, keys: Collection[str]) -> dict[str, Any]:
    """The live contacts that have these keys."""
    holders = select(CONTACT).where(
        CONTACT.c.email_key.in_(keys), CONTACT.c.workspace_id == workspace_id, CONTACT.c.deleted_at.is_(None)
    )
    return {contact.email_key: contact for contact in connection.execute(holders)}


def _record(connection: Connection, workspace_id: int, losers: dict[int, int], now: datetime) -> None:
    """An event for each of the losers that has none yet."""
    subjects = {f"contact:{loser}": winner for loser, winner in losers.items()}
    if not subjects:
        return
    recorded = select(EVENTS.c.subject).where(
        EVENTS.c.workspace_id == workspace_id,
        EVENTS.c.action == str(Action.ADDRESS_SHARED),
        EVENTS.c.subject.in_(subjects),
    )
    for subject in connection.scalars(recorded):
        subjects.pop(subject, None)
    details = {subject: {"same_as": winner} for subject, winner in subjects.items()}
    record_all(connection, workspace_id=workspace_id, at=now, action=Action.ADDRESS_SHARED, details=details)


def _may_be_out_of_date(connection: Connection) -> ColumnElement[bool]:
    """Whether a contact's key has a letter beyond ASCII, or Punycode: all others are as they always were."""
    key = CONTACT.c.email_key
    in_bytes = func.octet_length if connection.dialect.name == "postgresql" else _sqlite_octet_length
    return or_(key.contains("xn--"), in_bytes(key) > func.length(key))


def _sqlite_octet_length(key: ColumnElement[Any]) -> ColumnElement[int]:
    # SQLite has octet_length from version 3.43 on.
    return func.length(cast(key, LargeBinary))
