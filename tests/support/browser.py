"""A browser for tests: Flask's client, which reads pages like a user and behaves like htmx.

Every page and fragment it opens is checked (`tests.support.page`), and what it submits is what the form on
the page holds, CSRF token included. With `javascript` it does what htmx would: it asks for a part and puts
it into the page it has. So one test can tell its story twice, with scripts and without.
"""

import re
import secrets
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from tests.factories.people import PASSWORD
from tests.support.element import Element
from tests.support.seen import Fields, Seen, form_fields
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.models import Contact, SignIn, User
from webapp.people import sessions
from webapp.people.find import active_users, find_person
from webapp.web import sessions as sessions_of_web

HTMX = {"HX-Request": "true"}
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Browser:
    def __init__(self, app: Flask, user: User | None = None, *, javascript: bool = False) -> None:
        self.client = app.test_client()
        self.javascript = javascript
        if user is not None:
            self.enter(user.email)

    def enter(self, email: str) -> None:
        """Begin a session as signing in does, without its pages, and without an event in the audit log: every
        test does it."""
        with self.client.application.app_context(), write_transaction(db.session()):
            person = find_person(db.session(), email)
            users = active_users(db.session(), person.id) if person else []
            assert person, f"no person has the address {email}"
            assert users, f"{email} cannot sign in"
            user_id = users[0].id if len(users) == 1 else None
            now = read_clock(db.session())
            _, key = sessions.begin(db.session(), person.id, user_id, now, proved=True, browser="Test")
        with self.client.session_transaction() as cookie:
            cookie.clear()
            cookie.permanent = True
            cookie.update({sessions_of_web.KEY: key, sessions_of_web.TOKEN: secrets.token_hex(20)})

    def sign_in(self, email: str, password: str = PASSWORD, *, next_page: str | None = None) -> Seen:
        page = self.get("/login", {"next": next_page} if next_page else None)
        return self.submit(page, "main form", email=email, password=password)

    def get(self, path: str, query: Fields | dict[str, str] | None = None, *, htmx: bool = False) -> Seen:
        """Open `path`, following redirects; with `htmx`, ask for the part as htmx would."""
        if query:
            path += ("&" if "?" in path else "?") + urlencode(query)
        response = self.client.get(path, headers=HTMX if htmx else {}, follow_redirects=not htmx)
        return read_answer(response, htmx)

    def post(
        self, path: str, fields: Fields | dict[str, str], *, htmx: bool = False, follow: bool = True
    ) -> Seen:
        """Post `fields` as they are: no token is added."""
        items = list(fields.items()) if isinstance(fields, dict) else fields
        response = self.client.post(
            path,
            data=urlencode(items),
            content_type="application/x-www-form-urlencoded",
            headers=HTMX if htmx else {},
            follow_redirects=follow and not htmx,
        )
        return read_answer(response, htmx)

    def keep_session(self, until: datetime) -> None:
        """As if this browser had used its session until then: a time to which a test's clock is set."""
        with self.client.session_transaction() as held:
            key = str(held[sessions_of_web.KEY])
        with self.client.application.app_context(), write_transaction(db.session()):
            found = sessions.find(db.session(), key)
            assert found, "the session has ended"
            used = update(SignIn).where(SignIn.id == found[0].id).values(seen_at=until)
            db.session().execute(used)

    def token(self) -> str:
        """A CSRF token of this browser's session."""
        page = self.get("/contacts")
        return page.all("input[name=csrf_token]")[0]["value"]

    def submit(
        self,
        page: Seen,
        form: str | Element,
        *,
        button: Element | None = None,
        htmx: bool = False,
        **typed: str,
    ) -> Seen:
        """Submit the form with what it holds, with `typed` in its fields, by its `button`."""
        if isinstance(form, str):
            form = page.first(form)
        fields = [(name, value) for name, value in form_fields(page.document, form) if name not in typed]
        fields += list(typed.items())
        action = form.get("action") or page.path
        method = form.attrs.get("method", "get").lower()
        if button is not None:
            assert not button.has_attr("disabled"), f"the button is off: {button}"
            action = button.get("formaction") or action
            method = (button.get("formmethod") or method).lower()
            fields += own_value(button)
        # A browser keeps the fragment to itself.
        action = action.partition("#")[0]
        if method == "post":
            return self.post(action, fields, htmx=htmx)
        return self.get(action, fields, htmx=htmx)

    # What a person does on a page, with scripts or without.

    def press(self, page: Seen, button: str | Element) -> Seen:
        """Press the button, or follow the link, and see the page that is there then."""
        element = page.button(button) if isinstance(button, str) else button
        assert not element.has_attr("disabled"), f"the button is off: {element}"
        form = element.find_parent("form")
        if self.javascript:
            for asking in (element, form):
                if asking is not None and (asking.get("hx-get") or asking.get("hx-post")):
                    return self.ask(page, asking)
        if element.name == "a":
            return self.get(element["href"])
        assert form is not None, f"a button without a form: {element}"
        return self.submit(page, form, button=element)

    def turn(self, page: Seen, button: str) -> list[Seen]:
        """Follow the button ("Next", "Previous", "Older") while there is one; returns all the pages."""
        pages = [page]
        while pages[-1].has_button(button) and not pages[-1].button(button).has_attr("disabled"):
            assert len(pages) < 10, "paging never ends"
            pages.append(self.press(pages[-1], button))
        return pages

    def fill(self, page: Seen, **typed: str) -> Seen:
        """Type into the filter line (`from_` for "from"). With scripts the table follows each field; without
        them "Search" is pressed."""
        for name, value in typed.items():
            field = page.one(f"#browse [name={name.rstrip('_')}]")
            set_value(field, value)
            if self.javascript:
                page = self.ask(page, field)
        return page if self.javascript else self.press(page, page.one("#search-button"))

    def tick(self, page: Seen, *contacts: Contact | int) -> Seen:
        """Tick (or untick) the boxes of these contacts; with scripts the bar follows."""
        for contact in contacts:
            box = page.one(f"#select-{contact if isinstance(contact, int) else contact.id}")
            if box.has_attr("checked"):
                del box["checked"]
            else:
                box["checked"] = ""
        return self.ask(page, page.one("#results tbody")) if self.javascript else page

    def poll(self, page: Seen) -> Seen:
        """Let the part of the page that polls ask once more."""
        return self.ask(page, page.one("[data-poll]"))

    def ask(self, page: Seen, element: Element) -> Seen:
        """What htmx does for `element`: send its request, and swap the answer into `page`."""
        form = element if element.name == "form" else element.find_parent("form")
        include = element.get("hx-include") or ""
        if include.startswith("#"):
            fields = form_fields(page.document, page.one(include))
        elif form is not None and (form is element or include == "closest form"):
            fields = form_fields(page.document, form)
        else:
            fields = []
        # What is included by another element has a control's own value beside it.
        fields += own_value(element) if element.name == "button" or include.startswith("#") else []
        if element.get("hx-post"):
            part = self.post(element["hx-post"], fields, htmx=True)
        else:
            part = self.get(element["hx-get"], fields, htmx=True)
        if "HX-Redirect" in part.headers:
            return self.get(part.headers["HX-Redirect"])
        return page.with_part(part, element)


def read_answer(response: TestResponse, htmx: bool) -> Seen:
    """The response, checked as a page or as a fragment."""
    address = urlsplit(response.request.url) if response.request else urlsplit("")
    return Seen.of(
        response.status_code,
        response.headers,
        response.get_data(as_text=True) if response.mimetype == "text/html" else "",
        path=address.path,
        query=dict(parse_qsl(address.query)),
        htmx=htmx,
    )


def own_value(button: Element) -> Fields:
    return [(button["name"], button.get("value") or "")] if button.get("name") else []


def set_value(field: Element, value: str) -> None:
    if field.name != "select":
        field["value"] = value
        return
    for option in field.select("option"):
        del option["selected"]
        if option.get("value") == value:
            option["selected"] = ""
    assert not value or field.select("option[selected]"), f"no option {value}: {field}"
