"""Every argument of every command against bad values: how it ends, what it says, and that nothing is changed.

A law at the end finds an argument or an option that the tables do not know.
"""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine

from tests.factories.people import World
from tests.support.state import nothing_changes, state
from webapp.cli.campaigns import campaigns_group
from webapp.cli.contacts import contacts_group
from webapp.cli.demo import demo_command
from webapp.cli.restores import restore_group
from webapp.cli.users import users_group

Run = Callable[..., Result]

# The content of the file; the exit code: 2 if it was refused as a whole, 1 if its rows were; and the message.
FILES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 2, "It is empty."),
    "only blank lines": (b"\n \r\n", 2, "It is empty."),
    "every byte there is": (bytes(range(256)) * 9, 2, "holds no text that can be read"),
    "a ZIP archive": (b"PK\x03\x04" + b"\0" * 99, 2, "It is a zip archive. Unpack it"),
    "JSON": (b'[{"Email":"a@b.c"}]', 2, "names no columns"),
    "HTML": (b"<!doctype html><title>Email</title>", 2, "has no column “Email”"),
    "a header without Email": (b"First Name\nAnn", 2, "has no column “Email”. The columns are Email, First"),
    "no header": (b"a@b.c,Ann", 2, "Its first line (line 1) names no columns."),
    "a header with an open quote": (b'"Email\na@b.c', 2, "The quotation mark in line 1 is never closed."),
    "a header with a torn quote": (
        b'"Email" x\na@b.c',
        2,
        "Its header, the first line, cannot be read: its",
    ),
    "nothing but separators": (b",,\n,,", 2, "It is empty."),
    "a separator that is none": (b"sep=#\nEmail#Phone", 2, "names no separator that can be read"),
    "a separator of nothing": (b"sep=\nEmail", 2, "names no separator that can be read"),
    "another separator than named": (b"sep=;\nEmail,Phone\na@b.c,1", 2, "Its header (line 2) has no column"),
    "a line without end": (b"Email\n" + b"x" * 1_000_001, 2, "line 2 is too long: this is not a CSV file"),
    "NUL in a row": (b"Email\n\0@b.c", 1, "Line 2: “Email” contains a line break or another control"),
    "NUL in every field": (b"Email,First Name,Tags\n,a\0b,x", 1, "Line 2: “First Name” contains"),
    "half a character": (b"Email\n\xed\xa0\x80@b.c", 2, "It is not UTF-8 text."),
    "a row of 100,000 characters": (
        b"Email,Phone\n" + b"x" * 100_000 + b",1",
        1,
        "“Email” is longer than 254",
    ),
    "a name of 100,000 emoji": (b"Email,First Name\n," + "😀".encode() * 100_000, 1, "longer than 120"),
    "a tag of 100,000 characters": (
        b"Email,Tags\na@b.c," + b"x" * 100_000,
        1,
        "Line 2: a tag is longer than",
    ),
    "an address of 140,000 characters": (b"Email\n" + b"x" * 140_000, 1, "“Email” is longer than 254"),
    "tags of 140,000 characters": (
        b"Email,Tags\na@b.c," + b"tag;" * 35_000,
        1,
        "Line 2: “Tags” is longer than 131,072 characters",
    ),
    "a quote that is never closed": (b'Email,Phone\na@b.c,"1\nd@e.f,2', 2, "mark in line 2 is never closed."),
    "a quote that another seems to close": (
        b'Email,Phone\na@b.c,"1\nd@e.f,"2"\ng@h.i,3',
        2,
        "mark in line 2 is never closed.",
    ),
    "quotes that stay open": (b'Email,Phone\n"a@b.c,1\n"d@e.f,2', 1, "Line 2: its quotation marks do not"),
    "a row in a torn note": (
        b'Email,Notes\na@b.c,"call back\nd@e.f,from a quoted mail\n" thanks',
        1,
        "Line 2: its quotation marks do not match, so lines 2 to 4 are not read.",
    ),
    "a row in a note with quotes that are not doubled": (
        b'Email,Notes\na@b.c,"he wrote "call me\nd@e.f,from a quoted mail\n" and left"',
        1,
        "Line 2: its quotation marks do not match, so lines 2 to 4 are not read.",
    ),
    "text behind a quote": (b'Email\n"a"@b.c', 1, "its quotation marks do not match"),
    "too many fields": (b"Email\na@b.c,1,2", 1, "Line 2: it has 3 fields instead of 1"),
    "something behind empty fields": (b"Email\na@b.c,,,x,", 1, "Line 2: it has 4 fields instead of 1"),
    "an invisible name": (
        "Email,First Name\n,\u200b\u3164".encode(),
        1,
        "neither an e-mail address nor a name",
    ),
    "a right-to-left mark": ("Email\n\u200fa@b.c".encode(), 1, "is not an e-mail address"),
    "emoji for an address": ("Email\n😀".encode(), 1, "“😀” is not an e-mail address"),
    "two addresses in one": (b"Email\na@b.c;d@e.f", 1, "is not an e-mail address"),
    "a row of nothing": (b"Email,Phone\n,1", 1, "neither an e-mail address nor a name"),
}

