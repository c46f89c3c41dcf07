"""Putting all contacts of a file on one list: the choice in the preview, and what the report says of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_list
from tests.factories.people import World
from tests.functional.test_statements import statements
from tests.support.bringing import bring
from tests.support.browser import Browser, set_value
from tests.support.importing import Importing
from tests.support.seen import Seen
from webapp.catalogue.delete import delete_from_catalogue
from webapp.clock import read_clock
from webapp.models import Job, MailingList, Subscription
from webapp.views import import_preview
from webapp.worker.redis_lock import RedisLock

Stored = Callable[..., list[Any]]
Unchanged = Callable[[], AbstractContextManager[None]]
PEOPLE = b"Email,First Name\nann@fair.example,Ann\nbob@fair.example,Bob\n"


@pytest.fixture
def fair(store: Session, world: World) -> int:
    fair = new_list(store, world, "\u202eFair")
    new_list(store, world, "News")
    store.commit()
    return fair.id


def redraw(browser: Browser, page: Seen) -> Seen:
    """What the page does after a choice: at once with scripts, by a button without."""
    if browser.javascript:
        return browser.ask(page, page.one("#import-choices"))
    return browser.press(page, "Show the preview for these choices")


def delete_list(store: Session, world: World, list_id: int) -> None:
    # On SQLite a transaction that has read cannot write after the app has.
    store.rollback()
    delete_from_catalogue(store, MailingList, list_id, workspace_id=world.id, by=None, now=read_clock(store))
    store.commit()


def offered(page: Seen) -> list[str]:
    return [option.get_text() for option in page.all("#list option")]


def test_the_contacts_are_put_on_the_chosen_list_and_the_report_leads_to_it(
    anyone: Browser, world: World, fair: int, stored: Stored, work: Callable[[], None]
) -> None:
    page = bring(anyone, PEOPLE)
    assert offered(page) == ["No list", "\u202eFair", "News"]
    assert page.all("#list option[selected]") == []

    set_value(page.one("#list"), "\u202eFair")
    page = redraw(anyone, page)
    assert page.one("#list option[selected]").get_text() == "\u202eFair"
    job_page = anyone.press(page, "Import 2 rows")
    work()

    [job] = stored(select(Job).where(Job.workspace_id == world.id))
    assert job_page.path == f"/jobs/{job.id}"
    assert (job.request["list_id"], job.request["list_name"]) == (fair, "\u202eFair")
    places = stored(select(Subscription).where(Subscription.list_id == fair))
    assert [place.status for place in places] == ["unconfirmed"] * 2
    report = anyone.get(job_page.path)
    assert "The others are put on the list “\u202eFair”." in report.text
    assert report.words("#put-on-list") == "2 contacts were put on the list “\u202eFair”. See the list"
    assert report.one("#put-on-list a")["href"] == f"/lists/{fair}"


def test_a_list_that_the_account_does_not_have_is_refused_where_it_was_typed(
    admin: Browser, world: World, elsewhere: World, store: Session, fair: int, unchanged: Unchanged
) -> None:
    new_list(store, elsewhere, "Theirs")
    store.commit()
    page = bring(admin, PEOPLE)
    form = {"csrf_token": admin.token(), "column": "0:email", "frozen": page.one("[name=frozen]")["value"]}

    for path in (page.path, f"{page.path}/look"):
        with unchanged():
            refused = admin.post(path, form | {"list": "Theirs"})

        assert refused.status == 422
        assert refused.words("#list-error") == "There is no list “Theirs”. Choose one of yours, or none."
        assert "list-error" in refused.one("#list")["aria-describedby"]
        assert refused.one("#list")["aria-invalid"] == "true"


def test_a_list_that_was_deleted_since_is_said_and_none_is_chosen(
    admin: Browser, world: World, store: Session, fair: int, stored: Stored, unchanged: Unchanged
) -> None:
    page = bring(admin, PEOPLE)
    set_value(page.one("#list"), "\u202eFair")
    page = redraw(admin, page)
    delete_list(store, world, fair)

    with unchanged():
        refused = admin.press(page, "Import 2 rows")

    assert refused.status == 422
    assert "There is no list with this name." in refused.text
    assert offered(refused) == ["No list", "News"]
    # What is shown is what the next click starts.
    started = admin.press(refused, "Import 2 rows")
    [job] = stored(select(Job).where(Job.workspace_id == world.id))
    assert (started.path, "list_id" in job.request) == (f"/jobs/{job.id}", False)


def test_a_second_click_leads_to_the_import_also_after_its_list_was_deleted(
    admin: Browser, world: World, store: Session, fair: int
) -> None:
    page = bring(admin, PEOPLE)
    set_value(page.one("#list"), "\u202eFair")
    page = redraw(admin, page)
    job_page = admin.press(page, "Import 2 rows")
    delete_list(store, world, fair)

    assert admin.press(page, "Import 2 rows").path == job_page.path


def test_of_very_many_lists_the_name_is_typed_in_any_spelling(
    anyone: Browser, world: World, fair: int, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_preview, "SUGGESTED", 1)
    page = bring(anyone, PEOPLE)
    assert page.one("input#list")["value"] == ""

    set_value(page.one("#list"), " NEWS ")
    page = redraw(anyone, page)
    assert page.one("input#list")["value"] == "News"
    anyone.press(page, "Import 2 rows")

    assert stored(select(Job.request["list_name"].as_string()).where(Job.workspace_id == world.id)) == [
        "News"
    ]


def test_what_is_typed_stays_in_the_field_until_it_is_a_list(
    admin: Browser, fair: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_preview, "SUGGESTED", 1)
    page = bring(admin, PEOPLE)
    set_value(page.one("#list"), "Newz")

    refused = redraw(admin, page)

    assert (refused.status, refused.one("input#list")["value"]) == (422, "Newz")


def test_the_preview_for_a_list_takes_few_statements(admin: Browser, fair: int, engine: Engine) -> None:
    page = bring(admin, PEOPLE)
    set_value(page.one("#list"), "News")

    with statements(engine) as asked:
        redraw(admin, page)

    assert len(asked) <= 10, "\n".join(asked)


def test_the_report_says_how_many_came_without_a_list_that_was_deleted(
    admin: Browser, world: World, store: Session, fair: int, lock: RedisLock
) -> None:
    importing = Importing(store, world, lock)
    job = importing.ordered("a@fair.example", "b@fair.example", list_id=fair, list_name="\u202eFair")
    importing.run(job, batch_size=1, should_stop=True)
    delete_list(store, world, fair)
    importing.run(job)

    page = admin.get(f"/jobs/{job.id}")

    assert page.words("#put-on-list") == (
        "The list “\u202eFair” was deleted during the import: "
        "1 was put on it before, and 1 contact came without it."
    )


def test_an_import_for_a_list_is_undone_and_its_contacts_come_back_to_the_list(
    anyone: Browser,
    store: Session,
    world: World,
    fair: int,
    lock: RedisLock,
    stored: Stored,
    work: Callable[[], None],
) -> None:
    """The places stay with the deleted contacts, as those of every deletion do (rule 1)."""
    job = Importing(store, world, lock).imported(
        "a@fair.example", "b@fair.example", list_id=fair, list_name="\u202eFair"
    )
    assert members(anyone, fair) == ["a@fair.example", "b@fair.example"]

    dialog = anyone.press(anyone.get(f"/jobs/{job.id}"), "Undo this import")
    anyone.press(dialog, dialog.one("dialog form[method=post] button"))
    work()

    assert members(anyone, fair) == []
    report = anyone.get(f"/jobs/{job.id}")
    assert report.words("#put-on-list") == "2 contacts were put on the list “\u202eFair”. See the list"
    anyone.press(anyone.press(anyone.get("/contacts/restore"), "Restore all contacts (2)"), "Restore")
    work()
    assert members(anyone, fair) == ["a@fair.example", "b@fair.example"]
    places = stored(select(Subscription).where(Subscription.list_id == fair))
    assert [place.status for place in places] == ["subscribed"] * 2


def members(browser: Browser, list_id: int) -> list[str]:
    """The contacts on the list, as its page shows them."""
    cells = browser.get(f"/lists/{list_id}").all("#results .cell-contact .cell-name")
    return sorted(cell.get_text() for cell in cells)
