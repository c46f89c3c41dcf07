"""What a person does to select contacts, and what is then selected."""

from tests.browser.page import Page

RESTORE = "/contacts/restore"
OVERVIEW = "/contacts"


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
