"""Random bytes in any field of any request: no error of ours, nothing unescaped, no redirect elsewhere.

`make test` sends 500 requests, the same in each run; `make explore` sends 10,000 new ones and prints their
seed, with which `make explore SEED=…` repeats them.
"""

import os
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import run_wsgi_app

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.random_bytes import CANARY, Bytes, Sent

SEED = int(os.environ.get("FUZZ_SEED", "20261127"))
REQUESTS = int(os.environ.get("REQUESTS", "500"))


class Client:
    """A session of the admin."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.token = browser.token()
        cookies = browser.client._cookies or {}
        self.cookie = "; ".join(f"{cookie.key}={cookie.value}" for cookie in cookies.values())


# Werkzeug leaves the files of a body that breaks off to the collector of garbage.
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
def test_random_bytes_are_answered(
    app: Flask, browse: Callable[..., Browser], world: World, store: Session
) -> None:
    print(f"FUZZ_SEED={SEED}")
    live, binned = new_contacts(store, world, 5), new_contacts(store, world, 5)
    delete(store, world, *binned)
    store.commit()
    ids = [str(contact.id) for contact in (*live, *binned)]
    client = Client(browse(world.admin))
    answered: dict[int, int] = {}

    for number in range(REQUESTS):
        sent = Bytes(SEED, number, cookie=client.cookie, token=client.token, ids=ids).request()
        status, to = check(app, sent)
        answered[status] = answered.get(status, 0) + 1
        if to.startswith("/login") and sent.environ["HTTP_COOKIE"] == client.cookie:
            # An earlier request has ended the session.
            client = Client(browse(world.admin))

    assert {200, 303, 400, 404, 422} <= answered.keys(), f"too few kinds of answers: {answered}"


def check(app: Flask, sent: Sent) -> tuple[int, str]:
    """Send it; returns the status, and where it leads. Fails for what no request may bring about."""
    body, line, headers = run_wsgi_app(app.wsgi_app, sent.wsgi(), buffered=True)
    status, text = int(line.split()[0]), b"".join(body)

    assert status < 500, f"{sent} answered {line}"
    assert headers["X-Content-Type-Options"] == "nosniff", f"{sent} answered {line} without headers"
    if headers.get("Content-Type", "").startswith("text/html"):
        assert CANARY not in text, f"{sent} is repeated without escaping"
    to = headers.get("Location") or headers.get("HX-Redirect") or headers.get("HX-Location") or "/"
    assert re.match(r"/(?![/\\])", to), f"{sent} leads to {to}"
    return status, to
