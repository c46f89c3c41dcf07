"""`flask contacts import` of files as spreadsheets and other programs write them."""

from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy.orm import Session

from tests.factories.contacts import new_list, new_tag
from tests.factories.people import World, new_world
from webapp.clock import read_clock
from webapp.contacts.profile import profile
from webapp.importing.csv_lines import LONGEST_LINE
from webapp.models import Contact

Import = Callable[..., Result]
ImportedContacts = Callable[[], list[Contact]]
Catalogue = Callable[[], dict[str | None, tuple[list[str], list[str]]]]

NOTES = "Email,First Name,Notes"
SEVERAL = "Email,Tags,Lists"


@pytest.fixture
def catalogue(store: Session, place: World, imported_contacts: ImportedContacts) -> Catalogue:
    """The names of each contact's tags and lists, by the address."""

    def read() -> dict[str | None, tuple[list[str], list[str]]]:
        found = {}
        for contact in imported_contacts():
            its = profile(store, place.id, contact.id)
            assert its is not None
            lists = sorted(mailing_list.name for mailing_list, _ in its.subscriptions)
            found[contact.email] = (sorted(tag.name for tag in its.tags), lists)
        return found

    return read


def test_no_line_of_a_note_becomes_a_contact(
    import_rows: Import, imported_contacts: ImportedContacts
) -> None:
    result = import_rows(
        'ann@x.example,Ann,"call back',
        "bob@x.example,Bob,from a quoted mail",
        '" thanks',
        "eve@x.example,Eve,reading goes on",
        header=NOTES,
    )

    assert result.output.splitlines() == [
        "The column “Notes” is unknown and is ignored.",
        "Line 2: its quotation marks do not match, so lines 2 to 4 are not read.",
        "1 contact added. 1 row was left out. 2 further lines were not read.",
    ]
    assert [contact.email for contact in imported_contacts()] == ["eve@x.example"]


def test_a_long_note_is_passed_over(import_rows: Import, imported_contacts: ImportedContacts) -> None:
    long, lines = "long, " * 25_000, "bob@x.example,Bob,\n" * 10_000
    result = import_rows(
        f'"ann@x.example","Ann","{long}"',
        f'eve@x.example,Eve,"{lines}"',
        f"zoe@x.example,Zoe,{long.replace(',', '')}",
        header=NOTES,
    )

    assert result.output.splitlines()[1:] == ["3 contacts added."]
    assert [contact.name for contact in imported_contacts()] == ["Ann", "Eve", "Zoe"]


@pytest.mark.parametrize("end", ["\r", "\r\n"], ids=["old mac", "windows"])
def test_a_large_file_may_have_other_line_ends(
    import_rows: Import, imported_contacts: ImportedContacts, end: str
) -> None:
    lines = [f"a{number}@x.example,Ann,{'x' * 100_000}" for number in range(11)]
    assert len("".join(lines)) > LONGEST_LINE
    result = import_rows(end.join(["", *lines]), header=NOTES)

    assert result.exit_code == 0
    assert len(imported_contacts()) == 11


def test_lines_of_nothing_but_separators_are_blank_lines(import_rows: Import) -> None:
    result = import_rows(*[",", " ,,, ", '"",'] * 9, "nope,Bad", header="Email,First Name")

    assert result.output.splitlines() == [
        "Line 29: “nope” is not an e-mail address: it has no @.",
        "0 contacts added. 1 row was left out.",
    ]


def test_only_what_has_something_in_it_counts_as_a_field(
    import_rows: Import, imported_contacts: ImportedContacts
) -> None:
    result = import_rows("a@x.example", "b@x.example,Bob,,, ,", "c@x.example,,,,x", header="Email,First Name")

    assert result.output.splitlines() == [
        "Line 4: it has 5 fields instead of 2.",
        "2 contacts added. 1 row was left out.",
    ]
    assert [contact.name for contact in imported_contacts()] == ["", "Bob"]


def test_the_first_line_may_name_the_separator(import_rows: Import, catalogue: Catalogue) -> None:
    header = "sep=;\r\nEmail;Tags;Lists\r"
    result = import_rows('a@x.example;"VIP;Blog";News\r', "b@x.example;VIP, Blog;\r", ";;", header=header)
    assert result.output.splitlines()[0] == "2 contacts added."
    assert import_rows('c@x.example,"a, b"', header="sep=,\nEmail,Tags").exit_code == 0

    assert catalogue() == {
        "a@x.example": (["Blog", "VIP"], ["News"]),
        "b@x.example": (["Blog", "VIP"], []),
        "c@x.example": (["a", "b"], []),
    }


class TestCommasInTagsAndLists:
    lines = (
        'a@x.example,"prospect, webinar",',
        'b@x.example,"""VIP"",""Blog""","News, Events"',
        'c@x.example,"Smith, Jones;VIP",',
    )

    def test_they_separate_and_the_command_says_so(self, import_rows: Import, catalogue: Catalogue) -> None:
        result = import_rows(*self.lines, header=SEVERAL)

        assert result.exit_code == 0
        assert result.output.splitlines() == [
            "3 contacts added.",
            "3 fields without “;” were split at their commas: in line 2, “prospect, webinar” became 2 tags. "
            "--keep-commas keeps such a field as one name.",
        ]
        assert catalogue() == {
            "a@x.example": (["prospect", "webinar"], []),
            "b@x.example": (["Blog", "VIP"], ["Events", "News"]),
            "c@x.example": (["Smith, Jones", "VIP"], []),
        }

    def test_an_option_keeps_them(self, import_rows: Import, catalogue: Catalogue) -> None:
        result = import_rows(*self.lines, header=SEVERAL, flags=("--keep-commas",))

        assert result.output == "3 contacts added.\n"
        assert catalogue() == {
            "a@x.example": (["prospect, webinar"], []),
            "b@x.example": (['"VIP","Blog"'], ["News, Events"]),
            "c@x.example": (["Smith, Jones", "VIP"], []),
        }

    def test_a_live_name_stays_whole(
        self, import_rows: Import, catalogue: Catalogue, store: Session, place: World
    ) -> None:
        new_tag(store, place, "Smith, Jones")
        new_tag(store, place, "Full\uff0cWidth")
        new_tag(store, place, "gone, away").deleted_at = read_clock(store)
        new_tag(store, new_world(store), "else, where")
        new_list(store, place, "prospect, webinar")
        store.commit()
        result = import_rows(
            'a@x.example,"Smith, Jones",',
            'b@x.example,"VIP, Smith, Jones","prospect, webinar"',
            'c@x.example,"gone, away",',
            'd@x.example,"else, where",',
            'e@x.example,"Full,Width",',
            header=SEVERAL,
        )

        assert "3 fields without “;” were split at their commas: in line 3, “VIP, Smith, J" in result.output
        assert catalogue() == {
            "a@x.example": (["Smith, Jones"], []),
            "b@x.example": (["Smith, Jones", "VIP"], ["prospect, webinar"]),
            "c@x.example": (["away", "gone"], []),
            "d@x.example": (["else", "where"], []),
            "e@x.example": (["Full\uff0cWidth"], []),
        }

    def test_only_fields_of_added_contacts_are_counted(
        self, import_rows: Import, batches_of: Callable[[int], None]
    ) -> None:
        batches_of(2)
        more = 'd@x.example,"one, \x1b two","x"'
        assert "3 fields" in import_rows(*self.lines, more, header=SEVERAL).output
        again = import_rows(*self.lines, 'e@x.example,"one, two",', header=SEVERAL).output
        assert "1 field without “;” was split at its commas: in line 5, “one, two”" in again
