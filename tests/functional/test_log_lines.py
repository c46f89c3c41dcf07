"""What the log has of a request, and never has: passwords, tokens, cookies, addresses, search texts."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact
from tests.factories.people import PASSWORD, World
from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import Contact


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """All that the process logs, from DEBUG on, as one JSON object a line."""
    [ours] = [handler for handler in logging.getLogger().handlers if getattr(handler, "ours", False)]
    given = ours.formatter
    assert isinstance(given, structlog.stdlib.ProcessorFormatter)
    copy, root, stream = logging.StreamHandler(), logging.getLogger(), io.StringIO()
    copy.setStream(stream)
    copy.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=given.foreign_pre_chain,
            processors=[given.remove_processors_meta, structlog.processors.JSONRenderer()],
        )
    )
    level, wrapper = root.level, structlog.get_config()["wrapper_class"]
    root.addHandler(copy)
    root.setLevel(logging.DEBUG)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    try:
        yield stream
    finally:
        root.removeHandler(copy)
        root.setLevel(level)
        structlog.configure(wrapper_class=wrapper)


def parsed(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_walk_through_the_app_leaves_nothing_of_a_person_in_the_log(
    browse: Callable[..., Browser], world: World, store: Session
) -> None:
    contact = new_contact(store, world, email="wanda.whistle@example.net", first_name="Wanda")
    store.commit()
    browser = browse()
    with everything_logged() as stream:
        browser.sign_in(world.admin.email, "a-wrong-password")
        browser.sign_in("nobody.knows@example.org", "another-wrong-password")
        browser.sign_in(world.admin.email, PASSWORD)
        browser.get("/contacts?q=whistle&restored_by=1")
        browser.get("/contacts/restore?q=whistle")
        browser.get(f"/contacts/{contact.id}")
        for path in ("/u/a-token-of-a-link", "/c/a-token-of-a-link", "/a-token-typed-wrong/x"):
            browser.client.get(path, headers={"X-Forwarded-For": "203.0.113.9"}).close()
        for query in ("scope=a-token-of-a-scope", "q=whistle&from=whistle"):
            browser.client.get(f"/contacts/restore/plan?{query}").close()
        cookie = browser.client.get_cookie("session")
        browser.client.post("/logout").close()

    logged = stream.getvalue()
    assert len(parsed(stream)) >= 12
    assert f'"path": "/contacts/{contact.id}"' in logged
    assert cookie is not None
    for secret in (
        *("a-wrong-password", PASSWORD, "a-token-of", "a-token-typed", cookie.value[:20], "csrf_token"),
        *(world.admin.email, "nobody.knows", "wanda", "whistle", "203.0.113.9", "127.0.0.1"),
    ):
        assert secret.lower() not in logged.lower(), secret


def test_each_request_has_one_line_and_its_lines_and_its_answer_have_its_id(
    browse: Callable[..., Browser],
) -> None:
    client = browse().client
    with everything_logged() as stream:
        given = client.get("/healthz", headers={"X-Request-Id": "from-a-proxy_1"})
        made = client.get("/contacts?q=ann", headers={"X-Request-Id": "not clean\u2028"})
        static = client.get("/static/css/none.css")
        for answer in (given, made, static):
            answer.get_data()
            answer.close()

    lines = [line for line in parsed(stream) if line["event"] == "request"]
    ids = [answer.headers["X-Request-Id"] for answer in (given, made, static)]
    assert [line["request"] for line in lines] == ids
    assert ids[0] == "from-a-proxy_1"
    assert len(set(ids)) == 3
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/healthz", 200),
        ("GET", "/contacts", 303),
        ("GET", "/static/css/none.css", 404),
    ]
    assert lines[0]["bytes"] == len(given.get_data())
    assert all(isinstance(line["seconds"], float) for line in lines)


def test_a_method_and_a_path_of_a_strangers_making_are_not_repeated(app: Flask) -> None:
    client = app.test_client()
    with everything_logged() as stream:
        client.open("/wanda/whistle", method="WHISTLE").close()
        client.get("/contacts/99999999999999999999999/whistle").close()

    assert "whistle" not in stream.getvalue().lower()
    assert [line["method"] for line in parsed(stream) if line["event"] == "request"] == ["OTHER", "GET"]


def test_a_traceback_has_no_values_that_the_database_names(app: Flask, store: Session, world: World) -> None:
    """PostgreSQL tells which address is taken; parameters are hidden already."""
    row = {"workspace_id": world.id, "email": "wanda@example.net", "email_key": "wanda@example.net"}
    row |= {"created_at": read_clock(store), "updated_at": read_clock(store)}
    with everything_logged() as stream:
        for logger in (structlog.get_logger("ours"), logging.getLogger("a library")):
            with pytest.raises(IntegrityError) as refused, write_transaction(store):
                store.add_all([Contact(**row), Contact(**row)])
            logger.error("failed", exc_info=refused.value)

    logged = stream.getvalue()
    assert logged.count("IntegrityError") >= 2
    assert "wanda" not in logged