# The command line, with {good} for a valid file; the exit code; the message.
COMMANDS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no file": (("contacts", "import"), 2, "Missing argument 'FILE.csv'"),
    "two files": (("contacts", "import", "{good}", "{good}"), 2, "unexpected extra argument"),
    "a file that is not there": (("contacts", "import", "{folder}/none.csv"), 2, "No such file or directory"),
    "a folder": (("contacts", "import", "{folder}"), 2, "Is a directory. Nothing was changed."),
    "a name of nothing": (("contacts", "import", ""), 2, "Is a directory. Nothing was changed."),
    "a name of 10,000 characters": (("contacts", "import", "x" * 10_000), 2, "File name too long"),
    "a workspace that is not there": (
        ("contacts", "import", "{good}", "--workspace", "Nowhere"),
        2,
        "There is no workspace “Nowhere”. There is: ",
    ),
    "a workspace of nothing": (("contacts", "import", "{good}", "--workspace", ""), 2, "no workspace “”"),
    "a workspace with NUL": (
        ("contacts", "import", "{good}", "--workspace", "a\0b"),
        2,
        "no workspace “a�b”",
    ),
    "a workspace of half a character": (
        ("contacts", "import", "{good}", "--workspace", "a\udcff"),
        2,
        "There is no workspace “a�”.",
    ),
    "a workspace of 10,000 characters": (
        ("contacts", "import", "{good}", "--workspace", "x" * 10_000),
        2,
        "xx…”. There is: ",
    ),
    "a flag with a value": (
        ("contacts", "import", "{good}", "--even-if-deleted=1"),
        2,
        "does not take a value",
    ),
    "commas with a value": (("contacts", "import", "{good}", "--keep-commas=no"), 2, "does not take a value"),
    **{
        f"a list {what} for all": (
            ("contacts", "import", "{good}", "--list", name),
            2,
            f"There is no list {said}",
        )
        for what, name, said in (
            ("that is not there", "None such", "“None such”. Nothing was changed."),
            ("of nothing", "", "“”."),
            ("of what cannot be seen", "\u200b", "“�”."),
            ("with NUL", "a\0b", "“a�b”."),
            ("of half a character", "a\udcff", "“a�”."),
            ("of 10,000 characters", "x" * 10_000, "“xx"),
        )
    },
    "an unknown option": (("contacts", "import", "{good}", "--force"), 2, "No such option"),
    "an unknown command": (("contacts", "exports"), 2, "No such command"),
    "nothing to write to": (("contacts", "export"), 2, "Missing argument 'FILE.csv|-'"),
    "a file that exists": (("contacts", "export", "{good}"), 2, "exists already. --force replaces it."),
    "a folder to write to": (("contacts", "export", "{folder}", "--force"), 2, "exists already. Nothing"),
    "a folder that is not there": (("contacts", "export", "{folder}/no/x.csv"), 2, "cannot be written: No"),
    "an export of nowhere": (
        ("contacts", "export", "-", "--workspace", "Nowhere"),
        2,
        "There is no workspace “Nowhere”.",
    ),
    "a list that is not there": (("contacts", "export", "-", "--list", "a\0b"), 2, "There is no list “a�b”"),
    "a tag that is not there": (("contacts", "export", "-", "--tag", "None such"), 2, "There is no tag"),
    "an account of nothing": (
        ("contacts", "export", "-", "--account", "\u200b"),
        2,
        "There is no account",
    ),
    "a status of none": (("contacts", "export", "-", "--status", "happy"), 2, "'happy' is not one of"),
    "a status on no list": (("contacts", "export", "-", "--status", "bounced"), 2, "needs the list"),
    "a search for nothing": (
        ("contacts", "export", "-", "--search", "\u200b"),
        2,
        "no letter, digit or sign",
    ),
    "deleted ones on a list": (
        ("contacts", "export", "-", "--deleted", "--list", "News"),
        2,
        "have only the filter --search. Nothing was exported.",
    ),
    **{
        f"{option} with a value": (
            ("contacts", "import", "{good}", f"{option}=1"),
            2,
            "does not take a value",
        )
        for option in ("--update", "--not-agreed", "--no-automations")
    },
    "a deletion of nothing": (("contacts", "delete", "--yes"), 2, "Name a filter"),
    "a deletion of all, and of some": (("contacts", "delete", "--all", "--q", "ann"), 2, "or --all alone"),
    "a deletion by a list": (("contacts", "delete", "--list", "None such", "--yes"), 2, "There is no list"),
    "a deletion by a tag": (("contacts", "delete", "--tag", "a\0b", "--yes"), 2, "There is no tag “a�b”"),
    "a deletion by an account": (("contacts", "delete", "--account", "None such"), 2, "There is no account"),
    **{
        f"{verb} {what}": (("contacts", verb, *args), 2, said)
        for verb in ("restore", "erase")
        for what, args, said in (
            ("nothing", ("--yes",), "Name a filter"),
            ("deletion 0", ("--deletion", "0"), "0 is not in the range"),
            ("a deletion in words", ("--deletion", "all"), "not a valid integer"),
            ("all, and some", ("--all", "--q", "ann"), "or --all alone"),
            ("nobody", ("--q", "\u200b"), "no letter, digit or sign"),
        )
    },
    "a dry run with a value": (("contacts", "purge", "--dry-run=1"), 2, "does not take a value"),
    "fewer contacts than none": (("demo", "--contacts", "-1"), 2, "-1 is not in the range"),
    "more contacts than any disk": (
        ("demo", "--contacts", str(10**30)),
        2,
        "is not in the range 0<=x<=10000000",
    ),
    "half a contact": (("demo", "--contacts", "1.5"), 2, "not a valid integer"),
    "contacts in words": (("demo", "--contacts", "many"), 2, "not a valid integer"),
    "no number": (("demo", "--contacts"), 2, "requires an argument"),
    "fewer deleted than none": (("demo", "--deleted", "-5"), 2, "-5 is not in the range"),
    "2^63 deleted": (("demo", "--deleted", str(2**63)), 2, "is not in the range"),
    "deleted in emoji": (("demo", "--deleted", "😀"), 2, "not a valid integer"),
    "a seed in words": (("demo", "--seed", "abc"), 2, "not a valid integer"),
    "a load for nowhere": (("demo", "--workspace", "Nowhere", "--contacts", "1"), 2, "There is no workspace"),
    "a load for NUL": (("demo", "--workspace", "a\0b", "--contacts", "1"), 2, "There is no workspace “a�b”"),
    "a condition with a value": (("demo", "--if-empty=1"), 2, "does not take a value"),
    "no campaign": (("campaigns", "send"), 2, "Missing argument 'NAME'"),
    "a campaign that is not there": (("campaigns", "send", "None such"), 2, "There is no campaign"),
    "a campaign of nowhere": (
        ("campaigns", "send", "News", "--workspace", "Nowhere"),
        2,
        "There is no workspace “Nowhere”.",
    ),
    "no restore": (("restore", "cancel"), 2, "Missing argument 'ID'"),
    "restore nought": (("restore", "cancel", "0"), 2, "0 is not in the range"),
    "a restore that is not there": (("restore", "cancel", str(2**62)), 2, f"There is no restore {2**62}."),
    "a restore beyond any database": (("restore", "cancel", str(2**63)), 2, "is not in the range"),
    "a restore in words": (("restore", "cancel", "all"), 2, "not a valid integer"),
    "two restores": (("restore", "cancel", "1", "2"), 2, "unexpected extra argument"),
    "fewer ended than none": (("restore", "status", "--ended", "-1"), 2, "-1 is not in the range"),
    "a status of one": (("restore", "status", "1"), 2, "unexpected extra argument"),
    "something else for demo": (("demo", "now"), 2, "unexpected extra argument"),
    **{
        f"users {verb}: {what}": (("users", verb, *args), 2, said)
        for verb in ("add-admin", "disable", "enable", "remove-second-factor", "reset-link")
        for what, args, said in (
            ("nobody", (), "Missing argument 'ADDRESS'"),
            ("two", ("a@b.c", "d@e.f"), "unexpected extra argument"),
        )
    },
    "a new password for who is unknown": (
        ("users", "reset-link", "x@y.example"),
        2,
        "No active user has the",
    ),
    "a new password for NUL": (("users", "reset-link", "a\0b"), 2, "No active user has the address a�b."),
    "secrets of one": (("users", "lock-secrets", "a@b.c"), 2, "unexpected extra argument"),
    **{
        f"users {verb}: {what}": (("users", verb, *args), 2, said)
        for verb in ("add-admin", "disable", "enable", "remove-second-factor")
        for what, args, said in (
            ("nothing", ("",), "Type an e-mail address. Nothing was changed."),
            ("no address", ("abc",), "cannot be an e-mail address: it has no @"),
            ("NUL", ("a\0@b.c",), "“a�@b.c” cannot be an e-mail address"),
            ("half a character", ("a\udcff@b.c",), "cannot be an e-mail address"),
            ("what turns around", ("\u202ea@b.c",), "a character that cannot be seen"),
            ("10,000 characters", ("x" * 10_000 + "@b.c",), "cannot be an e-mail address: it is too long"),
        )
    },
    **{
        f"users {verb}: {what}": (("users", verb, *args), 2, said)
        for verb in ("disable", "enable")
        for what, args, said in (
            ("who is unknown", ("nobody@nowhere.example",), "There is no user nobody@nowhere.example."),
            ("nowhere", ("admin@example.com", "--account", "Nowhere"), "There is no workspace “Nowhere”."),
            ("elsewhere", ("admin@example.com", "--account", "Contoso"), "There is no user admin@example"),
        )
    },
    "a second factor of nobody": (("users", "remove-second-factor", "x@y.example"), 2, "There is no user"),
    "the last admin": (("users", "disable", "admin@example.com"), 2, "the account’s last active Admin"),
    "an admin of one of several": (("users", "add-admin", "a@b.c"), 2, "There are several accounts. Name"),
    **{
        f"an admin with {what}": (("users", "add-admin", "a@b.c", *args), 2, said)
        for what, args, said in (
            ("an account of nothing", ("--account", "\u200b"), "The name of the account has nothing to see"),
            (
                "a name of NUL",
                ("--account", "Contoso", "--name", "a\0b"),
                "The name has nothing to see in it,",
            ),
            ("a long account", ("--account", "x" * 121), "Type at most 120 characters."),
            ("a long name", ("--account", "Contoso", "--name", "x" * 10_000), "at most 120 characters."),
            (
                "half a name",
                ("--account", "Contoso", "--name", "a\udcff"),
                "The name has nothing to see in it,",
            ),
        )
    },
    "users of nowhere": (("users", "list", "--account", "a\0b"), 2, "There is no workspace “a�b”."),
    "a list of one": (("users", "list", "a@b.c"), 2, "unexpected extra argument"),
}


