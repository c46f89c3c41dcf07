"""One web process for all tests that send raw bytes, started as the Procfile says."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.web import WebProcess, Wire, web_process

# Short times, few connections, one proxy in front.
SHORT = {"WEB_HEAD_SECONDS": "2", "WEB_BODY_SECONDS": "2", "WEB_CONNECTIONS": "100", "PROXIES": "1"}
LOGGED = {"LOG_LEVEL": "INFO"}


@pytest.fixture(scope="package")
def ours(engine: Engine) -> World:
    with Session(engine) as session:
        return new_world(session)


@pytest.fixture(scope="package")
def web(
    app: Flask, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebProcess]:
    with web_process(environ | SHORT | LOGGED, tmp_path_factory.mktemp("web") / "web.log") as web:
        yield web


@pytest.fixture(scope="package")
def wire(web: WebProcess, ours: World) -> Wire:
    """The web, with the session of an admin."""
    return web.wire(ours.admin.email)
