"""`flask contacts import` of people who lie in the bin: restoring brings back more than a file knows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import Result
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world, number
from webapp.models import Contact

Import = Callable[..., Result]
Arrived = Callable[[], list[Contact]]


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

    def test_they_are_left_out_and_the_command_says_so(self, take_in: Import, arrived: Arrived) -> None:
        result = take_in(*self.lines, header="Email")

        assert result.exit_code == 1
        assert result.output.splitlines() == [
            "2 contacts added. 2 rows were left out.",
            "2 of these are in the bin: restore instead. --even-if-deleted adds them as new contacts anyway.",
        ]
        live = [contact.email for contact in arrived() if contact.is_live]
        assert live[1:] == ["Gone2@example.com", "Gone3@example.com"]

    def test_even_if_deleted_takes_them_in(self, take_in: Import, arrived: Arrived) -> None:
        result = take_in(*self.lines, header="Email", flags=("--even-if-deleted",))

        assert result.exit_code == 0
        assert result.output.splitlines() == [
            "4 contacts added.",
            "2 of these are in the bin as well. A restore skips contacts whose address is taken.",
        ]
        assert sum(contact.is_live for contact in arrived()) == 5

    def test_one_is_said_in_the_singular(self, take_in: Import) -> None:
        result = take_in(self.lines[0], header="Email")
        assert "0 contacts added. 1 row was left out.\n1 of these is in the bin: restore" in result.output

    def test_another_workspace_does_not_matter(self, store: Session, take_in: Import) -> None:
        elsewhere = new_world(store, name=f"Place {number()}")
        delete(store, elsewhere, new_contact(store, elsewhere, email="there@example.com"))
        new_contact(store, elsewhere, email="here@example.com")
        store.commit()
        result = take_in("there@example.com", "here@example.com", header="Email")
        assert result.output == "2 contacts added.\n"
