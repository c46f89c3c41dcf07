"""Which e-mail addresses belong to deleted contacts, for an import that looks up many in each batch.

No database index finds a deleted contact by its address, because it would slow down deleting and restoring.
So this table reads the recycle bin once, then only newer deletions. It keeps eight bytes for each contact,
keyed by a checksum of the address. They give the candidates for an address; the database confirms them.
"""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from zlib import crc32

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.database import id_table
from webapp.models import WINDOW, Contact, Deletion
from webapp.models.base import filter_only, is_one_of

# The first half of the 32-bit checksum is the key; the second half is stored in the entry, above the id.
HALF, ID_BITS = 16, 48


class DeletedAddresses:
    """The addresses of a workspace's deleted contacts. Of a deletion under way they are those that it had
    taken when it was met first, until it is complete."""

    def __init__(self, workspace_id: int) -> None:
        self._workspace_id = workspace_id
        self._buckets: defaultdict[int, array[int]] = defaultdict(lambda: array("Q"))
        self._last_deletion = 0
        # The deletions that were under way when they were read.
        self._under_way: set[int] = set()

    def matching(self, session: Session, keys: Collection[str], now: datetime) -> set[str | None]:
        """The `keys` that belong to deleted contacts. The result may hold other addresses, too.

        Runs in the caller's write transaction, which holds the workspace's lock, so that no deletion
        interferes.
        """
        self.read(session, now)
        candidates = [contact_id for key in keys for contact_id in self._candidates(key)]
        if not candidates:
            return set()
        in_bin = (Contact.deleted_at >= now - WINDOW) & Contact.merged_into_id.is_(None)
        deleted = select(Contact.email_key).where(Contact.id.in_(candidates), filter_only(in_bin))
        return set(session.scalars(deleted))

    def read(self, session: Session, now: datetime) -> None:
        """Read what has been deleted since the last time. The first time it takes seconds for a million."""
        is_new = or_(
            Deletion.id > self._last_deletion,
            Deletion.id.in_(self._under_way) & Deletion.completed_at.is_not(None),
        )
        found = session.execute(
            select(Deletion.id, Deletion.completed_at).where(
                Deletion.workspace_id == self._workspace_id, is_new, Deletion.created_at >= now - WINDOW
            )
        ).all()
        if not found:
            return
        new = select(id_table(session, [deletion_id for deletion_id, _ in found]).c.value)
        deleted = select(Contact.email_key, Contact.id).where(
            is_one_of(Contact.deletion_id, new),
            Contact.deleted_at.is_not(None),
            Contact.email_key.is_not(None),
        )
        for key, contact_id in session.execute(deleted.execution_options(yield_per=10_000)):
            bucket, half = _checksum(key or "")
            self._buckets[bucket].append(half << ID_BITS | contact_id)
        self._last_deletion = max(self._last_deletion, *(deletion_id for deletion_id, _ in found))
        self._under_way -= {deletion_id for deletion_id, _ in found}
        self._under_way |= {deletion_id for deletion_id, completed_at in found if completed_at is None}

    def _candidates(self, key: str) -> Iterator[int]:
        bucket, half = _checksum(key)
        return (entry % 2**ID_BITS for entry in self._buckets[bucket] if entry >> ID_BITS == half)


def _checksum(key: str) -> tuple[int, int]:
    return divmod(crc32(key.encode()), 1 << HALF)
