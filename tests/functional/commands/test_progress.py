"""The progress bar of a long command: shown on a terminal only, complete, and beside other output."""

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from flask.cli import ScriptInfo

from tests.factories.people import World
from tests.support.terminal import new_terminal
from webapp.cli import carrying_out, contacts, demo
from webapp.demo import load

Run = Callable[..., str]


@pytest.fixture
def on_a_terminal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with standard error on a terminal; returns its output there."""

    def run(*args: str) -> str:
        with new_terminal() as terminal, monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", terminal.stream)
            with suppress(SystemExit):
                app.cli.main(args, standalone_mode=False, obj=ScriptInfo(create_app=lambda: app))
        return terminal.seen

    return run


@pytest.fixture
def elsewhere(app: Flask) -> Run:
    """Run a command with standard error in a file; returns its content."""
    return lambda *args: app.test_cli_runner().invoke(args=args).stderr


@pytest.fixture
def import_args(
    place: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches_of: Callable[[int], None]
) -> list[str]:
    """For six batches, with a bad row in the first, the fourth and the last."""
    batches_of(50)
    monkeypatch.setattr(contacts, "WORTH_A_BAR", 10_000)
    monkeypatch.setattr(carrying_out, "WORTH_A_BAR", 100)
    path = tmp_path / "people.csv"
    lines = [f"number{i}@example.com,{'x' * 100},{'y' * 100}" for i in range(290)]
    lines[4] = lines[184] = lines[289] = "nobody,,"
    path.write_text("\n".join(["Email,First Name,Last Name", *lines]))
    return ["contacts", "import", str(path), "--workspace", place.workspace.name]


@pytest.fixture
def demo_args(place: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(demo, "AT_ONCE", 0)
    monkeypatch.setattr(load, "CHUNK", 20)
    return ["demo", "--workspace", place.workspace.name, "--contacts", "50", "--deleted", "50"]


def percentages(seen: str) -> list[int]:
    return [int(found) for found in re.findall(r"(\d+)%", seen)]


def test_an_import_shows_how_far_the_file_is_read_and_imported(
    on_a_terminal: Run, import_args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    seen = on_a_terminal(*import_args)

    reading, importing = seen.split("Import #1", 1)
    assert "Reading the file" in reading
    steps = percentages(importing)
    assert len(steps) > 3
    assert steps == sorted(steps)
    assert steps[-1] == percentages(reading)[-1] == 100
    assert capsys.readouterr().out == "287 contacts added. 3 rows were left out.\n"


def test_a_load_shows_how_many_contacts_are_in(on_a_terminal: Run, demo_args: list[str]) -> None:
    steps = percentages(on_a_terminal(*demo_args))

    assert steps[:3] == [0, 20, 40]
    assert steps[-1] == 100


def test_messages_have_lines_of_their_own_below_the_bar(on_a_terminal: Run, import_args: list[str]) -> None:
    seen = on_a_terminal(*import_args)

    # The final content of each line: the last text that was written there.
    lines = [line.split("\r")[-1] for line in seen.split("\r\n")]

    assert "100%" in lines[1]
    assert lines[2:5] == [f"Line {n}: “nobody” is not an e-mail address: it has no @." for n in (6, 186, 291)]


@pytest.mark.parametrize("args", ["import_args", "demo_args"])
def test_there_is_no_progress_without_a_terminal(
    elsewhere: Run, args: str, request: pytest.FixtureRequest
) -> None:
    said = elsewhere(*request.getfixturevalue(args))

    assert [line for line in said.splitlines() if not line.startswith("Line ")] == []
    assert "\r" not in said


def test_a_small_file_shows_no_progress(
    on_a_terminal: Run, import_args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "WORTH_A_BAR", 1_000_000)
    monkeypatch.setattr(carrying_out, "WORTH_A_BAR", 1_000)

    assert percentages(on_a_terminal(*import_args)) == []
