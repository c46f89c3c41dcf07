"""The settings of the web server, as gunicorn reads them."""

import runpy
from typing import Any

import pytest

from serving.worker import BufferingWorker
from tests.support.processes import CHECKOUT


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What `gunicorn.conf.py` sets in this environment."""
    monkeypatch.setattr(BufferingWorker, "limits", BufferingWorker.limits)
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(CHECKOUT / "gunicorn.conf.py"))


@pytest.mark.parametrize(
    "settings", [{"WEB_CONCURRENCY": "3", "WEB_THREADS": "5", "WEB_CONNECTIONS": "7"}], indirect=True
)
def test_processes_threads_and_connections_are_settings(settings: dict[str, Any]) -> None:
    assert (settings["workers"], settings["threads"]) == (3, 5)
    assert settings["max_requests"] > 0
    assert settings["worker_class"].limits.connections == 7


@pytest.mark.parametrize("settings", [{"WEB_CONCURRENCY": "1"}], indirect=True)
def test_the_only_process_is_not_replaced(settings: dict[str, Any]) -> None:
    """No other one would answer while it finishes."""
    assert settings["max_requests"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEB_CONCURRENCY", "0"),
        ("WEB_THREADS", "many"),
        ("WEB_CONNECTIONS", "-1"),
        ("WEB_HEAD_SECONDS", "0"),
        ("WEB_BODY_SECONDS", "nan"),
        ("WEB_IDLE_SECONDS", "1e9"),
    ],
)
def test_an_impossible_setting_is_refused_by_name(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=f"{name} must be .* not '{value}'"):
        runpy.run_path(str(CHECKOUT / "gunicorn.conf.py"))
