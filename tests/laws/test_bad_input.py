"""Law: the table of bad input has every route and every field: what forms send, and what views read."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, Request
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict

from tests.factories.contacts import (
    delete,
    new_account,
    new_contacts,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.addresses import with_rows
from tests.support.bad_input import ROWS
from tests.support.browser import HTMX, Browser
from tests.support.seen import Seen
from webapp.urls import ROUTES
from webapp.urls.route import Route

# One database is enough for this.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

KNOWN = {(row.method, row.path, row.name) for row in ROWS}
# A form can have a field that is called like an id in a path.
IN_PATHS = {(row.method, row.path, row.field) for row in ROWS}


def test_every_route_is_in_the_table() -> None:
    assert {(row.method, row.path) for row in ROWS} == {(route.method, route.path) for route in ROUTES}


def test_every_id_in_an_address_is_in_the_table() -> None:
    for route in ROUTES:
        for name in re.findall(r"<id:(\w+)>", route.path):
            assert (route.method, route.path, f"<{name}>") in IN_PATHS, route.path
        assert route.path.count("<") <= 1


@dataclass
class Scene:
    """Live and deleted contacts on several pages, and a stopped job."""

    contact_id: str
    binned_id: str
    job_id: str
    thing_ids: dict[str, str]
    deal_id: str
    query: str
    store: Session
    world: World

    def path(self, route: Route) -> str:
        meant = self.binned_id if "/deleted/" in route.path else self.contact_id
        path = route.path.replace("<id:contact_id>", meant).replace("<id:job_id>", self.job_id)
        thing_id = self.thing_ids.get(route.path.split("/")[1], "")
        path = path.replace("<id:thing_id>", thing_id).replace("<id:deal_id>", self.deal_id)
        return with_rows(path, self.store, self.world)


@pytest.fixture
def scene(admin: Browser, world: World, store: Session) -> Scene:
    live, binned = new_contacts(store, world, 51), new_contacts(store, world, 52)
    delete(store, world, *binned)
    mailing_list, tag, account = new_list(store, world), new_tag(store, world), new_account(store, world)
    for contact in live:
        subscribe(store, contact, mailing_list, "subscribed")
        put_tag(store, contact, tag)
        contact.account_id = account.id
    thing_ids = {"lists": str(mailing_list.id), "tags": str(tag.id), "accounts": str(account.id)}
    deals = [new_deal(store, world, *live[:2]) for _ in range(51)]
    store.commit()
    dialog = admin.get(f"/contacts/restore/confirm?selected={binned[1].id}")
    job = admin.press(admin.press(dialog, "Restore"), "Cancel this restore")
    job_id = job.path.removeprefix("/restores/")
    query = f"?selected={live[0].id}&selected={binned[0].id}&deletion=1&restored_by={job_id}"
    query += f"&contact={live[0].id}&find=ann"
    deal_id = str(deals[0].id)
    return Scene(str(live[0].id), str(binned[0].id), job_id, thing_ids, deal_id, query, store, world)


def sent_by(page: Seen) -> Iterator[tuple[str, str, str]]:
    """Method, address and name of each field that a form on the page can send, whichever way it is sent."""
    for form in page.all("form:not([method=dialog])"):
        method = str(form.get("method", "get")).upper()
        addresses = {str(form["action"])}
        addresses |= {str(button["formaction"]) for button in form.select("[formaction]")}
        addresses |= {
            str(element["hx-get"])
            for element in form.select("[hx-get]")
            if method == "GET" or not element.get("name")
        }
        for field in form.select("input[hx-get]:not([hx-include])") if method == "POST" else []:
            # htmx sends the field alone.
            yield "GET", str(field["hx-get"]), str(field["name"])
        for field in form.select("input[name], select[name], textarea[name]"):
            yield from ((method, urlsplit(address).path, str(field["name"])) for address in addresses)
        # A field that asks by itself sends what it includes, by GET.
        for asking in form.select("[hx-get][hx-include^='#']"):
            included = page.one(str(asking["hx-include"])).select("input[name], select[name]")
            for field in [asking, *included]:
                yield "GET", urlsplit(str(asking["hx-get"])).path, str(field["name"])
        for button in form.select("button[name]"):
            address = str(button.get("formaction") or form["action"])
            yield method, urlsplit(address).path, str(button["name"])


def test_every_field_of_every_form_is_in_the_table(
    app: Flask, admin: Browser, browse: Callable[..., Browser], scene: Scene
) -> None:
    pages = [browse().get("/login")]
    for route in ROUTES:
        if route.method == "GET" and not route.path.endswith(
            ("/selection", "/count", "z", "/login", "/notices", ".csv", "/deals/contacts", "/contacts/names")
        ):
            pages.append(admin.get(scene.path(route) + scene.query))
    pages.append(admin.press(admin.get("/contacts/restore/confirm-all"), "Restore"))
    pages.append(admin.get("/contacts/restore" + scene.query))
    pages.append(admin.press(pages[-1], "Line up the next restore"))
    pages.append(admin.press(pages[-1], "Start when this one has ended"))

    addresses = app.url_map.bind("localhost")
    sent = {
        (method, addresses.match(path, method=method, return_rule=True)[0].rule, name)
        for page in pages
        for method, path, name in sent_by(page)
    }
    assert len(sent) > 50
    assert sent <= KNOWN


@pytest.fixture
def names_read(app: Flask, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Collects every name that is read from a query or a form."""
    names: set[str] = set()

    class Watched(ImmutableMultiDict[str, Any]):
        def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
            names.add(key)
            return super().get(key, *args, **kwargs)

        def getlist(self, key: str, *args: Any, **kwargs: Any) -> Any:
            names.add(key)
            return super().getlist(key, *args, **kwargs)

        def __getitem__(self, name: str) -> Any:
            names.add(name)
            return super().__getitem__(name)

        def __contains__(self, name: object) -> bool:
            names.add(str(name))
            return super().__contains__(name)

    class WatchedRequest(Request):
        parameter_storage_class = Watched

    monkeypatch.setattr(app, "request_class", WatchedRequest)
    return names


def test_every_name_that_a_view_reads_is_in_the_table(
    admin: Browser, browse: Callable[..., Browser], scene: Scene, names_read: set[str]
) -> None:
    token = admin.token()
    # A form is read whatever the query says.
    posts = [("", {}), (scene.query, HTMX)]
    gets = [*posts, (scene.query, {}), ("?selected=none", HTMX), ("?from=soon", {})]
    gets += [("?watching=1", HTMX), ("?show=selected", {})]
    for route in ROUTES:
        # The code of tags, which are tried.
        if route.path.startswith("/accounts"):
            continue
        browser = browse() if route.path == "/login" else admin
        names_read.clear()
        for query, headers in gets if route.method == "GET" else posts:
            form = {"csrf_token": token, "selected": "none", "scope": "none", "contact": scene.contact_id}
            data = form if route.method == "POST" and route.path != "/logout" else None
            browser.client.open(scene.path(route) + query, method=route.method, data=data, headers=headers)
        known = {name for method, path, name in KNOWN if (method, path) == (route.method, route.path)}
        if route.method == "GET":
            # A dialog is also shown after a refused confirmation, and reads its form.
            known.add("back")
        assert names_read <= known, route.path
