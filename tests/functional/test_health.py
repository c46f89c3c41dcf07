"""For monitoring: whether the app is up, and whether it is ready."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.own_redis import AWAY, ILLNESSES, OwnRedis
from tests.support.schema import app_on_a_new_database
from webapp.extensions import db
from webapp.jobs.heartbeat import beat
from webapp.local_services import redis_url
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
        {"ok": True, "database": True, "migrations": True, "redis": True, "workers": True},
    )


@pytest.mark.parametrize("state", [AWAY, *ILLNESSES])
def test_without_a_redis_that_takes_writes_the_app_is_up_and_not_ready(
    state: str, environ: dict[str, str], app: Flask, ill_redis: OwnRedis
) -> None:
    with ill_redis.state(state) as url, another_app(environ, REDIS_URL=url) as lonely:
        stranger = lonely.test_client()

        assert stranger.get("/healthz").status_code == 200
        ready = stranger.get("/readyz")

    assert ready.status_code == 503
    assert ready.json == {"ok": False, "database": True, "migrations": True, "redis": False, "workers": True}


def test_when_redis_takes_writes_again_the_app_is_ready(
    environ: dict[str, str], app: Flask, ill_redis: OwnRedis
) -> None:
    with another_app(environ, REDIS_URL=redis_url(ill_redis.folder)) as patient:
        stranger = patient.test_client()
        for illness in ILLNESSES:
            with ill_redis.state(illness):
                assert stranger.get("/readyz").status_code == 503
            assert stranger.get("/readyz").status_code == 200
        ill_redis.cut_connections()
        assert stranger.get("/readyz").status_code == 200


def test_without_its_tables_the_app_is_up_and_not_ready(environ: dict[str, str], tmp_path: Path) -> None:
    """As between the deployment of a new version and its migrations."""
    with another_app(environ, DATABASE_URL=f"sqlite:///{tmp_path}/empty.db") as empty:
        stranger = empty.test_client()

        assert stranger.get("/healthz").status_code == 200
        ready = stranger.get("/readyz")

    assert ready.status_code == 503
    assert ready.json == {"ok": False, "database": True, "migrations": False, "redis": True, "workers": False}


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
        {"ok": True, "database": True, "migrations": True, "redis": True, "workers": False},
    )


def test_health_checks_create_no_session(browse: Callable[..., Browser]) -> None:
    for path in ("/healthz", "/readyz"):
        assert "Set-Cookie" not in browse().client.get(path).headers


def test_while_migrations_are_pending_the_app_is_not_ready(environ: dict[str, str]) -> None:
    with app_on_a_new_database(environ) as app:
        upgrade(revision="0012")
        pending = app.test_client().get("/readyz")
        # The context is this test's, and with it the session: its snapshot is of before.
        db.session.remove()
        upgrade()
        with db.engine.execution_options(writes=True).begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'of a later release'"))
        later = app.test_client().get("/readyz")

    checks = {"database": True, "redis": True, "workers": False}
    assert (pending.status_code, pending.json) == (503, {"ok": False, "migrations": False} | checks)
    assert (later.status_code, later.json) == (200, {"ok": True, "migrations": True} | checks)
