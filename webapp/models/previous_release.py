"""Rows that the release before wrote, and rows that it must be able to read. Goes with its columns, a release
later (docs/adr/0013).

While a deployment is under way both releases work on one database, and after a rollback the older one does
alone. It keeps a restore's scope, cursor and counters in columns of its own. So these are filled in at every
write, and at every read the row is brought up to date where the older release has written last.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm.attributes import flag_modified, set_committed_value

from webapp.models.job import Job

COUNTERS = ("restored", "skipped", "failed")
# What its scope has. It refuses one with more.
SCOPE = (
    *("workspace_id", "as_of", "through_number", "key", "expected", "skips"),
    *("ids", "filters", "plan_digest"),
)
# The columns that `adopt` writes.
ADOPTED = ("request", "counts", "cursor", "reason", "error")
# Sentences, which the older release stored. They are made when they are shown now.
PROSE: dict[str, Any] = {"title": "", "words": "", "skips": []}


def fill_in(_mapper: object, _connection: object, job: Job) -> None:
    """Before a write: give a restore's row the values that the older release reads."""
    if job.kind not in (None, "restore") or not job.request:
        return
    if job.error is None:
        job.old_last_error = None
    if job.reason is None:
        job.old_why = None
    if job.old_scope is None:
        request = {name: job.request[name] for name in SCOPE}
        job.old_kind = "ids" if request.get("filters") is None else "filters"
        job.old_scope = PROSE | request
        job.old_scope_hash = hashlib.sha256(json.dumps(job.old_scope, sort_keys=True).encode()).hexdigest()
        job.old_as_of = datetime.fromisoformat(request["as_of"])
        job.old_through_number = request["through_number"]
    if job.cursor is not None:
        moment, job.old_cursor_id = job.cursor
        job.old_cursor_deleted_at = datetime.fromisoformat(moment)
    counts = job.counts or {}
    job.old_restored, job.old_skipped, job.old_failed = (counts.get(name, 0) for name in COUNTERS)


def bring_up_to_date(job: Job, *_: object) -> None:
    """After a read: take over what the older release has written, without marking the row as changed."""
    if not {"old_scope", "request", "counts", "cursor"} <= job.__dict__.keys():
        return  # only some of its columns were read
    if job.request is None and job.old_scope is not None:
        request = {name: value for name, value in job.old_scope.items() if name not in PROSE} | {"skips": {}}
        set_committed_value(job, "request", request)
    old_counts = dict(zip(COUNTERS, (job.old_restored, job.old_skipped, job.old_failed), strict=True))
    if sum(old_counts.values()) > sum(job.count(name) for name in COUNTERS):
        set_committed_value(job, "counts", old_counts)
        if job.old_cursor_deleted_at is not None:
            cursor = [job.old_cursor_deleted_at.isoformat(), job.old_cursor_id]
            set_committed_value(job, "cursor", cursor)
    if job.reason is None and job.old_why:
        set_committed_value(job, "reason", {"code": "previous_release", "words": job.old_why})
    if job.error is None and job.old_last_error:
        set_committed_value(job, "error", {"code": "previous_release", "words": job.old_last_error})


def adopt(job: Job) -> None:
    """Write what `bring_up_to_date` took over into this release's columns: of an ended job all of it, of
    an active one only the request, because the older release may still be running it."""
    for name in ADOPTED if job.has_ended else ("request",):
        flag_modified(job, name)


event.listen(Job, "before_insert", fill_in)
event.listen(Job, "before_update", fill_in)
event.listen(Job, "load", bring_up_to_date)
event.listen(Job, "refresh", bring_up_to_date)
