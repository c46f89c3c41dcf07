"""`flask contacts export`: what is written where, and what the command says."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts, new_list, new_tag, put_tag, subscribe
from tests.factories.people import World
from webapp.models import Job

Export = Callable[..., Result]


@pytest.fixture
def export(app: Flask, place: World) -> Export:
    """Export the test's own workspace."""

    def run(*args: str) -> Result:
        return app.test_cli_runner().invoke(
            args=["contacts", "export", *args, "--workspace", place.workspace.name]
        )

    return run


def names(content: bytes) -> list[str]:
    return [row["Last Name"] for row in csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""))]


def test_a_file_is_written_and_never_replaced_unasked(
    export: Export, store: Session, place: World, tmp_path: Path
) -> None:
    new_contacts(store, place, 3)
    store.commit()
    path = tmp_path / "people.csv"

    done = export(str(path))
    assert (done.exit_code, done.output) == (0, "3 contacts exported.\n")
    content = path.read_bytes()
    assert names(content) == ["Number 00002", "Number 00001", "Number 00000"]

    again = export(str(path))
    assert again.exit_code == 2
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["people.csv"]

    path.write_text("old")
    assert export(str(path), "--force").exit_code == 0
    assert path.read_bytes() == content
    job = store.scalars(select(Job).where(Job.workspace_id == place.id).order_by(Job.id.desc())).first()
    assert job is not None
    assert (job.kind, job.requested_by, job.state, job.total) == ("export", None, "done", 3)


def test_the_filters_are_those_of_the_pages(export: Export, store: Session, place: World) -> None:
    contacts = new_contacts(store, place, 4)
    news, tag = new_list(store, place, "News"), new_tag(store, place, "VIP")
    subscribe(store, contacts[0], news, "bounced")
    subscribe(store, contacts[1], news, "subscribed")
    put_tag(store, contacts[1], tag)
    delete(store, place, contacts[3])
    store.commit()

    for args, expected in (
        (("--list", "nEWS"), [1, 0]),
        (("--list", "News", "--status", "bounced"), [0]),
        (("--list", "News", "--tag", "vip"), [1]),
        (("--search", "00002"), [2]),
        (("--deleted",), [3]),
        (("--deleted", "--search", "nobody"), []),
    ):
        result = export("-", *args)
        assert result.exit_code == 0, result.output
        assert names(result.stdout_bytes) == [f"Number {number:05}" for number in expected]
        assert result.stderr == f"{len(expected)} contact{'s' * (len(expected) != 1)} exported.\n"
