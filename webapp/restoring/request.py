"""A restore's request as its job keeps it: the scope, with the words of its search set apart.

Words can name a person. They stand in `PrivateText` and are erased after the window; the request then means a
search that finds nothing, for this release and for the one before, which does not know the table.
"""

import json
from collections.abc import Mapping
from typing import Any

from webapp.contacts.matching import LITERAL
from webapp.models import Job
from webapp.restoring.filters import ERASED
from webapp.restoring.scope import Scope


def set_apart(request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """The request without the words of its search, and the words with their folding as a JSON text; None
    where there are none, or no longer."""
    filters, search = request.get("filters"), request.get("search")
    if not filters or not filters["q"] or (filters["q"] == ERASED and not search):
        return request, None
    # The release before the one with folded search wrote only `q`, a literal text.
    text = json.dumps(search or [filters["q"], LITERAL], ensure_ascii=False)
    return {**request, "filters": {**filters, "q": ERASED}, "search": None}, text


def scope_of(job: Job) -> Scope:
    """The scope that a job restores. `Scope.is_forgotten` where the words of its search have been erased."""
    scope = Scope.from_dict(job.request)
    if scope.is_forgotten and job.private is not None:
        return Scope.from_dict({**job.request, "search": json.loads(job.private.text)})
    return scope