@pytest.fixture(scope="module")
def demo_is_there(app: Flask) -> None:
    """The first run of the demo creates its own workspaces, whatever its arguments."""
    assert app.test_cli_runner().invoke(args=["demo", "--contacts", "0"]).exit_code == 0


@pytest.fixture
def run(app: Flask, demo_is_there: None, place: World, tmp_path: Path) -> Run:
    """Run a command as from a terminal, with {good} and {folder} filled in."""
    good = tmp_path / "good.csv"
    good.write_text("Email\na@b.c\n")

    def run_command(*args: str) -> Result:
        filled = [arg.replace("{good}", str(good)).replace("{folder}", str(tmp_path)) for arg in args]
        return app.test_cli_runner().invoke(args=filled)

    return run_command


def check(result: Result, exit_code: int, said: str) -> None:
    assert result.exit_code == exit_code, result.output[-500:]
    assert said in result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output


@pytest.mark.parametrize("what", FILES)
def test_an_invalid_file_changes_nothing(
    run: Run, engine: Engine, place: World, tmp_path: Path, what: str
) -> None:
    content, exit_code, said = FILES[what]
    path = tmp_path / "bad.csv"
    path.write_bytes(content)

    before = state(engine)
    result = run("contacts", "import", str(path), "--workspace", place.workspace.name)

    after = state(engine)
    # An import that has begun is a job with its lines, also where it rejects every line.
    contacts = ("contact", "deleted", "restored", "versions", "subscription", "tag", "stored_part")
    for name in before if exit_code == 2 else contacts:
        assert after[name] == before[name], name
    check(result, exit_code, said)
    assert ("Nothing was changed." if exit_code == 2 else "0 contacts added.") in result.output
    assert len(result.output) < 1000


