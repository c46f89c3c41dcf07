"""How many rows of a brought file have the address of a deleted contact."""

from collections.abc import Sequence
from itertools import islice

from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.contacts.address import NotAnAddress, read_address
from webapp.contacts.deleted_addresses import DeletedAddresses
from webapp.importing.records import read_records
from webapp.models import StoredFile

_AT_ONCE = 1_000


def count_deleted(session: Session, file: StoredFile, columns: Sequence[int]) -> int:
    """The number of rows whose address, in the first of these columns that is filled, is a deleted
    contact's."""
    now, deleted = read_clock(session), DeletedAddresses(file.workspace_id)
    keys = filter(None, (_key(record.fields, columns) for record in read_records(session, file.id)))
    count = 0
    while some := list(islice(keys, _AT_ONCE)):
        found = deleted.matching(session, set(some), now)
        count += sum(key in found for key in some)
    return count


def _key(fields: Sequence[str], columns: Sequence[int]) -> str | None:
    text = next((fields[at] for at in columns if at < len(fields) and fields[at].strip()), "")
    try:
        return read_address(text).key
    except NotAnAddress:
        return None
