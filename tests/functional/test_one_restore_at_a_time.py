"""One restore job at a time: the page names the running one, refuses a second one, and allows the next one
afterwards."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World, new_admin
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.models import Contact, Job

Unchanged = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def binned(world: World, store: Session) -> list[Contact]:
    contacts = new_contacts(store, world, 5)
    delete(store, world, *contacts)
    store.commit()
    return contacts


@pytest.fixture
def colleague(browse: Callable[..., Browser], world: World, store: Session, anyone: Browser) -> Browser:
    """Another admin of the account, with scripts if the first one has them."""
    user = new_admin(store, world.workspace)
    store.commit()
    browser = browse(user)
    browser.javascript = anyone.javascript
    return browser


def dialog_for(browser: Browser, *contacts: Contact) -> Seen:
    page = browser.tick(browser.get("/contacts/restore"), *contacts)
    return browser.press(page, page.one("#restore-selected"))


def confirm(browser: Browser, dialog: Seen) -> Seen:
    return browser.press(dialog, dialog.one("dialog form[action='/restores'] button"))


def test_while_a_job_waits_both_buttons_are_disabled_and_say_who_started_it(
    anyone: Browser, colleague: Browser, binned: list[Contact]
) -> None:
    job = confirm(colleague, dialog_for(colleague, binned[0]))

    page = anyone.get("/contacts/restore")

    for button in ("#restore-selected", "#restore-all"):
        assert page.one(button).has_attr("disabled")
        reason = page.words("#" + str(page.one(button)["aria-describedby"]))
        assert "Started by Cleo Colleague. Only one restore can run at a time." in reason
    assert "Waiting to begin: 1 contact." in page.words("#selection-bar")
    assert anyone.press(page, "See progress").path == job.path


def test_a_second_dialog_leads_to_the_running_job(
    anyone: Browser, colleague: Browser, binned: list[Contact]
) -> None:
    page = anyone.tick(anyone.get("/contacts/restore"), binned[1])
    job = confirm(colleague, dialog_for(colleague, binned[0]))

    for button in ("#restore-selected", "#restore-all"):
        dialog = anyone.press(page, page.one(button))
        assert dialog.status == 409
        assert "Restore #1, started by Cleo Colleague, is running." in dialog.words("dialog")
        assert not dialog.all("form[action='/restores']")
        assert anyone.press(dialog, "See the running restore").path == job.path


def test_a_second_confirmation_is_refused_and_leads_to_the_running_job(
    anyone: Browser, colleague: Browser, binned: list[Contact], unchanged: Unchanged
) -> None:
    dialog = dialog_for(anyone, binned[1], binned[2])
    job = confirm(colleague, dialog_for(colleague, binned[0]))

    with unchanged():
        refused = confirm(anyone, dialog)

    assert refused.status == 409
    said = refused.words("dialog")
    assert "A restore is already running. Nothing was changed." in said
    assert "Restore 2 contacts?" in said, "the scope is kept"
    assert anyone.press(refused, "See the running restore").path == job.path


def test_when_the_job_has_ended_the_refused_one_can_be_started(
    anyone: Browser, colleague: Browser, binned: list[Contact], work: Callable[[], None]
) -> None:
    dialog = dialog_for(anyone, binned[1])
    confirm(colleague, dialog_for(colleague, binned[0]))
    assert confirm(anyone, dialog).status == 409
    work()

    job = confirm(anyone, dialog)
    work()

    assert "1 contact restored." in anyone.get(job.path).text
    assert sorted(anyone.get("/contacts").ids) == [binned[0].id, binned[1].id]


def test_the_bar_polls_and_updates_the_table_when_the_job_has_ended(
    scripted: Browser, binned: list[Contact], work: Callable[[], None]
) -> None:
    confirm(scripted, dialog_for(scripted, binned[0]))
    page = scripted.tick(scripted.fill(scripted.get("/contacts/restore"), q="number"), binned[1])
    bar = page.one("#selection-bar")
    assert bar.has_attr("data-poll")
    assert "load delay:" in str(bar["hx-trigger"])

    page = scripted.poll(page)
    assert page.part is not None
    assert not page.part.all("table"), "while it waits, the bar alone"
    assert len(page.ids) == 5
    work()
    page = scripted.poll(page)

    assert page.headers["HX-Retarget"] == "#results"
    assert binned[0].id not in page.ids
    assert len(page.ids) == 4
    assert page.selected == [binned[1].id], "the tick is kept"
    assert not page.one("#restore-selected").has_attr("disabled")
    assert page.words("#restore-all") == "Restore all contacts (4 matching)"
    assert not page.all("[data-poll]"), "and it stops polling"


def test_the_selection_can_be_changed_while_a_job_runs(
    anyone: Browser, colleague: Browser, binned: list[Contact]
) -> None:
    confirm(colleague, dialog_for(colleague, binned[0]))

    page = anyone.tick(anyone.get("/contacts/restore"), binned[2])
    page = anyone.fill(page, q="nobody")

    assert page.selected == [binned[2].id]
    assert "1 of 100 selected · 1 not shown by this filter" in page.words("#selection-bar")


def test_a_dialog_sent_twice_starts_one_job(
    anyone: Browser, world: World, binned: list[Contact], stored: Callable[..., list[Any]]
) -> None:
    dialog = dialog_for(anyone, binned[0])

    first, second = confirm(anyone, dialog), confirm(anyone, dialog)

    assert first.path == second.path
    assert len(stored(select(Job.id).filter_by(workspace_id=world.id))) == 1


def test_a_dialog_sent_again_after_the_end_leads_to_the_same_job(
    anyone: Browser,
    world: World,
    binned: list[Contact],
    work: Callable[[], None],
    stored: Callable[..., list[Any]],
) -> None:
    dialog = dialog_for(anyone, binned[0])
    first = confirm(anyone, dialog)
    work()

    second = confirm(anyone, dialog)

    assert second.path == first.path
    assert "1 contact restored." in second.text
    assert len(stored(select(Job.id).filter_by(workspace_id=world.id))) == 1
