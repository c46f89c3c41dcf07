"""What a page does by itself: it follows a restore, continues after an outage, and is up to date after
Back."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.processes import WorkerProcess

Worker = Callable[[], AbstractContextManager[WorkerProcess]]
RESTORE = "/contacts/restore"


@pytest.fixture(autouse=True)
def deleted_contacts(store: Session, world: World) -> None:
    delete(store, world, *new_contacts(store, world, 12))
    store.commit()


def restore_all(page: Page) -> None:
    page.open(RESTORE)
    page.click("#restore-all")
    page.click("#confirm:modal .button-primary")
    page.wait_for("#progress")


def test_the_job_page_follows_the_restore_to_its_end(page: Page, worker: Worker) -> None:
    restore_all(page)
    page.wait_for(".job-big")

    with page.same_document(), worker():
        page.wait_for("#view-restored")
    assert "12" in page.one("#progress").text
    assert not page.has("[data-poll]")


def test_polling_goes_on_after_the_server_could_not_be_reached(page: Page, worker: Worker) -> None:
    restore_all(page)

    with page.same_document():
        page.go_offline()
        page.wait_for("#error-notice", "This page keeps trying")
        page.go_online()
        with worker():
            page.wait_for("#view-restored")
        page.wait_for_none("#error-notice")


def test_the_bar_follows_a_restore_and_updates_the_table(page: Page, worker: Worker) -> None:
    restore_all(page)
    page.open(RESTORE)
    page.wait_for("#running-link")
    assert len(page.shown()) == 12

    with page.same_document(), worker():
        page.wait_for_none("#results tbody")
    assert not page.has("#running-link")


def test_a_tick_made_while_the_table_is_redrawn_is_kept(page: Page) -> None:
    page.open(RESTORE)
    ticked = page.shown()[-1]  # the first one, which still matches
    # The tick happens after the request is sent, and before its answer.
    page.script(
        """const tickMeanwhile = ({ detail }) => {
            if (detail.target.id !== "results") return;
            document.removeEventListener("htmx:beforeRequest", tickMeanwhile);
            detail.xhr.addEventListener("loadstart", () => box.click());
        };
        const box = document.getElementById(arguments[0]);
        document.addEventListener("htmx:beforeRequest", tickMeanwhile);""",
        f"select-{ticked}",
    )

    page.type("#q", "Number 0000")
    page.wait(lambda: len(page.shown()) == 10, "ten contacts match")
    page.wait_for_bar("1 of 100 selected")
    assert page.ticked() == [ticked]


def test_back_shows_the_previous_filters_and_the_current_contacts(page: Page, worker: Worker) -> None:
    page.open(RESTORE)
    page.type("#q", "Number 0001")
    page.wait(lambda: len(page.shown()) == 3, "three contacts match")
    page.wait_until_settled()
    page.tick(page.shown()[0])
    page.wait_for_bar("1 of 100 selected")
    page.wait_until_settled()
    page.click("#restore-selected")
    page.click("#confirm:modal .button-primary")
    with worker():
        page.wait_for("#view-restored")

    page.back()

    page.wait_for_path(RESTORE)
    page.wait(lambda: len(page.shown()) == 2, "the restored contact has left the table")
    assert page.one("#q").get_attribute("value") == "Number 0001"
    assert page.ticked() == []
    assert not page.has("#confirm")


def test_the_title_follows_the_restore_in_a_tab_that_is_not_looked_at(page: Page, worker: Worker) -> None:
    restore_all(page)
    page.wait_for(".job-big")
    assert page.title.startswith("Queued · Restore #1")

    with page.same_document(), worker():
        page.wait(lambda: page.title.startswith("Done · Restore #1"), "the title says that it is done")


def test_the_end_is_told_on_whatever_page_one_is_and_can_be_dismissed(page: Page, worker: Worker) -> None:
    restore_all(page)
    page.open("/contacts")
    assert page.has("#job-notices[data-background]")

    with page.same_document():
        with worker():
            page.wait_for("#job-notices .notice", "Restore #1 is done. 12 contacts restored.")
        page.wait_until_said("Restore #1 is done. 12 contacts restored.")
        assert not page.has("main [data-background]")
        page.click("#job-notices button")
        page.wait_for_none("#job-notices .notice")
    page.open("/restores")
    assert not page.has("#job-notices .notice")


def test_what_a_page_asks_in_the_background_neither_shows_nor_removes_an_error(page: Page) -> None:
    restore_all(page)
    page.open("/contacts")
    assert page.has("#job-notices[data-background]")
    page.script(
        """const place = document.getElementById("notices");
        place.append(document.getElementById("unreachable").content.firstElementChild.cloneNode(true));
        window.asked = 0;
        document.addEventListener("htmx:afterRequest", ({ detail }) => {
            window.asked += detail.elt.matches("#job-notices");
        });"""
    )
    page.wait(lambda: page.script("return window.asked") >= 1, "the page has asked")
    assert page.has("#notices .notice")

    page.script("document.getElementById('notices').replaceChildren(); window.asked = 0")
    page.go_offline()
    page.wait(lambda: page.script("return window.asked") >= 1, "the page has asked in vain")
    assert not page.has("#notices .notice")
