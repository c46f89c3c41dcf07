"""The app as it is deployed, with web, worker and Redis, and a real Chromium that opens its pages."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.factories.bins import fill_bin
from tests.factories.contacts import new_contacts
from tests.factories.people import World
from tests.support.processes import WorkerProcess, worker_process
from tests.support.web import WebProcess, web_process

try:
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service
except ModuleNotFoundError:
    pytest.exit("Selenium is missing: run these tests by `make browser`, which installs it.", returncode=3)

MISSING = (
    "{} is missing: install Chromium and its driver, for instance with "
    "`apt install chromium chromium-driver`, so that both are on PATH."
)
OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


def _on_path(*names: str) -> str:
    """The program with one of these names; without any, the run ends with a message."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.exit(MISSING.format(names[0]), returncode=3)


@pytest.fixture(scope="session", params=["sqlite"], autouse=True)
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database is enough: what is tested here runs in the browser."""
    return f"sqlite:///{tmp_path_factory.mktemp('database') / 'test.db'}"


@pytest.fixture(scope="session")
def web(
    app: Flask, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebProcess]:
    """The web on a port of its own; `app` has made the database."""
    with web_process(environ, tmp_path_factory.mktemp("web") / "web.log", threads=4) as process:
        yield process


@pytest.fixture
def worker(
    web: WebProcess, environ: dict[str, str], tmp_path: Path
) -> Callable[[], AbstractContextManager[WorkerProcess]]:
    """`with worker():` a worker runs. Without one a restore stays queued, for as long as a test needs."""
    return lambda: worker_process(environ, tmp_path / "worker.log")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """The system's Chromium with an empty profile. Selenium gets both paths, so it looks for no download."""
    options = ChromeOptions()
    options.binary_location = _on_path("chromium", "chromium-browser", "google-chrome")
    driver = _on_path("chromedriver")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    for option in OPTIONS:
        options.add_argument(option)
    if os.geteuid() == 0:
        # Chromium's sandbox refuses to run as root.
        options.add_argument("--no-sandbox")
    browser = Chrome(options=options, service=Service(driver))
    yield browser
    browser.quit()


@pytest.fixture
def page(chromium: Chrome, web: WebProcess, world: World) -> Iterator[Page]:
    """The browser, with the workspace's admin signed in."""
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    page = Page(chromium, f"http://127.0.0.1:{web.port}")
    page.sign_in(world.admin.email)
    yield page
    page.go_online()
    # A page that polls would otherwise go on during the next test.
    chromium.get("about:blank")
    errors = [entry["message"] for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"]
    unexpected = [message for message in errors if not page.is_expected(message)]
    assert not unexpected, f"the browser's console has errors: {unexpected}"


@pytest.fixture
def many_contacts(store: Session, world: World) -> None:
    """Three pages of deleted contacts, two of live ones."""
    fill_bin(store, world, 130)
    new_contacts(store, world, 60)
    store.commit()
