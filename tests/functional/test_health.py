"""For whoever watches the app: is it up, and can it work?"""

from collections.abc import Callable
from pathlib import Path

from flask import Flask

from tests.support.another_app import another_app, nowhere
from tests.support.browser import Browser


def test_an_app_with_all_it_needs_is_up_and_ready(browse: Callable[..., Browser]) -> None:
    stranger = browse().client

    up, ready = stranger.get("/healthz"), stranger.get("/readyz")

    assert (up.status_code, up.json) == (200, {"ok": True})
    assert (ready.status_code, ready.json) == (200, {"ok": True, "database": True, "redis": True})


def test_without_redis_it_is_up_and_not_ready(environ: dict[str, str], app: Flask, tmp_path: Path) -> None:
    with another_app(environ, REDIS_URL=nowhere(tmp_path)) as lonely:
        stranger = lonely.test_client()

        assert stranger.get("/healthz").status_code == 200
        ready = stranger.get("/readyz")

    assert ready.status_code == 503
    assert ready.json == {"ok": False, "database": True, "redis": False}


def test_without_its_tables_it_is_up_and_not_ready(environ: dict[str, str], tmp_path: Path) -> None:
    """As between the release of a new version and its migrations."""
    with another_app(environ, DATABASE_URL=f"sqlite:///{tmp_path}/empty.db") as empty:
        stranger = empty.test_client()

        assert stranger.get("/healthz").status_code == 200
        ready = stranger.get("/readyz")

    assert ready.status_code == 503
    assert ready.json == {"ok": False, "database": False, "redis": True}


def test_no_session_is_made_for_them(browse: Callable[..., Browser]) -> None:
    for path in ("/healthz", "/readyz"):
        assert "Set-Cookie" not in browse().client.get(path).headers
