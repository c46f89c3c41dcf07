"""Law: the documentation is true. Its commands and its SQL run, its links and paths lead somewhere, and its
settings are the ones that the app reads.

A command is a line of a code block, or a code span, that begins with a known program. What follows two
spaces in a block describes the command.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.factories.bins import fill_bin
from tests.factories.people import new_world
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.databases import new_database, sqlite_url
from webapp.extensions import db
from webapp.local_services import private_redis

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
FLASK = re.compile(r"^(?:heroku run )?(?:\.venv/bin/)?flask (--app webapp )?(?!--)(.+)")
# They act on an account elsewhere, or on this repository.
NOT_OURS = ("heroku", "git", "apt", "brew", "pre-commit", "python -c")
# The one writes a file into migrations/, the other refuses to disable the last Admin of the demo.
ONLY_HELP = ("db migrate", "users disable")
# What a path in a code span can begin with, so that `webapp/models/` and `models/` are both found.
FOLDERS = (
    ROOT,
    ROOT / "webapp",
    ROOT / "webapp" / "static",
    ROOT / "tests",
    ROOT / "tests" / "faults",
    ROOT / "templates",
)
# Stands for the name of any template that is a part.
A_PART = "_part.html"
# Made by running the app or the tests, and not in the repository.
MADE = ("instance", ".venv", ".venv-browser", ".venv-peer", ".coverage-html")


@dataclass(frozen=True)
class Quote:
    """Words of a document that say what to run, or where something is."""

    document: str
    words: str

    def __str__(self) -> str:
        return f"{self.document}: {self.words}"


def blocks(document: Path) -> list[tuple[str, str]]:
    """The code blocks as pairs of language and text."""
    return BLOCK.findall(document.read_text())


def prose(document: Path) -> str:
    """The text without its code blocks."""
    return BLOCK.sub("", document.read_text())


def quotes(document: Path) -> list[str]:
    """The lines of code blocks, each without its description, and the code spans."""
    lines = [line for language, block in blocks(document) if not language for line in block.splitlines()]
    return [re.split(r"\s{2,}", line.strip())[0] for line in lines] + SPAN.findall(prose(document))


def all_quotes() -> Iterator[Quote]:
    seen = set()
    for document in GUIDES:
        for words in quotes(document):
            if words and words not in seen:
                seen.add(words)
                yield Quote(document.name, words)


def words_of(quote: Quote) -> list[str]:
    """The command's words without the settings before it."""
    words = shlex.split(quote.words)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    return words


MAKE = [quote for quote in all_quotes() if re.match(r"(?:[A-Z_]+=\S+ )*make(?: |$)", quote.words)]
COMMANDS = [quote for quote in all_quotes() if FLASK.match(quote.words)]
SQL = [(path.name, block) for path in GUIDES for language, block in blocks(path) if language == "sql"]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The output of `make`, without the environment of a `make` that may run these tests."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True)


def test_there_are_commands_to_check() -> None:
    assert len(MAKE) > 10
    assert len(COMMANDS) > 5
    assert SQL


@pytest.mark.parametrize("quote", MAKE, ids=str)
def test_make_knows_the_target_and_its_variables(quote: Quote) -> None:
    arguments = words_of(quote)[1:]
    answer = make("--dry-run", *arguments)
    settings = dict(word.split("=", 1) for word in arguments if "=" in word)
    folder = settings.get("T", "tests")

    assert answer.returncode == 0, answer.stderr
    assert folder.startswith("-") or (ROOT / folder).exists()
    assert settings.keys() <= set(re.findall(r"\$[({](?:if \$\()?([A-Z]+)", (ROOT / "Makefile").read_text()))


def test_make_help_names_exactly_the_targets_that_exist() -> None:
    named = set(re.findall(r"^make (\w+) ", make("--silent", "help").stdout, re.MULTILINE))
    recipe = (ROOT / "Makefile").read_text().replace("\\\n", "")
    parts_of_lint = re.search(r"^lint: (.*)", recipe, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)", recipe, re.MULTILINE)
    assert phony is not None
    assert parts_of_lint is not None

    assert named == {*phony[1].split()} - {*parts_of_lint[1].split(), "help"}


