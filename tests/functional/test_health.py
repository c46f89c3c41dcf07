"""For monitoring: whether the app is up, and whether it is ready."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.support.another_app import another_app, unused_redis_url
from tests.support.browser import Browser
from webapp.jobs.heartbeat import beat
from webapp.models import WorkerHeartbeat
from webapp.worker.queue import QUEUES
from webapp.worker.services import services


@pytest.fixture(autouse=True)
def workers(store: Session) -> None:
    """As the supervisor does every few seconds."""
    beat(store, QUEUES)


def test_a_complete_app_is_up_and_ready(browse: Callable[..., Browser]) -> None:
    stranger = browse().client

    up, ready = stranger.get("/healthz"), stranger.get("/readyz")

    assert (up.status_code, up.json) == (200, {"ok": True})
    assert (ready.status_code, ready.json) == (
        200,
        {"ok": True, "database": True, "redis": True, "workers": True},
    )


def test_without_redis_the_app_is_up_and_not_ready(
    environ: dict[str, str], app: Flask, tmp_path: Path
) -> None:
    with another_app(environ, REDIS_URL=unused_redis_url(tmp_path)) as lonely:
        stranger = lonely.test_client()

        assert stranger.get("/healthz").status_code == 200
        ready = stranger.get("/readyz")

    assert ready.status_code == 503
    assert ready.json == {"ok": False, "database": True, "redis": False, "workers": True}


def test_without_its_tables_the_app_is_up_and_not_ready(environ: dict[str, str], tmp_path: Path) -> None:
    """As between the deployment of a new version and its migrations."""
    with another_app(environ, DATABASE_URL=f"sqlite:///{tmp_path}/empty.db") as empty:
        stranger = empty.test_client()

        assert stranger.get("/healthz").status_code == 200
        ready = stranger.get("/readyz")

    assert ready.status_code == 503
    assert ready.json == {"ok": False, "database": False, "redis": True, "workers": False}


@pytest.mark.parametrize("silent", [*QUEUES])
def test_a_worker_that_was_not_seen_for_30_seconds_is_named_and_pages_still_work(
    silent: str, store: Session, app: Flask, browse: Callable[..., Browser]
) -> None:
    with app.app_context():
        too_long = timedelta(seconds=services().silence_seconds)
    store.get_one(WorkerHeartbeat, silent).seen_at -= too_long
    store.commit()

    ready = browse().client.get("/readyz")

    assert (ready.status_code, ready.json) == (
        200,
        {"ok": True, "database": True, "redis": True, "workers": False},
    )


def test_health_checks_create_no_session(browse: Callable[..., Browser]) -> None:
    for path in ("/healthz", "/readyz"):
        assert "Set-Cookie" not in browse().client.get(path).headers
