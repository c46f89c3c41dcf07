"""Notices of deletions with scripts: dismissed in place, undone in the dialog, and the focus goes along."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from webapp.words.isolation import isolated

NOTICE = "#large-deletion"


@pytest.fixture(autouse=True)
def contacts(store: Session, world: World) -> None:
    delete(store, world, *new_contacts(store, world, 2), ago=timedelta(minutes=3))
    delete(store, world, new_contact(store, world), ago=timedelta(minutes=2), by=world.admin.id)
    new_contact(store, world, "Live", "One")
    store.commit()


def test_undo_opens_the_dialog_over_the_page_and_cancel_returns_to_it(page: Page) -> None:
    page.open("/contacts")
    with page.same_document():
        page.click("#undo-deletion")
        page.wait_for("#confirm", "Restore 1 matching contact?")

        page.press("ESCAPE")

        page.wait_for_none("#confirm")
        page.wait_for_focus("#undo-deletion")


def test_dismissing_keeps_the_page_with_its_ticks_and_the_focus_stays(page: Page) -> None:
    page.open("/contacts")
    page.click("#results tbody .check")
    page.wait_for("#selection-bar", "1 of 100 selected")
    with page.same_document():
        page.click("#dismiss-deletion")
        page.wait_for(NOTICE, "Max Member deleted 2 contacts")
        page.wait_until_said(f"{isolated('Max Member')} deleted 2 contacts 3 minutes ago.")
        page.wait_for_focus("#deletion-notices, #dismiss-deletion")

        page.click("#dismiss-deletion")

        page.wait_for_none(NOTICE)
        page.wait_for_focus("#deletion-notices")
        page.wait_for("#selection-bar", "1 of 100 selected")
