"""The routes of lists, tags and accounts, which have the same pages."""

from functools import partial

from webapp.urls.route import Route
from webapp.views import thing_edits
from webapp.views import things as thing_pages
from webapp.views.thing_kinds import ThingKind
from webapp.web.access import Access, View

SIGNED_IN = Access.SIGNED_IN


def things(kind: ThingKind) -> tuple[Route, ...]:
    """The routes of lists, tags or accounts: of all of them, and of one."""
    at, one = f"/{kind.index}", f"/{kind.index}/<id:thing_id>"

    def route(method: str, path: str, endpoint: str, view: View, access: Access) -> Route:
        return Route(method, path, endpoint, partial(view, kind), access)

    return (
        route("GET", at, kind.index, thing_pages.index, SIGNED_IN),
        route("GET", f"{at}/new", kind.endpoint("new"), thing_edits.new, SIGNED_IN),
        route("POST", at, kind.endpoint("create"), thing_edits.create_one, SIGNED_IN),
        route("GET", one, kind.page, thing_pages.page, SIGNED_IN),
        route("GET", f"{one}/count", kind.endpoint("count"), thing_pages.count, SIGNED_IN),
        route("GET", f"{one}/rename", kind.endpoint("ask_rename"), thing_edits.ask_rename, SIGNED_IN),
        route("POST", f"{one}/rename", kind.endpoint("rename"), thing_edits.rename_one, SIGNED_IN),
        route("GET", f"{one}/delete", kind.endpoint("ask_delete"), thing_edits.ask_delete, kind.may_delete),
        route("POST", f"{one}/delete", kind.endpoint("delete"), thing_edits.delete_one, kind.may_delete),
    )
