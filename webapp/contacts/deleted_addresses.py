"""Which addresses lie in the bin, for somebody who asks again and again, with many addresses each time.

No index of the database finds a deleted contact by its address: it would slow deleting and restoring. So the
bin is read once, then only what has been deleted since, and of each contact eight bytes are kept, in places
that a checksum of the address gives. They tell who may have an address; the database then says who does.
"""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from zlib import crc32

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import WINDOW, Contact, Deletion
from webapp.models.base import filter_only, is_one_of

# One half of a checksum of 32 bits names the place; the other stands there, above the id.
HALF, ID_BITS = 16, 48


class DeletedAddresses:
    """The addresses in a workspace's bin, or in it when their deletion is complete."""

    def __init__(self, workspace_id: int) -> None:
        self._workspace_id = workspace_id
        self._places: defaultdict[int, array[int]] = defaultdict(lambda: array("Q"))
        self._last_deletion = 0

    def matching(self, session: Session, keys: Collection[str], now: datetime) -> set[str | None]:
        """Those that lie in the bin, of `keys` and perhaps of others.

        In the caller's write transaction, which holds the workspace's lock: whoever deletes waits for it.
        """
        self._learn(session, now)
        suspects = [contact_id for key in keys for contact_id in self._candidates(key)]
        if not suspects:
            return set()
        in_bin = (Contact.deleted_at >= now - WINDOW) & Contact.merged_into_id.is_(None)
        binned = select(Contact.email_key).where(Contact.id.in_(suspects), filter_only(in_bin))
        return set(session.scalars(binned))

    def _learn(self, session: Session, now: datetime) -> None:
        new = select(Deletion.id).where(
            Deletion.workspace_id == self._workspace_id,
            Deletion.id > self._last_deletion,
            Deletion.created_at >= now - WINDOW,
        )
        deletions = session.scalars(new).all()
        if not deletions:
            return
        deleted = select(Contact.email_key, Contact.id).where(
            is_one_of(Contact.deletion_id, new),
            Contact.deleted_at.is_not(None),
            Contact.email_key.is_not(None),
        )
        for key, contact_id in session.execute(deleted.execution_options(yield_per=10_000)):
            place, half = _checksum(key or "")
            self._places[place].append(half << ID_BITS | contact_id)
        self._last_deletion = max(deletions)

    def _candidates(self, key: str) -> Iterator[int]:
        place, half = _checksum(key)
        return (known % 2**ID_BITS for known in self._places[place] if known >> ID_BITS == half)


def _checksum(key: str) -> tuple[int, int]:
    return divmod(crc32(key.encode()), 1 << HALF)
