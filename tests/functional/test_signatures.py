"""What a browser brings back is signed with SHA-256. A release that signed with SHA-1 can run beside this;
each accepts what the other has signed, where SIGN_WITH says so.

`Flask`, `Flask-WTF` and `itsdangerous` as they come are that release.
"""

from dataclasses import dataclass
from hashlib import sha1, sha256
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import PASSWORD, World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.web.device import known_device

# With the salts, and how the key of each is derived.
KINDS: dict[str, tuple[type[URLSafeSerializer] | type[URLSafeTimedSerializer], str, dict[str, str]]] = {
    "session": (URLSafeTimedSerializer, "cookie-session", {"key_derivation": "hmac"}),
    "device": (URLSafeTimedSerializer, "device", {}),
    "csrf_token": (URLSafeTimedSerializer, "wtf-csrf-token", {}),
    "scope": (URLSafeSerializer, "restore-scope", {}),
    "export": (URLSafeSerializer, "confirmation-export", {}),
}


@dataclass
class Given:
    """All that a browser of the admin has been given, by its name; signed."""

    browser: Browser
    tokens: dict[str, str]

    @classmethod
    def by(cls, app: Flask, world: World, deleted: int) -> "Given":
        browser = Browser(app)
        browser.sign_in(world.admin.email, PASSWORD)
        export = browser.get("/contacts/export")
        restore = browser.get(f"/contacts/restore/confirm?selected={deleted}")
        return cls(
            browser,
            {name: cookie_of(browser, name) for name in ("session", "device")}
            | {name: field(export, name) for name in ("csrf_token", "export")}
            | {"scope": field(restore, "scope")},
        )

    def signed_with(self, digest: Any, key: str) -> set[str]:
        """The names of those that are signed so."""
        return {name for name, token in self.tokens.items() if accepts(name, token, digest, key)}


def accepts(name: str, token: str, digest: Any, key: str) -> bool:
    serializer, salt, derived = KINDS[name]
    if name == "session":
        plain = Flask(__name__)
        plain.secret_key, interface = key, SecureCookieSessionInterface()
        interface.digest_method = staticmethod(digest)
        found = interface.get_signing_serializer(plain)
        assert found
        reader: Any = found
    else:
        reader = serializer(key, salt=salt, signer_kwargs={"digest_method": digest, **derived})
    try:
        reader.loads(token)
    except BadSignature:
        return False
    return True


def cookie_of(browser: Browser, name: str) -> str:
    cookie = browser.client.get_cookie(name)
    assert cookie
    return cookie.value


def field(page: Seen, name: str) -> str:
    return str(page.first(f"dialog input[name={name}]")["value"])


@pytest.fixture
def deleted(store: Session, world: World) -> int:
    contact, _ = new_contacts(store, world, 2)
    delete(store, world, contact)
    store.commit()
    return contact.id


def test_all_that_a_browser_brings_back_is_signed_with_sha256(
    environ: dict[str, str], app: Flask, world: World, deleted: int
) -> None:
    given = Given.by(app, world, deleted)

    assert given.signed_with(sha256, environ["SECRET_KEY"]) == set(KINDS)
    assert given.signed_with(sha1, environ["SECRET_KEY"]) == set()


def test_what_a_release_with_sha1_has_signed_is_accepted_also_by_a_former_key(
    environ: dict[str, str], app: Flask, world: World, deleted: int
) -> None:
    """And the other way round: with SIGN_WITH=sha1 this one signs as that release does."""
    with another_app(environ, SIGN_WITH="sha1") as earlier:
        given = Given.by(earlier, world, deleted)
        assert given.signed_with(sha1, environ["SECRET_KEY"]) == set(KINDS)

    rotated = {"SECRET_KEY": "k" * 32, "SECRET_KEY_FALLBACKS": environ["SECRET_KEY"]}
    for changed in ({}, rotated):
        with another_app(environ, **changed) as later:
            browser = carry(given, later)
            assert browser.get("/contacts").status == 200
            dialog = browser.client.post(
                "/contacts/restore/confirm/again",
                data={name: given.tokens[name] for name in ("csrf_token", "scope")},
            )
            assert dialog.status_code == 200, "the scope is read"
            assert export_with(browser, given) == 303
            assert knows_the_browser(later, given, world)


def carry(given: Given, app: Flask) -> Browser:
    """The same browser, whose request another release answers."""
    browser = Browser(app)
    for name in ("session", "device"):
        browser.client.set_cookie(name, given.tokens[name])
    return browser


def export_with(browser: Browser, given: Given) -> int:
    """The status of confirming an export."""
    fields = {name: given.tokens[name] for name in ("csrf_token", "export")}
    return browser.client.post("/exports", data=fields).status_code


def knows_the_browser(app: Flask, given: Given, world: World) -> bool:
    cookie = f"device={given.tokens['device']}"
    with app.test_request_context(headers={"Cookie": cookie}):
        return known_device(world.admin.person_id) is not None


def test_what_another_key_has_signed_with_either_is_refused(
    environ: dict[str, str], app: Flask, world: World, deleted: int
) -> None:
    here = Given.by(app, world, deleted)
    for digest in ("sha1", "sha256"):
        with another_app(environ, SECRET_KEY="k" * 32, SIGN_WITH=digest) as other:
            foreign = Given.by(other, world, deleted).tokens
        assert carry(Given(here.browser, foreign), app).client.get("/contacts").location.startswith("/login")
        for name in ("csrf_token", "export"):
            changed = Given(here.browser, here.tokens | {name: foreign[name]})
            assert export_with(carry(changed, app), changed) == 400, (digest, name)
        assert not knows_the_browser(app, Given(here.browser, foreign), world)
