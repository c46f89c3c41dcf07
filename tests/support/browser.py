"""A browser for tests: Flask's client, with the eyes of a person and the habits of htmx.

Every page and fragment it opens is checked (`tests.support.page`), and what it submits is what the form on
the page holds, CSRF token included.
"""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from tests.factories.people import PASSWORD
from tests.support.page import check_fragment, check_page
from webapp.models import User

HTMX = {"HX-Request": "true"}
Fields = list[tuple[str, str]]


@dataclass
class Seen:
    """An answer as a person sees it."""

    status: int
    headers: Headers
    soup: BeautifulSoup
    path: str

    @property
    def text(self) -> str:
        return " ".join(self.soup.get_text(" ").split())

    def one(self, selector: str) -> Tag:
        found = self.soup.select(selector)
        assert len(found) == 1, f"{len(found)} × {selector} in: {self.text[:600]}"
        return found[0]

    def all(self, selector: str) -> list[Tag]:
        return self.soup.select(selector)

    def button(self, text: str) -> Tag:
        """The button or link whose text begins with `text`, or that is labelled so."""
        for element in self.soup.select("button, a, input[type=submit]"):
            words = " ".join(element.get_text(" ").split())
            if words.startswith(text) or element.get("aria-label") == text:
                return element
        raise AssertionError(f"no button {text!r} in: {self.text[:600]}")


class Browser:
    def __init__(self, app: Flask, user: User | None = None, *, javascript: bool = False) -> None:
        self.client = app.test_client()
        self.seen: Seen | None = None
        if user is not None:
            self.sign_in(user.email)

    def sign_in(self, email: str, password: str = PASSWORD) -> Seen:
        page = self.get("/login")
        return self.submit(page, "form[action='/login'], main form", email=email, password=password)

    def get(self, path: str, query: Fields | dict[str, str] | None = None, *, htmx: bool = False) -> Seen:
        """Open `path`, following redirects; with `htmx`, ask for the part as htmx would."""
        if query:
            path += ("&" if "?" in path else "?") + urlencode(query)
        response = self.client.get(path, headers=HTMX if htmx else {}, follow_redirects=not htmx)
        return self._look(response, htmx)

    def post(
        self, path: str, fields: Fields | dict[str, str], *, htmx: bool = False, follow: bool = True
    ) -> Seen:
        """Post `fields` as they are: no token is added."""
        items = list(fields.items()) if isinstance(fields, dict) else fields
        body = urlencode(items)
        response = self.client.post(
            path,
            data=body,
            content_type="application/x-www-form-urlencoded",
            headers=HTMX if htmx else {},
            follow_redirects=follow and not htmx,
        )
        return self._look(response, htmx)

    def token(self) -> str:
        """A CSRF token of this browser's session."""
        page = self.get("/contacts")
        return str(page.all("input[name=csrf_token]")[0]["value"])

    def submit(
        self, page: Seen, selector: str, *, button: Tag | None = None, htmx: bool = False, **typed: str
    ) -> Seen:
        """Submit the form at `selector` with what it holds, with `typed` in its fields, by its `button`."""
        form = next(iter(page.all(selector)), None)
        assert form is not None, f"no form {selector}"
        fields = [(name, value) for name, value in form_fields(page.soup, form) if name not in typed]
        fields += list(typed.items())
        action = str(form.get("action") or page.path)
        method = str(form.get("method", "get")).lower()
        if button is not None:
            assert not button.has_attr("disabled"), f"the button is off: {button}"
            action = str(button.get("formaction") or action)
            method = str(button.get("formmethod") or method).lower()
            if button.get("name"):
                fields.append((str(button["name"]), str(button.get("value") or "")))
        if method == "post":
            return self.post(action, fields, htmx=htmx)
        return self.get(action, fields, htmx=htmx)

    def _look(self, response: TestResponse, htmx: bool) -> Seen:
        html = response.get_data(as_text=True)
        soup = BeautifulSoup(html, "html.parser")
        if html and response.mimetype == "text/html" and not 300 <= response.status_code < 400:
            soup = check_fragment(html) if htmx else check_page(html)
        path = urlsplit(response.request.path).path if response.request else ""
        self.seen = Seen(response.status_code, response.headers, soup, path)
        return self.seen


def form_fields(soup: BeautifulSoup, form: Tag) -> Fields:
    """What a browser would send for `form`, buttons apart."""
    fields: Fields = []
    elements = form.select("input, select, textarea")
    if form.get("id"):
        elements += [e for e in soup.select(f'[form="{form["id"]}"]') if e.name != "button"]
    for element in elements:
        name = element.get("name")
        if not name or element.has_attr("disabled"):
            continue
        kind = str(element.get("type", "text"))
        if element.name == "select":
            chosen = element.select_one("option[selected]") or element.select_one("option")
            fields.append((str(name), str(chosen.get("value", "")) if chosen else ""))
        elif element.name == "textarea":
            fields.append((str(name), element.get_text()))
        elif kind in ("checkbox", "radio"):
            if element.has_attr("checked"):
                fields.append((str(name), str(element.get("value", "on"))))
        elif kind not in ("submit", "button"):
            fields.append((str(name), str(element.get("value", ""))))
    return fields
