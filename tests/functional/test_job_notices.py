"""The end of a job is told to the admin who requested it, on whatever page they are, once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World, new_admin
from tests.support.browser import Browser
from tests.support.faults import before_each_statement
from tests.support.seen import Seen
from webapp.models import Contact, Job, NoticeSeen

Work = Callable[[], None]
Unchanged = Callable[[], AbstractContextManager[None]]

PAGES = ("/contacts", "/contacts/restore", "/restores", "/design")


@pytest.fixture
def binned(world: World, store: Session) -> list[Contact]:
    contacts = new_contacts(store, world, 4)
    delete(store, world, *contacts)
    store.commit()
    return contacts


def start(browser: Browser, contact: Contact) -> Seen:
    return browser.press(browser.get(f"/contacts/restore/confirm?selected={contact.id}"), "Restore")


def told(page: Seen) -> str:
    return page.words("#job-notices")


def id_of(job: Seen) -> int:
    return int(job.path.removeprefix("/restores/"))


def test_the_next_page_tells_of_the_end_until_the_report_is_opened(
    anyone: Browser, binned: list[Contact], work: Work, store: Session, world: World
) -> None:
    live = new_contact(store, world)
    store.commit()
    job = start(anyone, binned[0])
    for path in PAGES:
        assert told(anyone.get(path)) == ""
    work()

    for path in (*PAGES, f"/contacts/{live.id}"):
        assert told(anyone.get(path)) == "Restore #1 is done. 1 contact restored. See the report", path
    report = anyone.press(anyone.get("/contacts"), "See the report")
    assert report.path == job.path
    assert told(report) == "", "not on its own page"
    for path in PAGES:
        assert told(anyone.get(path)) == ""


def test_it_can_be_dismissed(
    anyone: Browser, binned: list[Contact], work: Work, stored: Callable[..., list[Any]], world: World
) -> None:
    job = start(anyone, binned[0])
    work()
    page = anyone.get("/contacts/restore?q=ann")

    page = anyone.press(page, page.one(f"#dismiss-job-{id_of(job)}"))

    assert page.path == "/contacts/restore"
    assert page.query["q"] == "ann", "one stays where one is"
    assert told(page) == told(anyone.get("/contacts")) == ""
    seen = select(NoticeSeen.subject_id).where(NoticeSeen.user_id == world.admin.id)
    assert stored(seen) == [id_of(job)]


def test_the_report_that_arrives_by_polling_counts_as_seen(
    scripted: Browser, binned: list[Contact], work: Work
) -> None:
    page = start(scripted, binned[0])
    work()

    assert "1 contact restored." in scripted.poll(page).words("#progress")

    assert told(scripted.get("/contacts")) == ""


def test_an_open_page_asks_while_a_restore_of_ones_own_has_not_ended_and_no_longer(
    scripted: Browser, binned: list[Contact], work: Work
) -> None:
    assert not scripted.get("/contacts").all("main [data-background]")
    start(scripted, binned[0])
    page = scripted.get("/contacts")
    part = page.one("#job-notices[data-background]")
    assert scripted.client.get(str(part["hx-get"])).status_code == 204, "nothing to change yet"
    work()

    page = scripted.ask(page, part)

    assert "1 contact restored." in told(page)
    assert page.one("#job-notices")["data-announce"] == "Restore #1 is done. 1 contact restored."
    assert not page.all("main [data-background]"), "it ends by itself"


def test_a_page_with_a_notice_goes_on_asking_for_the_restore_in_line(
    scripted: Browser, binned: list[Contact], work: Work, store: Session
) -> None:
    first = start(scripted, binned[0])
    dialog = scripted.get(f"/contacts/restore/confirm?selected={binned[1].id}")
    second = scripted.press(dialog, "Start when this one has ended")
    assert scripted.get(first.path).all("main [data-background]"), "on the page of the one, for the other"
    store.execute(update(Job).where(Job.id == id_of(first)).values(state="done", finished_at=func.now()))
    store.commit()

    page = scripted.get("/contacts")
    part = page.one("#job-notices[data-background]")
    assert "Restore #1 is done." in told(page)
    assert scripted.client.get(str(part["hx-get"])).status_code == 204
    page = scripted.press(page, page.one(f"#dismiss-job-{id_of(first)}"))

    assert told(page) == ""
    assert page.all("main [data-background]")
    scripted.press(scripted.get(second.path), "Leave the line")


def test_a_cancelled_and_a_failed_restore_say_so(
    anyone: Browser, binned: list[Contact], store: Session, world: World
) -> None:
    for state in ("cancelled", "failed"):
        job = start(anyone, binned[0])
        store.execute(update(Job).where(Job.id == id_of(job)).values(state=state, finished_at=func.now()))
        store.commit()

    said = told(anyone.get("/contacts"))

    assert "Restore #1 was cancelled. 0 contacts restored." in said
    assert "Restore #2 has failed. 0 contacts restored." in said
    assert said.index("#2") < said.index("#1"), "the latest first"


def test_others_are_not_told_and_cannot_dismiss_it(
    anyone: Browser,
    member: Browser,
    browse: Callable[..., Browser],
    binned: list[Contact],
    work: Work,
    store: Session,
    world: World,
    unchanged: Unchanged,
) -> None:
    cleo = new_admin(store, world.workspace)
    store.commit()
    colleague = browse(cleo)
    job = start(anyone, binned[0])
    work()

    assert told(colleague.get("/contacts")) == ""
    assert not member.get("/contacts").all("#job-notices")
    with unchanged():
        fields = {"csrf_token": colleague.token()}
        assert colleague.post(f"/notices/{id_of(job)}/seen", fields).status == 404
    assert "1 contact restored." in told(anyone.get("/contacts"))


def test_a_restore_that_runs_has_no_end_to_dismiss(
    anyone: Browser, binned: list[Contact], unchanged: Unchanged
) -> None:
    job = start(anyone, binned[0])

    with unchanged():
        assert anyone.post(f"/notices/{id_of(job)}/seen", {"csrf_token": anyone.token()}).status == 404


def test_dismissing_twice_is_the_same_as_once(
    anyone: Browser, binned: list[Contact], work: Work, unchanged: Unchanged
) -> None:
    job = start(anyone, binned[0])
    work()
    fields = {"csrf_token": anyone.token(), "back": "https://elsewhere.example/"}
    assert anyone.post(f"/notices/{id_of(job)}/seen", fields).path == "/restores"

    with unchanged():
        assert anyone.post(f"/notices/{id_of(job)}/seen", fields).status == 200


def test_a_page_asks_once_for_it(anyone: Browser, binned: list[Contact], work: Work, engine: Engine) -> None:
    start(anyone, binned[0])
    work()
    asked: list[str] = []

    with before_each_statement(engine, asked.append):
        anyone.get("/contacts")

    about_jobs = [each for each in asked if "notice_seen" in each and "restore_job" in each]
    assert len(about_jobs) == 1
