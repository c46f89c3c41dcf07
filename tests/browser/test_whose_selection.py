"""The selection that a tab keeps is one user's, and ends with the session."""

import pytest
from selenium.webdriver import Chrome
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.browser.selecting import OVERVIEW, RESTORE, assert_nothing_selected, select_on_two_pages
from tests.factories.people import World, new_admin
from webapp.models import User

pytestmark = pytest.mark.usefixtures("many_contacts")


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
