"""The port of `make run`: the one that is asked for, or the next free one."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_migrate import stamp, upgrade

from tests.factories.people import new_world
from tests.support.schema import app_on_a_new_database
from tests.support.web import free_port
from webapp.extensions import db
from webapp.local import LocalRunError, is_prepared, listen


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


@pytest.fixture(params=["127.0.0.1", "0.0.0.0", "::1"])
def taken(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port that another program has, on one of its addresses."""
    host: str = request.param
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        other = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with other:
        yield port_of(other)


def test_without_port_the_next_free_one_is_taken(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.local.PORTS", [taken, free := free_port()])

    with listen(None) as listener, socket.create_connection(("127.0.0.1", free), timeout=5):
        assert port_of(listener) == free
        # A second app that starts at the same time.
        with pytest.raises(
            LocalRunError, match=f"^No port from {taken} to {free} is free. Choose one: PORT="
        ):
            listen(None)


def test_a_port_that_is_asked_for_and_taken_is_an_error(taken: int) -> None:
    with pytest.raises(LocalRunError, match=f"^Port {taken} is in use. Choose another: PORT="):
        listen(taken)


def test_a_port_that_is_asked_for_is_taken() -> None:
    with listen(port := free_port()) as listener:
        assert port_of(listener) == port


def test_a_database_is_prepared_when_it_has_the_tables_of_this_release_and_data(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with app_on_a_new_database(environ) as app:
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        assert not is_prepared(url)
        upgrade()
        assert not is_prepared(url)
        new_world(db.session())
        db.session.commit()
        assert is_prepared(url)
        stamp(revision="base")
        assert not is_prepared(url)
    missing = tmp_path / "app.db"
    assert not is_prepared(f"sqlite:///{missing}")
    assert not missing.exists()
