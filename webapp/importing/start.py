"""From what a person confirmed to an import job."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.importing.order import Named
from webapp.importing.records import count_records, read_header
from webapp.importing.work import IMPORT, NoSuchFile
from webapp.jobs import start as jobs
from webapp.jobs.files import find_file
from webapp.jobs.lock import Lock
from webapp.jobs.queries import find_by_key
from webapp.jobs.start import Ring
from webapp.jobs.work import Order
from webapp.models import Job


def start(
    session: Session,
    lock: Lock,
    ring: Ring,
    *,
    workspace_id: int,
    requested_by: int | None,
    key: str,
    request: Mapping[str, Any],
) -> Job:
    """Make the import a job, and ring a worker for it. The `request` has the values of an `ImportRequest`.

    The same `key` again returns the same job, also when its file is gone. Raises NoSuchFile, NoSuchColumn,
    NothingToFindBy or another NotStarted; then nothing was changed.
    """
    known = find_by_key(session, workspace_id, key)
    total = None
    if known is not None:
        named = Named.of(known.private.text if known.private else None)
    else:
        file_id = request["file_id"]
        file = find_file(session, workspace_id, file_id, read_clock(session))
        header = read_header(session, file_id) if file else None
        if file is None or header is None:
            raise NoSuchFile
        named = Named(file.name, header.fields)
        total = count_records(session, file_id) - 1
    texts = {"file_name": named.file_name, "header": list(named.header)}
    order = Order(workspace_id, requested_by, key, {**request, **texts}, total=total)
    return jobs.start(session, lock, ring, IMPORT, order)
