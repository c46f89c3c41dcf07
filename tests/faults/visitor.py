"""A visitor of a release, who goes through its main path and keeps account of what is answered."""

import re
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from threading import Event, Thread
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.faults.deadline import Deadline, TimeIsUp
from tests.support.element import Document
from tests.support.seen import Fields, form_fields

PASSWORD = "restore-demo"
PAGES = (
    *("/contacts", "/contacts/restore", "/contacts/import", "/contacts/export", "/lists", "/tags"),
    *("/accounts", "/deals", "/deals/board", "/restores", "/automations", "/campaigns", "/outbox"),
    *("/audit", "/settings", "/readyz"),
)
# Longer than any host's proxy waits for an answer.
TIMEOUT = 60.0
# How often a person reloads the page of a contact that is being restored.
POLL_SECONDS = 1.0


class Failed(Exception):
    """What a visitor saw and no visitor may see."""


@dataclass
class Seen:
    """What a visitor saw in one phase of the trial."""

    rounds: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0


class Visitor:
    """A person who signs in to one release and goes through its main path, round after round: pages, a new
    contact, which is deleted and, unless `hasty`, restored. A hasty one looks at no pages."""

    def __init__(self, name: str, port: int, email: str, deadline: Deadline, *, hasty: bool = False) -> None:
        self.name, self.email, self.hasty = name, email, hasty
        self.origin = f"http://127.0.0.1:{port}"
        self.seen: dict[str, Seen] = {}
        self.failure: str | None = None
        self.rounds = 0
        self._phase = ""
        self._deadline = deadline
        self._stop = Event()
        self._thread = Thread(target=self._visit, daemon=True)
        self._new_session()

    def begin(self, phase: str) -> None:
        self.enter(phase)
        self._thread.start()

    def enter(self, phase: str) -> None:
        """What is seen from now on belongs to this phase."""
        self.seen[phase] = Seen()
        self._phase = phase

    def end(self) -> None:
        """Finish the round, or what can be finished of it in time."""
        self._stop.set()
        with suppress(TimeIsUp):
            self._thread.join(self._deadline.left)
        self._thread.join(TIMEOUT)

    def go_on(self, rounds: int) -> None:
        """Wait until so many more rounds are done. Raises Failed and TimeIsUp."""
        goal = self.rounds + rounds
        self._deadline.wait_until(lambda: self.failure or self.rounds >= goal)
        self.check()

    def check(self) -> None:
        """Raises Failed if the visitor saw an error."""
        if self.failure:
            raise Failed(f"{self.name}: {self.failure}")

    def _visit(self) -> None:
        try:
            while not self._stop.is_set():
                # Every other round in the same session, which then lives through the migration.
                if self.rounds % 2 == 0:
                    self._sign_in()
                self._round()
                self.rounds += 1
                self.seen[self._phase].rounds += 1
        except TimeIsUp:
            return
        except (Failed, OSError) as error:
            self.failure = str(error) or type(error).__name__

    def _new_session(self) -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def _sign_in(self) -> None:
        self._new_session()
        address, _ = self._send(*self._form("/login", "main form", email=self.email, password=PASSWORD))
        if address.startswith("/login"):
            raise Failed("cannot sign in")

    def _round(self) -> None:
        for page in () if self.hasty else PAGES:
            self._ask(page, may_lack=True)
        email = f"{re.sub(r'[^a-z0-9]+', '-', self.name)}-{time.time_ns()}@example.com"
        form = self._form("/contacts/new", "form:has([name=first_name])", email=email)
        address, html = self._send(*form)
        found = re.search(r"/contacts/(\d+)", address)
        if not found:
            raise Failed(f"a new contact leads to {address}: {words(html)}")
        contact = found[1]
        self._send(
            *self._form(
                f"/contacts/delete?selected={contact}", "form[action*='/contacts/delete'][method=post]"
            )
        )
        if self._exists(contact):
            raise Failed("a deleted contact is there")
        if self.hasty:
            return
        dialog = f"/contacts/restore/confirm?selected={contact}"
        address, html = self._send(*self._form(dialog, "form[action*='/restores'][method=post]"))
        if not address.startswith("/restores/"):
            raise Failed(f"a restore leads to {address}: {words(html)}")
        while not self._exists(contact) and self._deadline.left:
            time.sleep(POLL_SECONDS)

    def _exists(self, contact: str) -> bool:
        return self._ask(f"/contacts/{contact}", may_lack=True)[0] == 200

    def _form(self, path: str, selector: str, **typed: str) -> tuple[str, Fields]:
        """Where the form on a page is sent, and with what."""
        _, _, html = self._ask(path)
        document = Document(html)
        form = document.select_one(selector)
        if form is None:
            raise Failed(f"{path} has no {selector}")
        fields = [(name, value) for name, value in form_fields(document, form) if name not in typed]
        return str(form.get("action") or path), [*fields, *typed.items()]

    def _send(self, path: str, fields: Fields) -> tuple[str, str]:
        """The address behind all redirects, and the page."""
        _, address, html = self._ask(path, urlencode(fields).encode())
        return address, html

    def _ask(self, path: str, data: bytes | None = None, *, may_lack: bool = False) -> tuple[int, str, str]:
        """Status, address behind all redirects, and page. Raises Failed for an error, except where the page
        `may_lack`, and 404 is an answer; and where a page asks to sign in again."""
        request, began = Request(urljoin(self.origin, path), data), time.monotonic()
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                status, address, html = answer.status, answer.url, answer.read().decode()
        except HTTPError as error:
            with error:
                status, address, html = error.code, error.url, error.read().decode()
        seen = self.seen[self._phase]
        seen.answers[status] += 1
        seen.slowest = max(seen.slowest, time.monotonic() - began)
        if status >= 400 and not (may_lack and status == 404):
            raise Failed(f"{request.get_method()} {path} answered {status}: {words(html)}")
        address = urlsplit(address)._replace(scheme="", netloc="").geturl()
        if address.startswith("/login") and not path.startswith("/login"):
            raise Failed(f"{request.get_method()} {path} asks to sign in again")
        return status, address, html


def words(html: str) -> str:
    """What the middle of a page says, shortened."""
    main = Document(html).select_one("main")
    return " ".join(main.get_text(" ").split())[:500] if main else html[:500]
