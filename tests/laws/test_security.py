"""Law: docs/security.md is complete, and what it says of all code and all pages holds.

It answers each requirement of the OWASP ASVS 5.0 of level 1 or 2, and names tests that exist.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories.people import new_world
from tests.support.browser import Browser
from tests.support.element import Document
from webapp.extensions import db
from webapp.urls import ROUTES

# One database is enough for this.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
# How many requirements of level 1 or 2 each section of the standard has; they are numbered from 1.
SECTIONS = {
    "1.1": 2,
    "1.2": 9,
    "1.3": 11,
    "1.4": 3,
    "1.5": 2,
    "2.1": 3,
    "2.2": 3,
    "2.3": 4,
    "2.4": 1,
    "3.2": 2,
    "3.3": 4,
    "3.4": 6,
    "3.5": 5,
    "3.7": 2,
    "4.1": 3,
    "4.2": 1,
    "4.3": 2,
    "4.4": 4,
    "5.1": 1,
    "5.2": 3,
    "5.3": 2,
    "5.4": 3,
    "6.1": 3,
    "6.2": 12,
    "6.3": 4,
    "6.4": 4,
    "6.5": 5,
    "6.6": 3,
    "6.8": 4,
    "7.1": 3,
    "7.2": 4,
    "7.3": 2,
    "7.4": 5,
    "7.5": 2,
    "7.6": 2,
    "8.1": 2,
    "8.2": 3,
    "8.3": 1,
    "8.4": 1,
    "9.1": 3,
    "9.2": 4,
    "10.1": 2,
    "10.2": 2,
    "10.3": 4,
    "10.4": 11,
    "10.5": 5,
    "10.6": 2,
    "10.7": 3,
    "11.1": 2,
    "11.2": 3,
    "11.3": 3,
    "11.4": 4,
    "11.5": 1,
    "11.6": 1,
    "12.1": 3,
    "12.2": 2,
    "12.3": 4,
    "13.1": 1,
    "13.2": 5,
    "13.3": 2,
    "13.4": 5,
    "14.1": 2,
    "14.2": 4,
    "14.3": 3,
    "15.1": 3,
    "15.2": 3,
    "15.3": 7,
    "16.1": 1,
    "16.2": 5,
    "16.3": 4,
    "16.4": 3,
    "16.5": 3,
    "17.1": 1,
    "17.2": 4,
    "17.3": 2,
}
TEST = re.compile(
    r"`((?:unit|functional|integration|faults|laws|model|browser)/[\w/]+\.py)(?:::(test_\w+))?`"
)


def answered() -> Iterator[tuple[str, str]]:
    """Each requirement's number with what its row says; "1.2.6 to 1.2.8" and "1.3.8, 1.3.9" are several."""
    for numbers, state in re.findall(r"^\| (\d+\.\d+\.\d+[^|]*) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE):
        for part in numbers.split(", "):
            first, _, last = part.partition(" to ")
            section, _, start = first.rpartition(".")
            for number in range(int(start), int(last.rpartition(".")[2] or start) + 1):
                yield f"{section}.{number}", state


def test_every_requirement_is_answered_once() -> None:
    expected = [f"{section}.{n}" for section, count in SECTIONS.items() for n in range(1, count + 1)]

    assert len(expected) == 253
    assert sorted(number for number, _ in answered()) == sorted(expected)


def test_each_answer_says_what_it_is() -> None:
    """Met, with a test, a document or a reason; unmet, with a reason; or nothing of the kind is there."""
    for number, state in answered():
        assert re.match(r"(met|not met|n/a)\b", state), number
        if state.startswith("not met"):
            assert len(state) > 40, f"{number} has no reason"


def test_every_test_that_is_named_exists() -> None:
    named = [(found[1], found[2]) for found in TEST.finditer(PAGE)]

    assert len(named) > 100
    for path, name in named:
        file = ROOT / "tests" / path
        assert file.exists(), path
        assert not name or re.search(rf"^ *def {name}\(", file.read_text(), re.MULTILINE), f"{path} {name}"


READS_CODE = re.compile(
    r"(eval|exec|compile|render_template_string|.*\.from_string|os\.(system|popen)|subprocess\.get\w+)"
)


def test_no_template_or_command_is_made_from_text() -> None:
    """Templates are files, programs get lists, and what is read is JSON or signed."""
    for path in [*(ROOT / "webapp").rglob("*.py"), ROOT / "worker.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            where = f"{path.name}: {ast.unparse(node)[:200]}"
            if isinstance(node, ast.Call):
                assert not READS_CODE.fullmatch(ast.unparse(node.func)), where
                assert not [word for word in node.keywords if word.arg == "shell"], where
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert not re.search(r"\b(pickle|marshal|shelve|dill|xml)\b", ast.unparse(node)), where


@pytest.fixture(scope="module")
def answers(app: Flask) -> list[TestResponse]:
    """What an admin gets at each address without an id in it, and a stranger at the sign-in page."""
    with app.app_context(), Session(db.engine) as session:
        admin = Browser(app, new_world(session).admin)
    paths = [route.path for route in ROUTES if route.method == "GET" and "<" not in route.path]
    origin = {"Origin": "https://evil.example"}
    # Buffered, because a streamed answer that is not read to its end keeps its context, and with it the user.
    found = [admin.client.get(path, headers=origin, buffered=True) for path in paths]
    return [*found, Browser(app).client.get("/login", headers=origin)]


def pages(answers: list[TestResponse]) -> Iterator[tuple[str, Document]]:
    for answer in answers:
        if answer.mimetype == "text/html" and answer.status_code == 200 and "<html" in answer.text:
            yield answer.request.path, Document(answer.text)


def test_no_answer_allows_another_origin(answers: list[TestResponse]) -> None:
    assert len(answers) > 30
    for answer in answers:
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


def test_every_text_names_its_charset(answers: list[TestResponse]) -> None:
    for answer in answers:
        if (answer.mimetype or "").startswith("text/"):
            assert answer.headers["Content-Type"].endswith("charset=utf-8"), answer.request.path


def test_downloads_have_names_of_ours(answers: list[TestResponse]) -> None:
    found = [
        answer.headers["Content-Disposition"] for answer in answers if "Content-Disposition" in answer.headers
    ]

    assert found
    for disposition in found:
        assert re.fullmatch(r'attachment; filename="?[a-z0-9.-]+"?', disposition)


def test_password_fields_are_masked_and_take_a_paste(answers: list[TestResponse]) -> None:
    fields = [field for _, page in pages(answers) for field in page.select("input[name*=password]")]

    assert fields
    for field in fields:
        assert field["type"] == "password"
        assert field["autocomplete"] in ("current-password", "new-password")
        assert not {"onpaste", "readonly"} & field.attrs.keys()
        assert int(field.get("maxlength") or 1000) >= 64


def test_every_page_of_a_signed_in_user_has_the_way_out(answers: list[TestResponse]) -> None:
    """Or, where it lies over another page, what leads back to that."""
    found = [
        (path, page.select("form[action='/logout'] button, .layered #close-page, .bare .card-foot a"))
        for path, page in pages(answers[:-1])
    ]

    assert len(found) > 10
    assert [path for path, ways_out in found if not ways_out] == []


def test_scripts_use_neither_messages_nor_sockets() -> None:
    """A BroadcastChannel reaches the own origin only."""
    scripts = [path.read_text() for path in (ROOT / "webapp" / "static" / "js").rglob("*.js")]

    assert len(scripts) > 3
    for script in scripts:
        posted = re.findall(r"(\w+)\??\.postMessage", script)
        assert set(posted) <= set(re.findall(r"(\w+) = [^;]*new BroadcastChannel", script))
        assert not re.search(r"WebSocket|EventSource|RTCPeer|SharedWorker", script)
        assert not re.search(r"(window|self)\??\.addEventListener\(.message|\bonmessage\b", script)