@pytest.mark.parametrize("what", COMMANDS)
def test_an_invalid_argument_changes_nothing(run: Run, engine: Engine, what: str) -> None:
    args, exit_code, said = COMMANDS[what]
    with nothing_changes(engine):
        result = run(*args)

    check(result, exit_code, said)


def test_unknown_columns_are_reported_in_short(run: Run, place: World, tmp_path: Path) -> None:
    """Without control characters, and shortened."""
    path = tmp_path / "wide.csv"
    header = "Email,\x1b[31mRed\x1b[0m," + "x" * 100_000 + "," * 900 + ",".join(f"c{i}" for i in range(50))
    path.write_text(header + "\n")

    lines = run("contacts", "import", str(path), "--workspace", place.workspace.name).output.splitlines()

    assert "The column “�[31mRed�[0m” is unknown and is ignored." in lines
    assert f"The column “{'x' * 80}…” is unknown and is ignored." in lines
    assert lines.count("A column without a name is ignored.") == 1
    assert lines[20:] == ["… and 33 more", "0 contacts added."]


def test_a_file_name_may_be_undecodable(run: Run, place: World, tmp_path: Path) -> None:
    path = tmp_path / "people\udcff\u200f.csv"
    path.write_text("Email\na@b.c")

    result = run("contacts", "import", str(path), "--workspace", place.workspace.name)

    assert (result.exit_code, result.output) == (0, "1 contact added.\n")


def test_every_argument_and_option_is_tested() -> None:
    tried = {word.partition("=")[0] for args, _, _ in COMMANDS.values() for word in args}
    groups = (contacts_group, campaigns_group, restore_group, users_group)
    for command in (*(command for group in groups for command in group.commands.values()), demo_command):
        assert command.name in tried
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or set(parameter.opts) <= tried, parameter.opts
