"""Error reports: one for each defect, of the web and of a worker, and nothing about people in them."""

import sys
from collections.abc import Iterator

import pytest
import sentry_sdk
import structlog
from flask import Flask
from rq.serializers import JSONSerializer
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.processes import wait_until
from tests.support.sentry import Service, sentry
from webapp.reporting import report
from webapp.worker import rq_worker
from webapp.worker.connection import connect
from webapp.worker.message import CARRY_OUT, Call, queue

# What a person could have typed, or what is theirs. Lines of code are part of a report: so it is here only.
ADDRESS, WORD, TOKEN, NETWORK = "wanda@example.net", "whistle", "a-token", "203.0.113.9"
UNREADABLE = "cannot be read"
SECRETS = (ADDRESS, WORD, TOKEN, NETWORK, UNREADABLE)


@pytest.fixture
def service() -> Iterator[Service]:
    with sentry() as service:
        yield service
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def reporting(service: Service, environ: dict[str, str], app: Flask) -> Iterator[Flask]:
    with another_app(environ, SENTRY_DSN=service.dsn) as reporting:
        yield reporting


def check_that_it_says_nothing_of_people(service: Service, *more: str) -> None:
    for body in service.bodies:
        text = body.decode().lower()
        assert [secret for secret in (*SECRETS, *more) if secret.lower() in text] == []


def test_a_defect_of_a_page_is_reported_without_data_of_people(
    reporting: Flask, service: Service, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(reporting, world.admin)
    view = reporting.view_functions["overview"]

    def broken(**arguments: object) -> object:
        local_variable = ADDRESS
        view(**arguments)
        raise ValueError(f"{UNREADABLE}: {local_variable}")

    monkeypatch.setitem(reporting.view_functions, "overview", broken)
    answer = browser.client.get(
        f"/contacts?q={WORD}",
        headers={"X-Forwarded-For": NETWORK, "X-Request-Id": "the-request", "Referer": f"/u/{TOKEN}"},
    )
    answer.close()
    assert answer.status_code == 500
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    monkeypatch.undo()
    wait_until(lambda: service.bodies)

    [event] = service.events
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    assert event["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "broken"
    assert event["tags"] == {"endpoint": "overview", "request": "the-request"}
    assert not {"request", "user", "extra", "breadcrumbs", "contexts", "modules"} & set(event)
    check_that_it_says_nothing_of_people(service, world.admin.email, world.admin.name, cookie.value)
    assert browser.client.get("/nowhere").status_code == 404
    assert browser.client.get("/contacts").status_code == 200
    assert len(service.bodies) == 1, "what is no defect is not reported"


def test_a_defect_of_a_worker_is_reported_before_its_horse_ends(
    reporting: Flask, service: Service, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a horse of its own, as in a deployment: it ends right afterwards."""

    def broken(*_: object, **__: object) -> str:
        address = ADDRESS
        raise ValueError(f"{UNREADABLE}: {address}")

    monkeypatch.setattr("webapp.worker.tasks.carry_out", broken)
    structlog.contextvars.clear_contextvars()  # a worker answers no requests
    with reporting.app_context():
        redis = connect(reporting.config["REDIS_URL"], patient=True)
        queue("strange", redis).ring(Call(CARRY_OUT, (7,)))
        worker = rq_worker.GentleWorker(["strange"], connection=redis, serializer=JSONSerializer)
        worker.push_exc_handler(rq_worker.report_failure)  # type: ignore[no-untyped-call]  # RQ gives it no types
        worker.work(burst=True, logging_level="CRITICAL")

    [event] = service.events
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    assert event["tags"] == {"message": f"{CARRY_OUT} (7,)"}
    check_that_it_says_nothing_of_people(service)


def test_without_the_setting_nothing_is_sent(
    service: Service, app: Flask, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    def broken() -> object:
        raise ValueError

    monkeypatch.setitem(app.view_functions, "healthz", broken)

    assert app.test_client().get("/healthz").status_code == 500
    assert not sentry_sdk.get_client().is_active()
    assert service.bodies == []


def test_without_the_setting_an_error_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the library: there may be no memory, no free file, or no folder of this release left."""
    monkeypatch.delitem(sys.modules, "sentry_sdk")

    report(RuntimeError("unexpected"), now=True)

    assert "sentry_sdk" not in sys.modules
