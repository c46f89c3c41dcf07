"""Esc closes one layer at a time, and the focus goes where a keyboard user expects it."""

import pytest
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World

RESTORE = "/contacts/restore"


@pytest.fixture(autouse=True)
def contacts(store: Session, world: World) -> None:
    delete(store, world, *new_contacts(store, world, 3))
    new_contact(store, world, "Live", "One")
    store.commit()


def test_esc_closes_the_dialog_then_clears_the_search_then_closes_the_page(page: Page) -> None:
    page.open(RESTORE)
    page.type("#q", "Number 00001")
    page.wait(lambda: len(page.shown()) == 1, "one contact matches")
    page.wait_until_settled()
    page.click("#restore-all")
    page.wait_for("#confirm")

    page.press("ESCAPE")
    page.wait_for_none("#confirm")
    assert page.one("#q").get_attribute("value") == "Number 00001"

    page.press("ESCAPE")
    page.wait(lambda: len(page.shown()) == 3, "all contacts are shown again")
    assert page.one("#q").get_attribute("value") == ""
    page.wait_for_focus("#q")
    assert page.path.startswith(RESTORE)

    page.press("ESCAPE")
    page.wait_for_path("/contacts")


def test_esc_closes_the_menu_and_leaves_the_page(page: Page) -> None:
    page.open("/contacts")
    page.click("#more-actions")
    page.wait_for("#more-menu .menu-item")

    page.press("ESCAPE")

    page.wait(lambda: not page.one("#more-menu").is_displayed(), "the menu is closed")
    assert page.path == "/contacts"
    page.wait_for_focus("#more-actions")


def test_arrow_keys_move_through_the_menu(page: Page) -> None:
    page.open("/contacts")
    page.click("#more-actions")
    page.wait_for_focus("#more-menu .menu-item")
    # The menu has one item only: a second one shows where the focus goes.
    page.script(
        """const item = document.querySelector("#more-menu li");
        const second = item.cloneNode(true);
        second.firstElementChild.id = "second-item";
        second.firstElementChild.removeAttribute("autofocus");
        item.after(second);"""
    )

    page.press("ARROW_DOWN")
    page.wait_for_focus("#second-item")
    page.press("ARROW_DOWN")
    page.wait_for_focus("#more-menu .menu-item:not(#second-item)")
    page.press("ARROW_UP")
    page.wait_for_focus("#second-item")


def test_the_dialog_is_modal_starts_at_cancel_and_returns_the_focus(page: Page) -> None:
    page.open(RESTORE)
    page.tick(page.shown()[0])
    page.wait_for_bar("1 of 100 selected")
    page.wait_until_settled()
    page.click("#restore-selected")

    page.wait_for("#confirm:modal")
    page.wait_for_focus("#confirm [autofocus]")
    page.press("ENTER")  # Cancel

    page.wait_for_none("#confirm")
    page.wait_for_focus("#restore-selected")
    assert len(page.ticked()) == 1


def test_the_focus_returns_to_a_button_that_was_redrawn_behind_the_dialog(page: Page) -> None:
    page.open(RESTORE)
    page.click("#restore-all")
    page.wait_for_focus("#confirm:modal [autofocus]")
    page.script("window.before = document.getElementById('restore-all')")
    page.script("htmx.trigger('#selection-bar', 'refresh')")
    page.wait(
        lambda: page.script("return !window.before.isConnected && !!document.getElementById('restore-all')"),
        "the bar was redrawn",
    )

    page.press("ENTER")  # Cancel

    page.wait_for_none("#confirm")
    page.wait_for_focus("#restore-all")


def test_the_focus_stays_on_the_table_when_a_redraw_removes_its_button(page: Page) -> None:
    page.open(RESTORE)
    page.tick(page.shown()[0])
    page.wait_for_bar("1 of 100 selected")
    page.wait_until_settled()

    page.click("#clear-selection")

    page.wait_for_none("#clear-selection")
    page.wait_for_focus("#results")


def test_clear_filters_empties_the_fields_and_keeps_the_ticks(page: Page) -> None:
    page.open(RESTORE)
    ticked = page.shown()[0]
    page.tick(ticked)
    page.wait_for_bar("1 of 100 selected")
    page.type("#q", "Nobody of this name")
    page.wait_for_bar("not shown by this filter")
    page.wait_until_settled()

    with page.same_document():
        page.click("#clear-filters")
        page.wait(lambda: len(page.shown()) == 3, "all contacts are shown again")
    assert page.one("#q").get_attribute("value") == ""
    assert page.ticked() == [ticked]


def test_an_error_before_a_dialog_moves_into_it(page: Page) -> None:
    page.open(RESTORE)
    page.click("#restore-all")
    page.wait_for("#confirm:modal")
    page.go_offline()

    page.click("#confirm .button-primary")

    page.wait_for("#confirm #error-notice", "The server cannot be reached")
    # The form can be sent again.
    page.go_online()
    page.click("#confirm .button-primary")
    page.wait_for("#progress")


def test_a_form_that_must_be_sent_once_is_sent_only_once(page: Page) -> None:
    page.open(RESTORE)
    page.click("#restore-all")
    page.wait_for("#confirm:modal")
    # Two clicks within one turn of the event loop: no answer can have come between them.
    page.script(
        """sessionStorage.sent = 0;
        const button = document.querySelector("#confirm .button-primary");
        button.form.addEventListener("submit", () => {
            sessionStorage.sent = Number(sessionStorage.sent) + 1;
        });
        button.click();
        button.click();"""
    )
    page.wait_for("#progress")
    assert page.script("return Number(sessionStorage.sent)") == 1


def test_esc_closes_the_dialog_over_a_contact_then_leads_back_with_filter_and_ticks(page: Page) -> None:
    page.open(RESTORE)
    page.type("#q", "Number")
    page.wait_until_settled()
    first, second, _ = page.shown()
    page.click(f"#select-{first}")
    page.wait_until_settled()
    page.click(f"#look-{second}")
    page.wait_for_path(f"/contacts/deleted/{second}")
    page.click("#restore-this")
    page.wait_for("#confirm")

    page.press("ESCAPE")
    page.wait_for_none("#confirm")
    page.wait_for_focus("#restore-this")
    page.press("ESCAPE")

    page.wait_for_path(RESTORE)
    assert page.one("#q").get_attribute("value") == "Number"
    page.wait(lambda: page.one(f"#select-{first}").is_selected(), "the tick is still there")
    assert not page.one(f"#select-{second}").is_selected()
