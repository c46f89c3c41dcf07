"""The selection is kept in the tab: it returns after Back, a reload and opening the page again."""

import pytest
from selenium.webdriver import Chrome
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.factories.bins import fill_bin
from tests.factories.contacts import new_contacts
from tests.factories.people import World, new_admin
from webapp.models import Contact, User

RESTORE = "/contacts/restore"
OVERVIEW = "/contacts"

FORBIDDEN = """Object.defineProperty(window, "sessionStorage", {
    get() { throw new DOMException("Access is denied for this document.", "SecurityError"); },
});"""
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


@pytest.fixture(autouse=True)
def contacts(store: Session, world: World) -> None:
    """Three pages of deleted contacts, two of live ones."""
    fill_bin(store, world, 130)
    new_contacts(store, world, 60)
    store.commit()


def select_on_two_pages(page: Page, path: str = RESTORE) -> list[int]:
    """Tick two contacts on the first page of the list and one on the second, which stays open."""
    page.open(path)
    first, second, *_ = page.shown()
    page.tick(first)
    page.tick(second)
    page.turn("#page-older")
    third = page.shown()[0]
    page.tick(third)
    page.wait_for_bar("3 of 100 selected")
    page.wait_until_settled()
    return [first, second, third]


def open_by_menu(page: Page) -> None:
    page.open(OVERVIEW)
    page.click("#more-actions")
    page.click("#more-menu .menu-item")
    page.wait_for_path(RESTORE)


def restore_selected(page: Page) -> None:
    page.click("#restore-selected")
    page.click("#confirm:modal .button-primary")
    page.wait_for("#progress")


def assert_nothing_selected(page: Page) -> None:
    page.wait_for("#results tbody")
    assert page.ticked() == []
    assert page.kept() == {}
    assert not page.has("#results input[type=hidden][name=selected]")


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


def test_nothing_is_left_after_signing_out_in_any_tab(page: Page, chromium: Chrome, world: World) -> None:
    select_on_two_pages(page)
    page.open("/restores")
    first_tab = chromium.current_window_handle
    chromium.switch_to.new_window("tab")
    try:
        select_on_two_pages(page)
        second_tab = chromium.current_window_handle
        chromium.switch_to.window(first_tab)
        assert page.kept()
        # The form is held back, so it is not the sign-in page that removes the selection.
        page.script("addEventListener('submit', (event) => event.preventDefault())")
        page.click("[data-sign-out] button")
        page.wait(lambda: page.kept() == {}, "this tab has forgotten its selection")
        page.script("document.querySelector('[data-sign-out]').submit()")
        page.wait_for_path("/login")

        chromium.switch_to.window(second_tab)
        page.wait(lambda: page.kept() == {}, "the other tab has forgotten its selection")
        page.sign_in(world.admin.email)
        page.open(RESTORE)
        assert_nothing_selected(page)
    finally:
        for handle in set(chromium.window_handles) - {first_tab}:
            chromium.switch_to.window(handle)
            chromium.close()
        chromium.switch_to.window(first_tab)
    page.open(RESTORE)
    assert_nothing_selected(page)


def test_the_sign_in_page_forgets_what_a_tab_has_left_after_signing_out(page: Page) -> None:
    """As a tab that was asleep while its user signed out in another one."""
    page.open(OVERVIEW)
    page.click("[data-sign-out] button")
    page.wait_for_path("/login")
    page.script("sessionStorage.setItem('selection:1:/contacts/restore', '1 2 3')")

    page.open(RESTORE)

    page.wait_for_path("/login")
    assert page.kept() == {}


def test_another_user_of_the_tab_sees_none_of_the_ticks_and_they_are_gone(
    page: Page, store: Session, world: World
) -> None:
    other: User = new_admin(store, world.workspace)
    store.commit()
    select_on_two_pages(page)
    page.driver.delete_all_cookies()  # the session ends by itself

    page.sign_in(other.email)
    assert page.kept() == {}
    page.open(RESTORE)
    assert_nothing_selected(page)

    page.driver.delete_all_cookies()
    page.sign_in(world.admin.email)
    page.open(RESTORE)
    assert_nothing_selected(page)


def test_the_same_user_has_the_ticks_again_after_the_session_has_ended_by_itself(
    page: Page, world: World
) -> None:
    select_on_two_pages(page)
    page.driver.delete_all_cookies()
    page.reload()
    page.wait_for_path("/login")

    page.sign_in(world.admin.email)
    page.open(RESTORE)

    page.wait_for_bar("3 of 100 selected")


def test_on_the_overview_ticks_return_after_back_and_reload_only(page: Page) -> None:
    first, _second, third = select_on_two_pages(page, OVERVIEW)

    page.click(".cell-contact a")
    page.wait_for("#facts-title")
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
