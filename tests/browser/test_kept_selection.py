"""The selection is kept in the tab: it returns after Back, a reload and opening the page again."""

import pytest
from selenium.webdriver import Chrome
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.browser.selecting import (
    OVERVIEW,
    RESTORE,
    assert_nothing_selected,
    open_by_menu,
    restore_selected,
    select_on_two_pages,
)
from webapp.models import Contact

pytestmark = pytest.mark.usefixtures("many_contacts")

# What a person sees and hears while a page loads: the bar's words and the number of ticks in each frame, the
# announcements, and how far the layout has shifted.
WATCH = """
window.seen = {bars: [], ticks: [], said: [], shift: 0};
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
const look = () => {
    const bar = document.getElementById("selection-bar");
    if (bar) {
        seen.bars.push(bar.innerText);
        seen.ticks.push(document.querySelectorAll("#results tbody :checked").length);
    }
    requestAnimationFrame(look);
};
requestAnimationFrame(look);
document.addEventListener("DOMContentLoaded", () => {
    const announcer = document.getElementById("announcer");
    new MutationObserver(() => seen.said.push(announcer.textContent)).observe(announcer, {childList: true});
});
"""


def test_ticks_return_after_back_reload_and_opening_the_page_again(page: Page) -> None:
    first, second, third = select_on_two_pages(page)

    page.open("/restores")
    page.back()
    page.wait_for_bar("3 of 100 selected")
    assert page.ticked() == [third], "the second page of the list"

    page.reload()
    page.wait_for_bar("3 of 100 selected")
    assert page.ticked() == [third]

    open_by_menu(page)
    page.wait_for_bar("3 of 100 selected")
    assert page.ticked() == [first, second]
    assert page.script("return document.getElementById('select-page').indeterminate") is True

    page.open(RESTORE + "?q=nobody")
    page.wait_for_bar("3 of 100 selected")
    page.wait_for_bar("3 not shown by this filter")

    page.open(RESTORE)
    page.wait_for_bar("3 of 100 selected")
    page.turn("#page-older")
    assert page.ticked() == [third]
    page.wait_until_settled()
    page.click("#restore-selected")
    page.wait_for("#confirm-title", "Restore 3 contacts?")


def test_a_tick_is_kept_at_once_and_an_undone_tick_does_not_return(page: Page) -> None:
    page.open(RESTORE)
    first, second, *_ = page.shown()
    # The page is left before the server can respond to the ticks.
    page.script(
        "for (const id of arguments) document.getElementById(`select-${id}`).click(); location.reload()",
        first,
        second,
    )
    page.wait_for_bar("2 of 100 selected")

    page.tick(first)
    page.reload()
    page.wait_for_bar("1 of 100 selected")
    assert page.ticked() == [second]

    page.tick(second)
    page.reload()
    assert_nothing_selected(page)


def test_all_100_return_and_the_101st_is_refused(page: Page) -> None:
    page.open(RESTORE)
    page.click("#select-page")
    page.wait_for_bar("50 of 100 selected")
    page.turn("#page-older")
    page.click("#select-page")
    page.wait_for_bar("100 of 100 selected")

    page.open(RESTORE)
    page.wait_for_bar("100 of 100 selected")
    assert page.ticked() == page.shown()
    assert page.one("#select-page").is_selected()
    page.turn("#page-older")
    page.turn("#page-older")
    page.tick(page.shown()[0])

    page.wait_for("[data-limit-message]", "up to 100 contacts at a time")
    page.reload()
    page.wait_for_bar("100 of 100 selected")
    assert page.ticked() == []


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_ticks_return_without_a_flash_and_are_announced_once(
    page: Page, chromium: Chrome, size: tuple[int, int]
) -> None:
    chromium.set_window_size(*size)
    try:
        page.open(RESTORE)
        page.tick(page.shown()[0])
        page.wait_for_bar("1 of 100 selected")
        with page.before_each_page(WATCH):
            page.reload()
            page.wait_for_bar("1 of 100 selected")
            page.wait_until_said("1 of 100 selected")
            page.wait_until_settled()
            seen = page.script("return window.seen")
    finally:
        chromium.set_window_size(1280, 900)
    assert seen["ticks"]
    assert set(seen["ticks"]) == {1}
    assert not [words for words in seen["bars"] if "Select up to" in words]
    assert seen["said"] == ["1 of 100 selected"]
    assert seen["shift"] == 0


def test_contacts_of_a_started_restore_do_not_return(page: Page) -> None:
    select_on_two_pages(page)
    restore_selected(page)
    assert page.kept() == {}

    page.open(RESTORE)
    assert_nothing_selected(page)
    assert page.has("#running-link"), "they are still deleted"


def test_a_restore_of_other_contacts_leaves_the_selection(page: Page) -> None:
    first, second, third = select_on_two_pages(page)
    page.open(f"{RESTORE}/confirm?selected={second}&selected={third}")
    page.click("#confirm .button-primary")
    page.wait_for("#progress")

    page.open(RESTORE)

    page.wait_for_bar("1 of 100 selected")
    assert page.ticked() == [first]


def test_a_refused_restore_leaves_the_selection(page: Page) -> None:
    select_on_two_pages(page)
    page.click("#restore-selected")
    page.wait_for("#confirm:modal")
    page.expected.append("400 (BAD REQUEST)")
    page.script("document.querySelector('#confirm [name=scope]').value = 'forged'")
    page.click("#confirm .button-primary")
    page.wait_for("#error-notice")

    page.open(RESTORE)
    page.wait_for_bar("3 of 100 selected")


def test_contacts_that_are_no_longer_deleted_leave_the_selection_with_a_message(
    page: Page, store: Session
) -> None:
    first, second, third = select_on_two_pages(page)
    for contact_id in (first, third):
        store.get_one(Contact, contact_id).deleted_at = None
    store.commit()

    page.open(RESTORE)
    page.wait_for_bar("2 selected contacts are no longer here and were removed from the selection.")
    page.wait_for_bar("1 of 100 selected")
    assert page.ticked() == [second]

    page.reload()
    page.wait_for_bar("1 of 100 selected")
    assert "no longer here" not in page.one("#selection-bar").text


def test_a_row_that_has_gone_is_unticked(page: Page, store: Session) -> None:
    page.open(RESTORE)
    first, second, *_ = page.shown()
    page.tick(first)
    page.wait_for_bar("1 of 100 selected")
    store.get_one(Contact, first).deleted_at = None
    store.commit()

    page.tick(second)

    page.wait_for_bar("1 selected contact is no longer here and was removed from the selection.")
    assert page.ticked() == [second]


def test_a_cleared_selection_does_not_return(page: Page) -> None:
    select_on_two_pages(page)
    page.click("#clear-selection")
    page.wait_for_none("#clear-selection")

    page.reload()
    assert_nothing_selected(page)
    page.open(RESTORE)
    assert_nothing_selected(page)


def test_esc_and_the_x_close_the_page_and_keep_the_ticks(page: Page) -> None:
    select_on_two_pages(page)
    page.click("#restore-selected")
    page.wait_for("#confirm:modal")
    page.press("ESCAPE")
    page.wait_for_none("#confirm")
    page.wait_for_bar("3 of 100 selected")
    page.wait_until_settled()

    page.press("ESCAPE")
    page.wait_for_path(OVERVIEW)
    page.back()
    page.wait_for_bar("3 of 100 selected")

    page.click("#close-page")
    page.wait_for_path(OVERVIEW)
    open_by_menu(page)
    page.wait_for_bar("3 of 100 selected")
