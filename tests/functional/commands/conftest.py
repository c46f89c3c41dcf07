"""What the stories of the commands share: a workspace that can be named, and a file to import."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world, number
from webapp.models import Contact

HEADER = "Email,First Name,Last Name,Phone,Account,Tags,Lists"
Import = Callable[..., Result]


@pytest.fixture
def place(store: Session) -> World:
    """A workspace that the command can name."""
    place = new_world(store, name=f"Place {number()}")
    store.rollback()
    return place


@pytest.fixture
def take_in(app: Flask, place: World, tmp_path: Path) -> Import:
    """Import these lines, below the usual header, into the test's own workspace."""

    def import_lines(*lines: str, header: str = HEADER, flags: tuple[str, ...] = ()) -> Result:
        path = tmp_path / "people.csv"
        path.write_bytes("\n".join([header, *lines]).encode())
        return app.test_cli_runner().invoke(
            args=["contacts", "import", str(path), "--workspace", place.workspace.name, *flags]
        )

    return import_lines


@pytest.fixture
def arrived(stored: Callable[..., list[Any]], place: World) -> Callable[[], list[Contact]]:
    """All contacts of the test's own workspace, in the order in which they came."""
    return lambda: stored(select(Contact).where(Contact.workspace_id == place.id).order_by(Contact.id))
