"""The overview keeps a selection of its own; the address decides; without storage nothing is kept."""

import pytest

from tests.browser.page import Page
from tests.browser.selecting import OVERVIEW, RESTORE, assert_nothing_selected, select_on_two_pages
from tests.factories.people import World

pytestmark = pytest.mark.usefixtures("many_contacts")

FORBIDDEN = """Object.defineProperty(window, "sessionStorage", {
    get() { throw new DOMException("Access is denied for this document.", "SecurityError"); },
});"""


def test_on_the_overview_ticks_return_after_back_and_reload_only(page: Page) -> None:
    first, _second, third = select_on_two_pages(page, OVERVIEW)

    page.click(".cell-contact a")
    page.wait_for("#account-title")
    page.back()
    page.wait_for_bar("3 of 100 selected")
    assert page.ticked() == [third]
    page.reload()
    page.wait_for_bar("3 of 100 selected")
    assert page.ticked() == [third]

    page.click(".frame-nav a")
    page.wait(lambda: first in page.shown(), "the first page of the list")
    assert_nothing_selected(page)
    page.back()
    page.wait(lambda: third in page.shown(), "the page before")
    assert_nothing_selected(page)
    page.open(OVERVIEW)
    assert_nothing_selected(page)


def test_deleted_contacts_do_not_return(page: Page) -> None:
    select_on_two_pages(page, OVERVIEW)
    page.click("#delete-selected")
    page.click("#confirm:modal .button-danger")
    page.wait_for(".flashes", "You deleted 3 contacts just now.")

    assert_nothing_selected(page)
    page.back()
    page.wait_for("#page-newer:not([disabled])")
    assert_nothing_selected(page)


def test_ticks_of_one_page_do_not_appear_on_the_other(page: Page) -> None:
    page.open(OVERVIEW)
    live = page.shown()[0]
    page.tick(live)
    page.wait_for_bar("1 of 100 selected")

    page.open(RESTORE)
    page.wait_for("#results tbody")
    assert page.ticked() == []
    deleted = page.shown()[0]
    page.tick(deleted)
    page.wait_for_bar("1 of 100 selected")
    page.back()

    page.wait_for_path(OVERVIEW)
    page.wait_for_bar("1 of 100 selected")
    assert page.ticked() == [live]


def test_a_selection_in_the_address_decides_and_leaves_the_address(page: Page, world: World) -> None:
    first, second, _third = select_on_two_pages(page)

    page.open(f"{RESTORE}?deleted_by={world.member.id}&selected={second}")
    page.wait_for_bar("1 of 100 selected")
    assert page.path == f"{RESTORE}?deleted_by={world.member.id}"
    page.tick(first)
    page.wait_for_bar("2 of 100 selected")
    page.reload()
    page.wait_for_bar("2 of 100 selected")
    assert page.ticked() == [first, second]

    page.open(f"{RESTORE}?clear=selection")
    assert_nothing_selected(page)
    assert page.path == RESTORE


def test_without_storage_the_page_works_and_the_console_is_quiet(page: Page) -> None:
    with page.before_each_page(FORBIDDEN):
        page.open(RESTORE)
        first, second, *_ = page.shown()
        page.tick(first)
        page.wait_for_bar("1 of 100 selected")
        page.turn("#page-older")
        page.turn("#page-newer")
        assert page.ticked() == [first]
        page.reload()
        page.wait_for("#results tbody")
        assert page.ticked() == []
        page.tick(second)
        page.wait_for_bar("1 of 100 selected")
        page.open(OVERVIEW)
        page.click("[data-sign-out] button")
        page.wait_for_path("/login")


def test_with_full_storage_the_page_works_and_no_old_selection_returns(page: Page) -> None:
    page.open(RESTORE)
    page.tick(page.shown()[0])
    page.wait_for_bar("1 of 100 selected")
    page.script(
        """let part = "x".repeat(2 ** 22);
        while (part) {
            try {
                sessionStorage.setItem(`full ${sessionStorage.length}`, part);
            } catch {
                part = part.slice(part.length / 2 + 0.5);
            }
        }"""
    )
    try:
        for contact_id in page.shown()[1:40]:
            page.script("document.getElementById(arguments[0]).click()", f"select-{contact_id}")
        page.wait_for_bar("40 of 100 selected")
        page.reload()
        assert_nothing_selected(page)
        page.tick(page.shown()[0])
        page.wait_for_bar("1 of 100 selected")
    finally:
        page.script("sessionStorage.clear()")
