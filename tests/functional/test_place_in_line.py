"""The place in line: a second restore is confirmed while one runs, waits, and starts by itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete as delete_rows
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World, new_admin
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.models import Contact, GroupMembership, Job, User
from webapp.worker.connection import connect
from webapp.worker.services import services

Unchanged = Callable[[], AbstractContextManager[None]]
Work = Callable[[], None]


@pytest.fixture
def binned(world: World, store: Session) -> list[Contact]:
    contacts = new_contacts(store, world, 5)
    delete(store, world, *contacts)
    store.commit()
    return contacts


@pytest.fixture
def cleo(world: World, store: Session) -> User:
    """Another admin of the account."""
    user = new_admin(store, world.workspace)
    store.commit()
    return user


@pytest.fixture
def colleague(browse: Callable[..., Browser], cleo: User, anyone: Browser) -> Browser:
    browser = browse(cleo)
    browser.javascript = anyone.javascript
    return browser


def dialog_for(browser: Browser, *contacts: Contact) -> Seen:
    """The dialog from the page, by the button that is enabled."""
    page = browser.tick(browser.get("/contacts/restore"), *contacts)
    return browser.press(page, (page.all("#line-up") or page.all("#restore-selected"))[0])


def start(browser: Browser, *contacts: Contact) -> Seen:
    return browser.press(dialog_for(browser, *contacts), "Restore")


def line_up(browser: Browser, *contacts: Contact) -> Seen:
    return browser.press(dialog_for(browser, *contacts), "Start when this one has ended")


def test_from_the_page_to_the_end_of_both(
    anyone: Browser, colleague: Browser, binned: list[Contact], work: Work
) -> None:
    first = start(colleague, binned[0])
    page = anyone.tick(anyone.get("/contacts/restore"), binned[1])

    dialog = anyone.press(page, "Line up the next restore")
    assert dialog.status == 200
    assert "Restore 1 contact?" in dialog.words("dialog")
    assert not dialog.all("form[action='/restores']")
    second = anyone.press(dialog, "Start when this one has ended")

    assert second.words("h1") == "Restore #2"
    assert "In line" in second.words("#progress")
    assert "started by Cleo Colleague, has ended." in second.words("#progress")
    assert "Lined up by Ada Admin" in second.text
    assert anyone.press(second, "Restore #1").path == first.path
    # A worker that carries the first out is rung for the second by its end.
    work()
    assert "1 contact restored." in anyone.get(first.path).text
    assert "1 contact restored." in anyone.get(second.path).text
    assert sorted(anyone.get("/contacts").ids) == [binned[0].id, binned[1].id]


def test_without_ticks_the_button_lines_up_all_that_match(
    anyone: Browser, colleague: Browser, binned: list[Contact]
) -> None:
    start(colleague, binned[0])

    dialog = anyone.press(anyone.get("/contacts/restore?q=number"), "Line up the next restore")

    assert "Restore all 5 matching contacts?" in dialog.words("dialog")


def test_a_confirmation_that_came_too_late_can_be_put_in_line(
    anyone: Browser, colleague: Browser, binned: list[Contact]
) -> None:
    dialog = dialog_for(anyone, binned[1], binned[2])
    start(colleague, binned[0])
    refused = anyone.press(dialog, "Restore")
    assert refused.status == 409
    assert "Nothing was changed." in refused.words("dialog")

    waiting = anyone.press(refused, "Start when this one has ended")

    assert "Waiting in line: 2 contacts." in waiting.words("#progress")
    assert "2 selected contacts." in waiting.text


def test_the_place_is_shown_with_its_owner_and_a_third_restore_is_refused(
    anyone: Browser, colleague: Browser, binned: list[Contact], unchanged: Unchanged
) -> None:
    late = dialog_for(anyone, binned[2])
    first, dialog = start(colleague, binned[0]), dialog_for(anyone, binned[2])
    waiting = line_up(colleague, binned[1])

    page = anyone.get("/contacts/restore")
    assert "lined up by Cleo Colleague." in page.words("#selection-bar")
    assert not page.all("#line-up")
    assert anyone.press(page, "Restore #2").path == waiting.path
    assert "lined up by Cleo Colleague. 1 selected contact." in anyone.get(first.path).text
    assert "In line" in anyone.get("/restores").text
    with unchanged():
        for refused in (
            anyone.press(dialog, "Start when this one has ended"),
            anyone.press(late, "Restore"),
            anyone.get(f"/contacts/restore/confirm?selected={binned[2].id}"),
        ):
            assert refused.status == 409
            assert "lined up by Cleo Colleague." in refused.words("dialog")
            assert not refused.all("form[action='/restores/line'], form[action='/restores']")
            assert anyone.press(refused, "Restore #2").path == waiting.path


@pytest.mark.parametrize("whose_page", ["running", "waiting"])
def test_any_admin_can_remove_it_and_the_place_is_free(
    whose_page: str, anyone: Browser, colleague: Browser, binned: list[Contact], work: Work
) -> None:
    first, waiting = start(anyone, binned[0]), line_up(colleague, binned[1])
    page = anyone.get((first if whose_page == "running" else waiting).path)

    left = anyone.press(page, "Leave the line")

    assert left.path == waiting.path
    assert "Cancelled" in left.words("#progress")
    assert "Stopped by Ada Admin." in left.words("#progress")
    assert "0 contacts restored." in left.words("#progress")
    third = line_up(anyone, binned[2])
    work()
    assert "1 contact restored." in anyone.get(third.path).text
    assert binned[1].id in anyone.get("/contacts/restore").ids
    # What it would have restored can be asked for again from its page.
    assert "Restore 1 contact?" in anyone.press(anyone.get(left.path), "Continue").words("dialog")


def test_sent_twice_or_after_the_end_it_is_one_restore(
    anyone: Browser, colleague: Browser, binned: list[Contact], work: Work
) -> None:
    start(colleague, binned[0])
    dialog = dialog_for(anyone, binned[1])
    first = anyone.press(dialog, "Start when this one has ended")
    assert anyone.press(dialog, "Start when this one has ended").path == first.path
    work()

    again = anyone.press(dialog, "Start when this one has ended")

    assert again.path == first.path
    assert "1 contact restored." in again.text


def test_if_none_runs_any_more_it_starts_at_once(
    anyone: Browser, colleague: Browser, binned: list[Contact], work: Work, world: World,
    stored: Callable[..., list[Any]],
) -> None:  # fmt: skip
    start(colleague, binned[0])
    dialog = dialog_for(anyone, binned[1])
    work()

    job = anyone.press(dialog, "Start when this one has ended")

    assert "Waiting to begin: 1 contact." in job.words("#progress")
    (waited,) = stored(select(Job.promoted_at).where(Job.workspace_id == world.id, Job.number == 2))
    assert waited is None
    work()
    assert "1 contact restored." in anyone.get(job.path).text


def test_redis_is_not_needed_to_wait(
    admin: Browser, app: Flask, binned: list[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(admin, binned[0])
    dialog = dialog_for(admin, binned[1])
    with app.app_context():
        for one in (services().lock, services().doorbell):
            monkeypatch.setattr(one, "redis", connect("redis://127.0.0.1:1"))

    waiting = admin.press(dialog, "Start when this one has ended")

    assert "In line" in waiting.words("#progress")


def test_an_owner_who_is_no_admin_any_more_gets_nothing_restored(
    anyone: Browser, colleague: Browser, cleo: User, binned: list[Contact], store: Session, work: Work
) -> None:
    start(anyone, binned[0])
    waiting = line_up(colleague, binned[1])
    store.execute(delete_rows(GroupMembership).where(GroupMembership.user_id == cleo.id))
    store.commit()
    work()

    said = anyone.get(waiting.path).words("#progress")

    assert "Cleo Colleague is no longer an admin of your account." in said
    assert "0 contacts restored." in said
    third = start(anyone, binned[2])
    work()
    assert "1 contact restored." in anyone.get(third.path).text


def test_what_changed_before_it_was_lined_up_is_asked_about_again(
    anyone: Browser, colleague: Browser, binned: list[Contact], world: World, store: Session
) -> None:
    start(colleague, binned[0])
    dialog = dialog_for(anyone, binned[1])
    new_contact(store, world, email=binned[1].email)
    store.commit()

    asked = anyone.press(dialog, "Start when this one has ended")

    assert asked.status == 409
    assert "This has changed since you opened it. Nothing was restored." in asked.words("dialog")


def test_the_page_of_the_waiting_restore_polls_until_the_end(
    scripted: Browser, binned: list[Contact], work: Work
) -> None:
    start(scripted, binned[0])
    waiting = line_up(scripted, binned[1])
    again = scripted.poll(waiting)
    assert "In line · Restore #2" in str(again.one("#progress")["data-title"])
    work()

    ended = scripted.poll(again)

    assert "1 contact restored." in ended.text
    assert "Done · Restore #2" in str(ended.one("#progress")["data-title"])
    assert not ended.all("[data-poll]")


def test_the_bar_redraws_the_table_when_the_restore_in_line_is_promoted(
    scripted: Browser, binned: list[Contact], work: Work, store: Session, world: World
) -> None:
    first = start(scripted, binned[0])
    line_up(scripted, binned[1])
    page = scripted.get("/contacts/restore")
    job_id = int(first.path.removeprefix("/restores/"))
    # As if the second one had been promoted, and the first had restored its contact.
    work()
    store.execute(update(Job).where(Job.id > job_id, Job.workspace_id == world.id).values(state="running"))
    store.commit()

    page = scripted.poll(page)

    assert page.headers["HX-Retarget"] == "#results"
    assert binned[0].id not in page.ids
    assert "Restoring" in page.words("#selection-bar"), "the second one runs"
