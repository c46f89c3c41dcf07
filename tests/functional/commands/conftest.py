"""Fixtures of the tests of commands: a workspace with a unique name, a file to import, and the demo."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world, number
from tests.support.another_app import another_app
from tests.support.databases import new_database, sqlite_url
from webapp.extensions import db
from webapp.importing.work import ImportWork
from webapp.models import Contact

HEADER = "Email,First Name,Last Name,Phone,Account,Tags,Lists"
Import = Callable[..., Result]


@pytest.fixture
def place(store: Session) -> World:
    """A workspace with a unique name."""
    place = new_world(store, name=f"Place {number()}")
    store.rollback()
    return place


@pytest.fixture
def import_rows(app: Flask, place: World, tmp_path: Path) -> Import:
    """Import these lines, below the usual header, into the test's own workspace."""

    def import_lines(*lines: str, header: str = HEADER, flags: tuple[str, ...] = ()) -> Result:
        path = tmp_path / "people.csv"
        path.write_bytes("\n".join([header, *lines]).encode())
        return app.test_cli_runner().invoke(
            args=["contacts", "import", str(path), "--workspace", place.workspace.name, *flags]
        )

    return import_lines


@pytest.fixture
def imported_contacts(stored: Callable[..., list[Any]], place: World) -> Callable[[], list[Contact]]:
    """All contacts of the test's own workspace, in the order of their ids."""
    return lambda: stored(select(Contact).where(Contact.workspace_id == place.id).order_by(Contact.id))


@pytest.fixture
def batches_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the import take so many records in a batch."""

    def take(size: int) -> None:
        monkeypatch.setattr(ImportWork, "batch_sizes", {"postgresql": size, "sqlite": size})

    return take


@pytest.fixture(scope="module")
def empty_app(environ: dict[str, str]) -> Iterator[Flask]:
    """An app on its own empty database."""
    shared = environ["DATABASE_URL"]
    with (
        sqlite_url() if shared.startswith("sqlite") else new_database(shared) as url,
        another_app(environ, DATABASE_URL=url) as app,
    ):
        with app.app_context():
            upgrade()
        yield app


@pytest.fixture(scope="module")
def first_run(empty_app: Flask) -> Result:
    return empty_app.test_cli_runner().invoke(args=["demo"])


@pytest.fixture
def demo(first_run: Result, empty_app: Flask) -> Iterator[Session]:
    """A session on the database after the first run."""
    assert first_run.exit_code == 0, first_run.output
    with empty_app.app_context(), Session(db.engine) as session:
        yield session