@pytest.fixture(scope="module")
def own_app(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app with the demo's data, on its own database and Redis, which the commands may change."""
    shared = environ["DATABASE_URL"]
    with (
        private_redis(tmp_path_factory.mktemp("redis")) as redis,
        sqlite_url() if shared.startswith("sqlite") else new_database(shared) as url,
        another_app(environ, DATABASE_URL=url, REDIS_URL=redis) as app,
    ):
        with app.app_context():
            upgrade()
        answer = app.test_cli_runner().invoke(args=["demo"])
        assert answer.exit_code == 0, answer.output
        yield app


def file_to_import(folder: Path) -> str:
    """A file with the header that README names."""
    header = re.search(r"header `(Email[^`]+)`", (ROOT / "README.md").read_text())
    assert header is not None
    path = folder / "people.csv"
    path.write_text(f"{header[1]}\nann@example.com,Ann,Lee,,Acme,vip;new,Newsletter\n")
    return str(path)


def message_to_read(folder: Path) -> str:
    """A message that is no bounce."""
    path = folder / "message.eml"
    path.write_text("Subject: Hello\n\nNothing has come back.\n")
    return str(path)


def job_to_cancel(app: Flask) -> str:
    """The id of a queued restore, confirmed on the pages."""
    with app.app_context(), Session(db.engine.execution_options(writes=True)) as session:
        world = new_world(session)
        fill_bin(session, world, 3)
        session.commit()
    browser = Browser(app, world.admin)
    dialog = browser.get("/contacts/restore/confirm-all")
    return browser.submit(dialog, "dialog form[method=post]").path.rpartition("/")[2]


@pytest.mark.parametrize("quote", COMMANDS, ids=str)
def test_a_quoted_command_runs(quote: Quote, own_app: Flask, tmp_path: Path) -> None:
    """With `--app webapp` it is a command to type, and must run; without it is a name, and must exist."""
    found = FLASK.match(quote.words)
    assert found is not None
    words = shlex.split(found[2])
    if not found[1] or found[2].startswith(ONLY_HELP):
        words.append("--help")
    if words[-1] != "--help":
        words = [file_to_import(tmp_path) if word == "FILE.csv" else word for word in words]
        words = [str(tmp_path / "out.csv") if word == "OUT.csv" else word for word in words]
        words = [message_to_read(tmp_path) if word == "FILE.eml" else word for word in words]
        words = ["admin@example.com" if word == "ADDRESS" else word for word in words]
        words = [job_to_cancel(own_app) if word == "ID" else word for word in words]

    answer = own_app.test_cli_runner().invoke(args=words)

    assert answer.exit_code == 0, answer.output


@pytest.mark.parametrize(("document", "block"), SQL)
def test_quoted_sql_runs(document: str, block: str, engine: Engine) -> None:
    with engine.connect() as connection:
        for statement in filter(None, map(str.strip, block.split(";"))):
            connection.execute(text(statement))


@pytest.mark.parametrize("document", [*GUIDES, *DECISIONS], ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        file = document.parent / path if path else document
        assert file.exists(), target
        assert not heading or heading in headings(file), target


def headings(document: Path) -> set[str]:
    """The anchors of a document, as the usual renderers make them."""
    titles = re.findall(r"^#+ (.+)$", BLOCK.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", GUIDES, ids=lambda path: path.name)
def test_quoted_paths_exist(document: Path) -> None:
    """A code span is a path if it names a folder, or a file of ours within one."""
    spans = re.findall(
        r"`((?:[\w.-]+/)+(?:[\w.-]+\.(?:py|html|css|js|md|cfg|toml|jsonc))?)`", prose(document)
    )
    missing = [
        span
        for span in spans
        if span.partition("/")[0] not in MADE and not any((folder / span).exists() for folder in FOLDERS)
    ]

    assert missing == []


@pytest.mark.parametrize("document", GUIDES, ids=lambda path: path.name)
def test_quoted_file_names_exist(document: Path) -> None:
    """A code span that is a file's name alone names a file of ours in some folder."""
    named = set(re.findall(r"`([\w.-]+\.(?:py|html|css|js))`", prose(document))) - {A_PART}
    folders = ("webapp", "tests", "templates", "benchmarks", "migrations")
    ours = {path.name for folder in folders for path in (ROOT / folder).rglob("*.*")}

    assert [name for name in sorted(named - ours) if not (ROOT / name).exists()] == []


def test_programs_in_blocks_are_known() -> None:
    """So that no command is unchecked because this file does not know its program."""
    lines = [line for path in GUIDES for line in shell_lines(path)]

    unknown = [
        line for line in lines if not re.match(r"(?:[A-Z_]+=\S+ )*make\b", line) and not FLASK.match(line)
    ]
    assert [line for line in unknown if not line.startswith(NOT_OURS)] == []


def shell_lines(document: Path) -> Iterator[str]:
    """The lines of blocks with a command in them; other blocks show layers, plans and figures."""
    programs = "|".join(["make", "flask", "python3?", "pip", "pytest", "bash", *NOT_OURS])
    command = re.compile(rf"^(?:[A-Z_]+=\S+ )*(?:\S*/)?(?:{programs})\b", re.MULTILINE)
    for language, block in blocks(document):
        if language in ("", "sh", "bash", "console") and command.search(block):
            yield from filter(None, map(str.strip, block.splitlines()))


def settings_read_by_config() -> set[str]:
    """The names that `webapp/config/` reads from the environment."""
    code = "\n".join(path.read_text() for path in (ROOT / "webapp" / "config").glob("*.py"))
    asked = re.findall(r'settings(?:\.get\(|\[|, )"([A-Z_]+)"', code)
    return {*asked, *re.findall(r'"([A-Z_]+)" (?:not )?in settings', code)}


def test_the_settings_that_are_described_are_the_ones_that_are_read() -> None:
    readme = (ROOT / "README.md").read_text()
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", readme, re.MULTILINE)
    described = {name for row in rows for name in SPAN.findall(row)}
    places = ROOT / "gunicorn.conf.py", ROOT / "serving" / "limits.py", ROOT / "tests" / "conftest.py"
    elsewhere = "\n".join(path.read_text() for path in places)
    read_elsewhere = {name for name in described if f'"{name}"' in elsewhere}

    assert described
    assert described <= settings_read_by_config() | read_elsewhere
    assert settings_read_by_config() <= set(SPAN.findall(readme))
    assert set(re.findall(r'environ, "([A-Z_]+)"', elsewhere)) <= described
