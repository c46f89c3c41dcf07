"""A row of the URL table."""

from dataclasses import dataclass
from functools import partial

from webapp.web.access import Access, View


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    endpoint: str
    view: View
    access: Access


get, post = partial(Route, "GET"), partial(Route, "POST")
