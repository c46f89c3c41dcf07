"""A person can start so many jobs, send and download so many files and delete so often within a minute."""

import dataclasses
from collections.abc import Iterator
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.confirming import at_once
from tests.support.own_redis import AWAY, ILLNESSES, WELL, OwnRedis
from tests.support.seen import Seen
from webapp.models import Job
from webapp.views import deletion, imports
from webapp.web import rates, starting


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of each, where there are 20 to 60, so that a test need not ask so often."""
    for place, name in ((starting, "JOBS"), (imports, "UPLOADS"), (deletion, "DELETIONS")):
        monkeypatch.setattr(place, name, dataclasses.replace(getattr(place, name), most=2))


@pytest.fixture(params=[WELL, AWAY, next(iter(ILLNESSES))])
def limited(
    environ: dict[str, str], app: Flask, strict: None, ill_redis: OwnRedis, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """An app with the limits on, in each state of its Redis."""
    with ill_redis.state(request.param) as url, another_app(environ, REDIS_URL=url) as limited:
        yield limited


@pytest.fixture
def healthy(environ: dict[str, str], app: Flask, strict: None) -> Iterator[Flask]:
    with another_app(environ) as healthy:
        yield healthy


def test_the_rates_are_beyond_what_a_person_does() -> None:
    every = rates.JOBS, rates.UPLOADS, rates.DOWNLOADS, rates.DELETIONS
    assert [rate.most for rate in every] == [30, 20, 30, 60]


def jobs(store: Session, world: World) -> int:
    store.rollback()
    return store.scalar(select(func.count()).select_from(Job).where(Job.workspace_id == world.id)) or 0


def check_refusal(seen: Seen, what: str) -> None:
    assert seen.status == 429
    assert f"You have {what} within a minute. Nothing was changed. Try again in " in seen.text
    assert 1 <= int(seen.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("javascript", [False, True], ids=["plain", "htmx"])
def test_the_dialog_of_one_job_too_many_stays_and_says_when_to_try_again(
    limited: Flask, javascript: bool, world: World, store: Session
) -> None:
    """Whatever the state of Redis. Exports do not exclude each other."""
    new_contact(store, world)
    store.commit()
    browser = Browser(limited, world.admin)
    browser.javascript = javascript
    page = browser.get("/contacts")
    dialogs = [browser.press(page, "Export") for _ in range(3)]
    assert [browser.press(dialog, "Export").status for dialog in dialogs[:2]] == [200, 200]

    refused = browser.press(dialogs[2], "Export")

    check_refusal(refused, "started 30 jobs")
    assert "Export 1 contact?" in refused.text
    assert jobs(store, world) == 2
    # A form that is sent twice leads to its job, as ever.
    assert browser.press(dialogs[1], "Export").path.startswith("/jobs/")
    # Another person is not meant.
    colleague = Browser(limited, world.member)
    assert colleague.get("/contacts").status == 200


def press_export(browser: Browser, dialog: Seen) -> int:
    return browser.press(dialog, "Export").status


def test_of_many_starts_at_once_no_more_pass_than_may(healthy: Flask, world: World, store: Session) -> None:
    new_contact(store, world)
    store.commit()
    browsers = [Browser(healthy, world.admin) for _ in range(6)]
    dialogs = [(browser, browser.get("/contacts/export")) for browser in browsers]

    seen = at_once([partial(press_export, browser, dialog) for browser, dialog in dialogs])

    assert sorted(seen) == [200, 200, 429, 429, 429, 429]
    assert jobs(store, world) == 2


def test_that_a_restore_runs_is_told_before_the_rate(healthy: Flask, world: World, store: Session) -> None:
    delete(store, world, *(new_contact(store, world) for _ in range(2)))
    store.commit()
    browser = Browser(healthy, world.admin)
    dialogs = [browser.get("/contacts/restore/confirm-all") for _ in range(5)]
    assert browser.press(dialogs[0], "Restore").status == 200

    for dialog in dialogs[1:4]:
        refused = browser.press(dialog, "Restore")
        assert refused.status == 409
        assert "Only one can run at a time." in refused.text

    job = store.scalars(select(Job).where(Job.workspace_id == world.id)).one()
    token = str(dialogs[0].first("[name=csrf_token]")["value"])
    browser.post(f"/restores/{job.id}/cancel", {"csrf_token": token})
    check_refusal(browser.press(dialogs[4], "Restore"), "started 30 jobs")
    assert jobs(store, world) == 1


def test_files_and_deletions_are_limited_too(healthy: Flask, world: World, store: Session) -> None:
    contacts = [new_contact(store, world) for _ in range(3)]
    store.commit()
    browser = Browser(healthy, world.admin)

    form = browser.get("/contacts/import")
    sent = [browser.submit(form, "main form") for _ in range(3)]
    assert [seen.status for seen in sent[:2]] == [422, 422]
    check_refusal(sent[2], "sent 20 files")

    dialogs = [browser.get(f"/contacts/delete?selected={contact.id}") for contact in contacts]
    gone = [browser.press(dialog, dialog.one("dialog form button.button-danger")) for dialog in dialogs]
    assert [seen.status for seen in gone[:2]] == [200, 200]
    check_refusal(gone[2], "deleted contacts 60 times")
    assert browser.get(f"/contacts/{contacts[2].id}").status == 200


def test_downloads_are_limited_too(
    healthy: Flask, world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(healthy, world.admin)
    for number in range(rates.DOWNLOADS.most + 1):
        answer = browser.client.get("/audit.csv")
        assert answer.status_code == (200 if number < rates.DOWNLOADS.most else 429)
        answer.close()
    assert "downloaded 30 files" in answer.text
