"""Ticking contacts: the header checkbox, Shift-click, the limit of 100, ticks on other pages."""

import pytest
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.factories.bins import fill_bin
from tests.factories.people import World

RESTORE = "/contacts/restore"
ROOM = 100
PAGE = 50


@pytest.fixture
def bin_of_130(store: Session, world: World) -> None:
    fill_bin(store, world, 130)
    store.commit()


pytestmark = pytest.mark.usefixtures("bin_of_130")


def test_a_tick_is_counted_by_the_bar_and_needed_by_the_button(page: Page) -> None:
    page.open(RESTORE)
    assert page.one("#restore-selected").get_attribute("aria-disabled") == "true"
    first, second, *_ = page.shown()

    with page.same_document():
        page.tick(first)
        page.wait_for_bar("1 of 100 selected")
        page.tick(second)
        page.wait_for_bar("2 of 100 selected")
        page.wait_until_said("2 of 100 selected")
    assert page.one("#restore-selected").get_attribute("aria-disabled") is None

    page.tick(first)
    page.wait_for_bar("1 of 100 selected")
    page.tick(second)
    page.wait(
        lambda: page.one("#restore-selected").get_attribute("aria-disabled") == "true", "the button is off"
    )


def test_restore_without_a_selection_says_what_to_do_and_opens_no_dialog(page: Page) -> None:
    page.open(RESTORE)

    page.click("#restore-selected")

    page.wait_until_said("Select at least one contact first.")
    assert page.path == RESTORE
    assert not page.has("#confirm")


def test_the_header_checkbox_ticks_the_page_and_shows_a_partial_selection(page: Page) -> None:
    page.open(RESTORE)
    mixed = "return document.getElementById('select-page').indeterminate"
    assert page.script(mixed) is False

    page.click("#select-page")
    page.wait_for_bar("50 of 100 selected")
    assert page.ticked() == page.shown()
    assert page.script(mixed) is False

    page.tick(page.shown()[0])
    page.wait_for_bar("49 of 100 selected")
    assert page.script(mixed) is True
    assert not page.one("#select-page").is_selected()


def test_shift_click_ticks_and_unticks_a_range(page: Page) -> None:
    page.open(RESTORE)
    rows = page.shown()

    page.tick(rows[2])
    page.tick(rows[6], shift=True)
    page.wait_for_bar("5 of 100 selected")
    assert page.ticked() == rows[2:7]

    # Upwards, and unticking.
    page.tick(rows[3], shift=True)
    page.wait_for_bar("1 of 100 selected")
    assert page.ticked() == [rows[2]]


def test_ticks_survive_paging(page: Page) -> None:
    page.open(RESTORE)
    first_page = page.shown()
    page.tick(first_page[0])
    page.tick(first_page[9])

    with page.same_document():
        page.turn("#page-older")
        page.wait_for_bar("2 of 100 selected")
        page.tick(page.shown()[0])
        page.wait_for_bar("3 of 100 selected")
        page.turn("#page-newer")
    assert page.ticked() == [first_page[0], first_page[9]]
    page.wait_for_bar("3 of 100 selected")


def test_the_101st_tick_is_undone_and_the_limit_is_shown(page: Page) -> None:
    page.open(RESTORE)
    page.click("#select-page")
    page.wait_for_bar("50 of 100 selected")
    page.turn("#page-older")
    page.click("#select-page")
    page.wait_for_bar("100 of 100 selected")
    assert not page.one("[data-limit-message]").is_displayed()
    page.turn("#page-older")

    page.tick(page.shown()[0])

    page.wait_for("[data-limit-message]", "up to 100 contacts at a time")
    page.wait_until_said(page.one("[data-limit-message]").text)
    assert page.ticked() == []
    page.wait_for_bar("100 of 100 selected")


def test_shift_click_stops_at_100(page: Page) -> None:
    page.open(RESTORE)
    page.click("#select-page")
    page.wait_for_bar("50 of 100 selected")
    page.turn("#page-older")
    rows = page.shown()
    page.tick(rows[0])
    page.tick(rows[46], shift=True)
    page.wait_for_bar("97 of 100 selected")
    page.turn("#page-older")

    rows = page.shown()
    page.tick(rows[0])
    page.tick(rows[20], shift=True)

    page.wait_for("[data-limit-message]")
    page.wait_for_bar("100 of 100 selected")
    assert len(page.ticked()) == ROOM - PAGE - 47
