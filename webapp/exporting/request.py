"""The request of an export as its job keeps it: a source, with the texts that can name a person set apart."""

import json
from collections.abc import Mapping
from typing import Any

from webapp.exporting.deleted import DeletedContacts
from webapp.exporting.live import LiveContacts
from webapp.exporting.outcomes import Lines, Report
from webapp.exporting.source import Source
from webapp.models import Job
from webapp.restoring import request as scopes

# A source as an Export has it.
NO_LINES = Lines((), lambda _kind, _outcome: ())


def set_apart(request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """The request without its texts, and the texts as JSON; None where there are none, or no longer."""
    if request["what"] == DeletedContacts.what:
        scope, text = scopes.set_apart(request["scope"])
        return {**request, "scope": scope}, text
    if not any((request.get("texts") or {}).values()):
        return request, None
    return {**request, "texts": None}, json.dumps(request["texts"], ensure_ascii=False, sort_keys=True)


def read_source(workspace_id: int, request: Mapping[str, Any], lines: Lines = NO_LINES) -> Source:
    """The source that a request asks for, with the texts in it."""
    if request["what"] == LiveContacts.what:
        return LiveContacts.from_request(workspace_id, request)
    if request["what"] == DeletedContacts.what:
        return DeletedContacts.from_request(request)
    return Report.from_request(request, lines)


def source_of(job: Job, lines: Lines = NO_LINES) -> Source:
    """The source of a job. `is_forgotten` where the words of its search have been erased."""
    request, text = dict(job.request), job.private.text if job.private else None
    if text is not None and request["what"] == DeletedContacts.what:
        request["scope"] = {**request["scope"], "search": json.loads(text)}
    elif text is not None:
        request["texts"] = json.loads(text)
    return read_source(job.workspace_id, request, lines)
