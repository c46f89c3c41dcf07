"""Finding a deleted contact as a person types its name."""

import pytest
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.factories.contacts import delete, new_contact
from tests.factories.people import World

RESTORE = "/contacts/restore"
PEOPLE = [("小明", "王"), ("Οδυσσεύς", ""), ("İbrahim", ""), ("Flann", "O’Brien"), ("Ann", "Lee")]


@pytest.fixture(autouse=True)
def binned(store: Session, world: World) -> dict[str, int]:
    contacts = [new_contact(store, world, first, last) for first, last in PEOPLE]
    delete(store, world, *contacts)
    store.commit()
    return {contact.name: contact.id for contact in contacts}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("王小明", "小明 王"),
        ("ΟΔΥΣΣΕΥΣ", "Οδυσσεύς"),
        ("ibrahim", "İbrahim"),
        ("o'brien flann", "Flann O’Brien"),
    ],
)
def test_a_name_is_found_among_the_deleted(page: Page, binned: dict[str, int], typed: str, name: str) -> None:
    page.open(RESTORE)

    page.type("#q", typed)

    page.wait(lambda: page.shown() == [binned[name]], f"only {name} is shown")


def test_a_search_of_nothing_that_can_be_seen_is_an_error_beside_its_field(page: Page) -> None:
    page.open(RESTORE)

    page.expected.append("status of 422")
    page.type("#q", "\u3164")

    page.wait_for("[data-error-for=q]", "no letter, digit or sign to look for")


def test_a_pasted_zero_width_space_does_not_keep_anyone_out(page: Page, world: World) -> None:
    page.open("/contacts")
    page.click("[data-sign-out] button")
    page.wait_for_path("/login")

    page.sign_in(f"\u200b{world.admin.email} ")
