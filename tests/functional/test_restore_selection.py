"""Ticking deleted contacts: the selection is kept over pages and filters, up to 100."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.models import Contact


@pytest.fixture
def binned(world: World, store: Session) -> list[int]:
    """120 contacts in the bin, as the table shows them: the last one first."""
    contacts = new_contacts(store, world, 120)
    delete(store, world, *contacts)
    store.commit()
    return [contact.id for contact in reversed(contacts)]


def bar(page: Seen) -> str:
    return page.words("#selection-bar")


def test_the_selection_survives_paging_and_filtering(anyone: Browser, binned: list[int]) -> None:
    page = anyone.tick(anyone.get("/contacts/restore"), binned[0], binned[3])
    page = anyone.tick(anyone.press(page, "Next"), binned[60])
    page = anyone.press(anyone.press(page, "Next"), "Previous")
    assert page.selected == sorted([binned[0], binned[3], binned[60]])

    page = anyone.fill(page, q="number 00059")
    assert page.ids == [binned[60]]
    assert page.selected == sorted([binned[0], binned[3], binned[60]])
    assert "3 of 100 selected · 2 not shown by this filter" in bar(page)

    page = anyone.fill(page, q="")
    assert "3 of 100 selected" in bar(page)
    assert "not shown" not in bar(page)
    ticked = [int(str(box["value"])) for box in page.all("tbody input[checked]")]
    assert ticked == [binned[0], binned[3]]


def test_what_another_filter_hides_of_the_selection_is_counted_too(
    admin: Browser, world: World, store: Session, binned: list[int]
) -> None:
    own = new_contact(store, world)
    delete(store, world, own, by=world.admin.id)
    store.commit()
    page = admin.tick(admin.get("/contacts/restore"), own.id, binned[0])

    page = admin.fill(page, deleted_by=str(world.admin.id))

    assert page.ids == [own.id]
    assert "2 of 100 selected · 1 not shown by this filter" in bar(page)


def test_an_unreadable_filter_keeps_the_selection(anyone: Browser, binned: list[int]) -> None:
    page = anyone.tick(anyone.get("/contacts/restore"), binned[0], binned[1])

    page = anyone.fill(page, from_="soon")

    assert page.status == 422
    assert page.selected == sorted(binned[:2])
    assert page.one("#restore-all").has_attr("disabled")
    assert page.words("#restore-all") == "Restore all contacts"
    page = anyone.fill(page, from_="")
    assert page.selected == sorted(binned[:2])
    assert page.status == 200


def test_show_lists_the_selected_contacts_and_show_all_returns(anyone: Browser, binned: list[int]) -> None:
    page = anyone.tick(anyone.get("/contacts/restore"), binned[2])
    page = anyone.tick(anyone.press(page, "Next"), binned[70])
    page = anyone.fill(page, q="nobody")

    shown = anyone.press(page, "Show the selected contacts")
    assert shown.ids == [binned[2], binned[70]]
    assert "2 selected contacts" in shown.text
    shown = anyone.tick(shown, binned[2])
    after = anyone.press(shown, "Show all")

    assert after.names == []
    assert after.selected == [binned[70]]


def test_clear_empties_the_selection_and_keeps_the_filter(anyone: Browser, binned: list[int]) -> None:
    page = anyone.tick(anyone.get("/contacts/restore"), *binned[:5])
    page = anyone.fill(page, q="number 0001")

    cleared = anyone.press(page, "Clear the selection")

    assert cleared.selected == []
    assert len(cleared.ids) == 11
    assert "Select up to 100 contacts, or restore all that match." in bar(cleared)


def test_with_scripts_the_bar_follows_each_tick(scripted: Browser, binned: list[int]) -> None:
    page = scripted.get("/contacts/restore")

    page = scripted.tick(page, *binned[:3])
    assert "3 of 100 selected" in bar(page)
    page = scripted.tick(page, binned[0])
    assert "2 of 100 selected" in bar(page)
    assert page.part is not None
    assert page.part.all("#selection-bar")
    assert not page.part.all("table"), "the bar alone"


def test_up_to_100_may_be_chosen_and_not_101(anyone: Browser, binned: list[int]) -> None:
    page = anyone.get("/contacts/restore", [("selected", str(i)) for i in binned[:100]])
    assert "100 of 100 selected" in bar(page)
    dialog = anyone.press(page, page.one("#restore-selected"))
    assert "Restore 100 contacts?" in dialog.words("#confirm-title")

    over = anyone.get("/contacts/restore", [("selected", str(i)) for i in binned[:101]])
    assert over.status == 422
    assert "You can select up to 100 contacts at a time." in bar(over)
    refused = anyone.press(over, over.one("#restore-selected"))
    assert refused.status == 422
    assert refused.selected == sorted(binned[:101])
    assert not refused.all("dialog")


def test_a_contact_that_is_no_longer_deleted_leaves_the_selection_with_a_message(
    anyone: Browser, world: World, store: Session, binned: list[int]
) -> None:
    page = anyone.tick(anyone.get("/contacts/restore"), *binned[:4])
    for contact in store.scalars(select(Contact).where(Contact.id.in_(binned[:2]))):
        contact.deleted_at = None
    store.commit()

    page = anyone.press(page, "Next")

    assert page.selected == sorted(binned[2:4])
    assert "2 selected contacts are no longer here" in bar(page)


def test_without_a_tick_restore_says_what_to_do(anyone: Browser, binned: list[int]) -> None:
    page = anyone.fill(anyone.get("/contacts/restore"), q="number 0001")

    refused = anyone.press(page, page.one("#restore-selected"))

    assert refused.status == 422
    assert "Select at least one contact first." in bar(refused)
    assert len(refused.ids) == 11, "the filter stays"


def test_the_reason_for_a_disabled_button_is_shown_beside_it(
    admin: Browser, world: World, store: Session
) -> None:
    delete(store, world, new_contact(store, world))
    store.commit()
    page = admin.get("/contacts/restore")

    assert (
        page.words("#" + str(page.one("#restore-selected")["aria-describedby"])) == "Select contacts first."
    )
    page = admin.get("/contacts/restore?q=nobody")
    assert page.words("#" + str(page.one("#restore-all")["aria-describedby"])) == "No contact matches."


def test_a_contact_is_ticked_by_a_box_that_is_named_after_it(
    admin: Browser, world: World, store: Session
) -> None:
    contact = new_contact(store, world, "Ann", "Lee")
    delete(store, world, contact)
    store.commit()

    page = admin.get("/contacts/restore")

    names = str(page.one(f"#select-{contact.id}")["aria-labelledby"]).split()
    assert " ".join(page.words(f"#{name}") for name in names) == "Select Ann Lee"
