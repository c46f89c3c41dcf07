"""`flask contacts import`: what is imported, what is left out and why, and what the command says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_account, new_contact, new_list, new_tag
from tests.factories.people import World, new_world
from tests.support.state import nothing_changes
from webapp.clock import read_clock
from webapp.contacts.profile import profile
from webapp.contacts.wanted import Wanted
from webapp.models import Account, AuditEvent, Contact, MailingList, Tag

Import = Callable[..., Result]
Stored = Callable[..., list[Any]]
ImportedContacts = Callable[[], list[Contact]]


def commas(line: str) -> str:
    """The line with as many fields as the usual header has."""
    return line + "," * (6 - line.count(","))


def test_a_contact_is_imported_with_account_tags_and_lists(
    import_rows: Import, store: Session, place: World, imported_contacts: ImportedContacts
) -> None:
    before = read_clock(store)
    store.rollback()
    result = import_rows('Ann@Example.com,Ann,Lee,+49 30 1,Acme,"VIP;New",Newsletter;Events')
    assert result.output == "1 contact added.\n"
    assert result.exit_code == 0

    (contact,) = imported_contacts()
    assert (contact.email, contact.email_key, contact.version) == ("Ann@Example.com", "ann@example.com", 1)
    assert before <= contact.created_at == contact.updated_at
    found = profile(store, place.id, contact.id)
    assert found is not None
    assert (found.contact.name, found.contact.phone, found.account_name) == ("Ann Lee", "+49 30 1", "Acme")
    assert [tag.name for tag in found.tags] == ["New", "VIP"]
    assert [(row[0].name, row[1].status_label) for row in found.subscriptions] == [
        ("Events", "Subscribed"),
        ("Newsletter", "Subscribed"),
    ]
    assert store.scalars(Wanted(place.id, q="ann l").ids()).all() == [contact.id]


def test_live_names_are_used_and_deleted_ones_are_created_again(
    import_rows: Import, store: Session, stored: Stored, place: World
) -> None:
    kinds = (Account, Tag, MailingList)
    elsewhere = new_world(store)
    for make in (new_account, new_tag, new_list):
        make(store, elsewhere, "Known")
        make(store, elsewhere, "Gone")
        make(store, place, "Known")
        make(store, place, "Gone").deleted_at = read_clock(store)
    store.commit()

    assert import_rows("a@b.c,,,,Known,Known;Gone,Known", "d@e.f,,,,Gone,,Gone;Known").exit_code == 0

    for kind in kinds:
        names = stored(select(kind).where(kind.workspace_id == place.id))
        assert sorted((row.name, row.deleted_at is None) for row in names) == [
            ("Gone", False),
            ("Gone", True),
            ("Known", True),
        ]


def test_spellings_of_one_name_are_one_account_tag_and_list(
    import_rows: Import, stored: Stored, place: World, imported_contacts: ImportedContacts
) -> None:
    lines = (
        "a@b.c,,,,Key  Account,VIP;vip;V\u200bIP,News;NEWS",
        "d@e.f,,,,KEY account,ＶＩＰ;\u3164,news",
        ",Only,Name,,key account,,",
        ",Only,Name,,Kéy account,,",
    )
    assert import_rows(*lines).output == "4 contacts added.\n"
    again = import_rows(*lines)

    for kind, names in ((Account, ["Key  Account", "Kéy account"]), (Tag, ["VIP"]), (MailingList, ["News"])):
        assert stored(select(kind.name).where(kind.workspace_id == place.id).order_by(kind.id)) == names
    accounts = [contact.account_id for contact in imported_contacts()]
    assert len(accounts) == 4
    assert accounts[0] == accounts[1] == accounts[2] != accounts[3]
    assert again.output.splitlines()[-1] == "0 contacts added. 4 rows were left out."


def test_one_person_has_one_address(
    import_rows: Import, store: Session, place: World, imported_contacts: ImportedContacts
) -> None:
    new_contact(store, place, email="ann@x.example")
    new_contact(store, place, email="bob@müller.example")
    store.commit()
    lines = [
        *("'ann@x.example'", "‘ann@x.example’", "“ann@x.example”", "‹ann@x.example›", "<ann@x.example>"),
        *("ann@x.example/", "ann@x.example\u3164", "\u3164ann@x.example", "\u200bann@x.example"),
        *("Bob@XN--MLLER-KVA.example", "bob@MÜLLER。example"),
    ]
    result = import_rows(*lines, header="Email")

    no_address, taken = "is not an e-mail address:", "a contact has the address"
    hidden = "it contains a character that cannot be seen"
    assert result.output.splitlines() == [
        f"Line 2: “'ann@x.example'” {no_address} “'” cannot stand after the @.",
        f"Line 3: “‘ann@x.example’” {no_address} “’” cannot stand after the @.",
        f"Line 4: ““ann@x.example”” {no_address} “”” cannot stand after the @.",
        f"Line 5: “‹ann@x.example›” {no_address} “›” cannot stand after the @.",
        f"Line 6: “<ann@x.example>” {no_address} “<” cannot stand before the @.",
        f"Line 7: “ann@x.example/” {no_address} “/” cannot stand after the @.",
        *(
            # A terminal shows nothing that is not printable.
            f"Line {line}: “{lines[line - 2]}” {no_address} {hidden} ({code}).".replace("\u200b", "�")
            for line, code in ((8, "U+3164"), (9, "U+3164"), (10, "U+200B"))
        ),
        # Of a contact that exists the command says the address that it has.
        f"Line 11: {taken} “bob@müller.example” already.",
        f"Line 12: {taken} “bob@müller.example” already.",
        "0 contacts added. 11 rows were left out.",
    ]
    assert len(imported_contacts()) == 2


def test_bad_rows_are_named_by_their_line_and_good_ones_are_imported(
    import_rows: Import, store: Session, place: World, imported_contacts: ImportedContacts
) -> None:
    new_contact(store, place, email="taken@example.com")
    store.commit()
    result = import_rows(
        commas("good@example.com"),
        '"Line 3",Ann,Lee,,"Two',
        'lines",,',
        commas("Taken@example.com"),
        commas("GOOD@example.com"),
        ",,1,,,,,x",
        commas(f"long@example.com,{'x' * 121}"),
        commas(",Nameless,But Named"),
    )

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Line 3: “Account” contains a line break or another control character.",
        "Line 5: a contact has the address “taken@example.com” already.",
        "Line 6: “GOOD@example.com” is already in line 2.",
        "Line 7: it has 8 fields instead of 7.",
        "Line 8: “First Name” is longer than 120 characters.",
        "2 contacts added. 5 rows were left out.",
    ]
    assert [contact.email for contact in imported_contacts()] == [
        "taken@example.com",
        "good@example.com",
        None,
    ]


def test_only_the_first_twenty_bad_rows_are_named(
    import_rows: Import, batches_of: Callable[[int], None]
) -> None:
    batches_of(10)
    result = import_rows(*(commas(f"bad {i}") for i in range(57)), commas("good@example.com"))

    lines = result.output.splitlines()
    assert [line.split(":")[0] for line in lines[:20]] == [f"Line {i}" for i in range(2, 22)]
    assert lines[20:] == ["… and 37 more", "1 contact added. 57 rows were left out."]


def test_running_it_twice_adds_nothing_twice(
    import_rows: Import, batches_of: Callable[[int], None], imported_contacts: ImportedContacts
) -> None:
    batches_of(2)
    lines = [
        commas(line) for line in ("a@b.c,Ann", "A@B.C,Again", ",Only,Name", ",Only,Name,1", ",Only,Name")
    ]
    first = import_rows(*lines)
    before = [(contact.id, contact.version) for contact in imported_contacts()]
    second = import_rows(*lines)
    assert [(contact.id, contact.version) for contact in imported_contacts()] == before

    assert first.output.splitlines() == [
        "Line 3: “A@B.C” is already in line 2.",
        "Line 6: “Only Name” is already in line 4.",
        "3 contacts added. 2 rows were left out.",
    ]
    assert second.output.splitlines()[-1] == "0 contacts added. 5 rows were left out."
    assert "Line 4: a contact has the name “Only Name” and no address already." in second.output
    assert second.exit_code == 1
    assert len(imported_contacts()) == 3


def test_the_id_of_a_purged_contact_is_not_reused(
    import_rows: Import, store: Session, imported_contacts: ImportedContacts
) -> None:
    import_rows("a@b.c", header="Email")
    (purged,) = imported_contacts()
    store.execute(delete(Contact).where(Contact.id == purged.id))
    store.commit()
    import_rows("a@b.c", header="Email")

    (contact,) = imported_contacts()
    assert contact.id > purged.id


def test_the_header_may_use_other_spellings(import_rows: Import, imported_contacts: ImportedContacts) -> None:
    result = import_rows("Lee,x,a@b.c", header="\ufeff LAST NAME ,Shoe size, email ")

    assert result.exit_code == 0
    assert result.output == "The column “Shoe size” is unknown and is ignored.\n1 contact added.\n"
    assert [(contact.email, contact.name) for contact in imported_contacts()] == [("a@b.c", "Lee")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "It is empty."),
        (b"First Name\nAnn\n", "has no column “Email”"),
        (b"First Name;Phone\nAnn;1\n", "has no column “Email”"),
        (b"Email\n" + b"a@b.c\n" * 3000 + b"\xff\n", "not UTF-8 text"),
        (b"PK\x03\x04\x00\xff", "It is a zip archive"),
        (b"Email\n" + b"a@b.c\n" * 3000 + b'"d@e.f\n', "The quotation mark in line 3,002 is never closed."),
        (None, "No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    app: Flask, engine: Engine, place: World, tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "people.csv"
    if content is not None:
        path.write_bytes(content)
    with nothing_changes(engine):
        result = app.test_cli_runner().invoke(
            args=["contacts", "import", str(path), "--workspace", place.workspace.name]
        )

    assert result.exit_code == 2
    assert said in result.output
    assert result.output.endswith("Nothing was changed.\n")
    assert "Traceback" not in result.output


def test_an_unknown_workspace_is_an_error_that_names_it(app: Flask, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Email\na@b.c")
    with nothing_changes(engine):
        result = app.test_cli_runner().invoke(
            args=["contacts", "import", str(path), "--workspace", "Nowhere"]
        )
    assert result.exit_code == 2
    assert "There is no workspace “Nowhere”" in result.output


def test_a_file_is_audited_once(
    import_rows: Import, stored: Stored, place: World, batches_of: Callable[[int], None]
) -> None:
    batches_of(2)
    import_rows(*(commas(f"a{i}@b.c") for i in range(3)), commas("nope"))

    events = stored(select(AuditEvent).where(AuditEvent.workspace_id == place.id).order_by(AuditEvent.id))
    counts = {"added": 3, "rejected": 1}
    assert [(event.action, event.detail) for event in events] == [
        ("import.requested", {"number": 1, "total": 4}),
        ("import.done", {"number": 1, "counts": counts, "reason": None}),
        ("contacts.imported", {"contacts": 3, "updated": 0}),
    ]
