"""`flask contacts import` of deleted contacts: restoring them brings back more than a file has."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from zlib import crc32

import pytest
from click.testing import Result
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world, number
from webapp.clock import read_clock
from webapp.contacts.deleted_addresses import DeletedAddresses
from webapp.models import Contact

ImportRows = Callable[..., Result]
ImportedContacts = Callable[[], list[Contact]]


class TestInTheBin:
    @pytest.fixture(autouse=True)
    def some_are_deleted(self, store: Session, place: World) -> None:
        contacts = [new_contact(store, place, email=f"gone{i}@example.com") for i in range(4)]
        delete(store, place, contacts[0], contacts[1], ago=timedelta(days=29, hours=23))
        delete(store, place, contacts[2], ago=timedelta(days=30, hours=1))
        delete(store, place, contacts[3])
        contacts[3].merged_into_id = new_contact(store, place).id
        store.commit()

    lines = tuple(f"Gone{i}@example.com" for i in range(4))

    def test_deleted_contacts_are_left_out_and_the_command_says_so(
        self, import_rows: ImportRows, imported_contacts: ImportedContacts
    ) -> None:
        result = import_rows(*self.lines, header="Email")

        assert result.exit_code == 1
        assert result.output.splitlines() == [
            "2 contacts added. 2 rows were left out.",
            "2 of these are among the deleted contacts: restore instead. "
            "--even-if-deleted adds them as new contacts anyway.",
        ]
        live = [contact.email for contact in imported_contacts() if contact.is_live]
        assert live[1:] == ["Gone2@example.com", "Gone3@example.com"]

    def test_even_if_deleted_imports_them(
        self, import_rows: ImportRows, imported_contacts: ImportedContacts
    ) -> None:
        result = import_rows(*self.lines, header="Email", flags=("--even-if-deleted",))

        assert result.exit_code == 0
        assert result.output.splitlines() == [
            "4 contacts added.",
            "2 of these are among the deleted contacts as well. "
            "A restore skips contacts whose address is taken.",
        ]
        assert sum(contact.is_live for contact in imported_contacts()) == 5

    def test_one_deleted_contact_is_reported_in_the_singular(self, import_rows: ImportRows) -> None:
        result = import_rows(self.lines[0], header="Email")
        assert (
            "0 contacts added. 1 row was left out.\n1 of these is among the deleted contacts: restore"
            in result.output
        )

    def test_deleted_contacts_of_another_workspace_do_not_matter(
        self, store: Session, import_rows: ImportRows
    ) -> None:
        elsewhere = new_world(store, name=f"Place {number()}")
        delete(store, elsewhere, new_contact(store, elsewhere, email="there@example.com"))
        new_contact(store, elsewhere, email="here@example.com")
        store.commit()
        result = import_rows("there@example.com", "here@example.com", header="Email")
        assert result.output == "2 contacts added.\n"


def same_numbers() -> tuple[str, str]:
    """Two addresses with the same checksum."""
    dice, met = Random(3), dict[int, str]()
    while True:
        address = f"{dice.getrandbits(64):x}@example.com"
        other = met.setdefault(crc32(address.encode()), address)
        if other != address:
            return other, address


class TestWhileAnImportIsUnderWay:
    @pytest.fixture
    def taken(self, store: Session, place: World) -> Callable[..., tuple[int, int]]:
        """Look these addresses up as the next batch of one file; returns how many are not deleted and how
        many are."""
        deleted = DeletedAddresses(place.id)

        def take(*emails: str) -> tuple[int, int]:
            found = deleted.matching(store, emails, read_clock(store)) & set(emails)
            store.commit()
            return len(emails) - len(found), len(found)

        return take

    def test_a_contact_deleted_during_the_import_counts_as_deleted(
        self, store: Session, place: World, taken: Callable[..., tuple[int, int]]
    ) -> None:
        early, late = (new_contact(store, place, email=f"{when}@example.com") for when in ("early", "late"))
        delete(store, place, early)
        store.commit()
        assert taken("early@example.com", "new1@example.com") == (1, 1)

        delete(store, place, late, ago=timedelta(days=2))
        store.commit()

        assert taken("late@example.com", "new2@example.com") == (1, 1)
        assert taken("early@example.com", "late@example.com") == (0, 2)

    def test_a_contact_restored_and_changed_does_not_count_as_deleted(
        self, store: Session, place: World, taken: Callable[..., tuple[int, int]]
    ) -> None:
        contact = new_contact(store, place, email="old@example.com")
        delete(store, place, contact)
        store.commit()
        assert taken("old@example.com") == (0, 1)

        contact.deleted_at, contact.email, contact.email_key = None, "young@example.com", "young@example.com"
        store.commit()

        assert taken("old@example.com", "young@example.com") == (2, 0)

    def test_a_contact_with_the_same_checksum_does_not_count_as_deleted(
        self, store: Session, place: World, taken: Callable[..., tuple[int, int]]
    ) -> None:
        one, other = same_numbers()
        delete(store, place, new_contact(store, place, email=one))
        store.commit()

        assert taken(other) == (1, 0)
        assert taken(one) == (0, 1)
