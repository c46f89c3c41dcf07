"""Ticking contacts in the overview: the selection is kept over pages and searches."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.models import Contact


@pytest.fixture
def many(world: World, store: Session) -> list[Contact]:
    contacts = new_contacts(store, world, 120)
    store.commit()
    return contacts


def test_the_selection_survives_pages_and_searches(anyone: Browser, many: list[Contact]) -> None:
    first = anyone.get("/contacts")
    on_first, on_second = first.ids[:2], first.ids[5]
    page = anyone.tick(first, *on_first, on_second)
    page = anyone.press(page, "Next")
    on_next = page.ids[0]
    page = anyone.tick(page, on_next)
    page = anyone.fill(page, q=f"contact{number_of(many, on_next)}")

    assert page.selected == sorted([*on_first, on_second, on_next])
    assert "4 of 100 selected" in page.words("#selection-bar")
    assert "not shown by this filter" in page.words("#selection-bar")
    back = anyone.get("/contacts", [("selected", str(i)) for i in page.selected])
    assert [int(box["value"]) for box in back.all("tbody input[checked]")] == [*on_first, on_second]


def number_of(many: list[Contact], contact_id: int) -> str:
    email = next(contact.email for contact in many if contact.id == contact_id) or ""
    return email.removeprefix("contact").partition("@")[0]


def test_unticking_takes_a_contact_out(anyone: Browser, many: list[Contact]) -> None:
    page = anyone.get("/contacts")
    one, other = page.ids[:2]
    page = anyone.tick(page, one, other)
    page = anyone.press(anyone.press(page, "Next"), "Previous")
    page = anyone.tick(page, one)
    page = anyone.press(page, "Next")

    assert page.selected == [other]
    assert "1 of 100 selected" in page.words("#selection-bar")


def test_with_scripts_the_bar_follows_each_tick(scripted: Browser, many: list[Contact]) -> None:
    page = scripted.get("/contacts")
    assert "Nothing selected" in page.words("#selection-bar")
    ids = page.ids

    page = scripted.tick(page, *ids[:3])
    assert "3 of 100 selected" in page.words("#selection-bar")
    page = scripted.tick(page, ids[0])
    assert "2 of 100 selected" in page.words("#selection-bar")
    page = scripted.press(page, "Clear the selection")
    assert "Nothing selected" in page.words("#selection-bar")


def test_show_lists_only_the_selected_and_show_all_returns(anyone: Browser, many: list[Contact]) -> None:
    page = anyone.get("/contacts")
    one = page.ids[0]
    page = anyone.tick(page, one)
    page = anyone.press(page, "Next")
    other = page.ids[3]
    page = anyone.fill(anyone.tick(page, other), q="nobody at all")

    shown = anyone.press(page, "Show the selected contacts")
    assert shown.ids == [one, other]
    assert "2 selected contacts" in shown.text
    shown = anyone.tick(shown, one)
    after = anyone.press(shown, "Show all")
    assert after.selected == [other]
    assert after.names == []


def test_clear_unticks_everything_and_keeps_the_search(anyone: Browser, many: list[Contact]) -> None:
    page = anyone.tick(anyone.get("/contacts"), *[contact.id for contact in many[-2:]])
    page = anyone.fill(page, q="number 0001")

    cleared = anyone.press(page, "Clear the selection")

    assert cleared.selected == []
    assert "Nothing selected" in cleared.words("#selection-bar")
    assert len(cleared.names) == 11


def test_a_contact_deleted_meanwhile_leaves_the_selection_with_a_message(
    anyone: Browser, world: World, store: Session, many: list[Contact]
) -> None:
    page = anyone.tick(anyone.get("/contacts"), many[-1], many[-2])
    delete(store, world, many[-1])
    store.commit()

    page = anyone.press(page, "Next")

    assert page.selected == [many[-2].id]
    assert "1 selected contact is no longer here" in page.words("#selection-bar")


def test_the_101st_is_refused_and_the_100_are_kept(anyone: Browser, many: list[Contact]) -> None:
    hundred = [contact.id for contact in many[:100]]
    page = anyone.get("/contacts", [("selected", str(contact_id)) for contact_id in hundred])
    assert page.selected == hundred

    extra = next(contact_id for contact_id in page.ids if contact_id not in hundred)
    page = anyone.tick(page, extra)
    refused = anyone.press(page, page.one("#delete-selected"))

    assert refused.status == 422
    assert "You can select up to 100 contacts at a time." in refused.words("#selection-bar")
    assert refused.selected == sorted([*hundred, extra])


def test_a_contact_is_ticked_by_a_box_that_is_named_after_it(
    admin: Browser, world: World, store: Session
) -> None:
    contact = new_contact(store, world, "Ann", "Lee")
    store.commit()

    page = admin.get("/contacts")

    names = str(page.one(f"#select-{contact.id}")["aria-labelledby"]).split()
    assert " ".join(page.words(f"#{name}") for name in names) == "Select Ann Lee"
