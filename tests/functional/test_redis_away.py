"""Redis is down or refuses writes: all can be read, nothing can be started, and nothing is half done."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.own_redis import AWAY, ILLNESSES, OwnRedis
from webapp.models import Contact, Job


@pytest.fixture(params=[AWAY])
def app_without_redis(
    environ: dict[str, str], app: Flask, ill_redis: OwnRedis, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """An app on the same database, without a Redis that takes writes."""
    with ill_redis.state(request.param) as url, another_app(environ, REDIS_URL=url) as app_without_redis:
        yield app_without_redis


@pytest.fixture(params=[False, True], ids=["plain", "htmx"])
def admin_without_redis(app_without_redis: Flask, world: World, request: pytest.FixtureRequest) -> Browser:
    """The admin in that app."""
    return Browser(app_without_redis, world.admin, javascript=request.param)


@pytest.fixture
def binned(world: World, store: Session) -> list[Contact]:
    contacts = new_contacts(store, world, 3)
    delete(store, world, *contacts)
    store.commit()
    return contacts


@pytest.mark.parametrize("app_without_redis", [AWAY, *ILLNESSES], indirect=True)
def test_without_redis_no_restore_starts_and_the_dialog_says_what_to_do(
    admin_without_redis: Browser,
    admin: Browser,
    world: World,
    binned: list[Contact],
    unchanged: Callable[[], AbstractContextManager[None]],
    stored: Callable[..., list[Any]],
    work: Callable[[], None],
) -> None:
    page = admin_without_redis.tick(admin_without_redis.get("/contacts/restore"), binned[0], binned[1])
    dialog = admin_without_redis.press(page, page.one("#restore-selected"))

    with unchanged():
        refused = admin_without_redis.press(dialog, dialog.one("form[action='/restores'] button"))

    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    said = refused.words("dialog")
    assert "Restores cannot be started right now. Nothing was changed. Try again in a few seconds." in said
    assert "Restore 2 contacts?" in said, "the scope is kept"
    assert stored(select(Job.id).filter_by(workspace_id=world.id)) == []
    # Redis is back: the same dialog, sent again, starts the job.
    token = {"csrf_token": admin.token(), "scope": str(refused.one("input[name=scope]")["value"])}
    job = admin.post("/restores", token)
    work()
    assert "2 contacts restored." in admin.get(job.path).text


def test_everything_else_works_without_redis(
    admin_without_redis: Browser, world: World, store: Session, binned: list[Contact]
) -> None:
    contact = new_contact(store, world)
    store.commit()

    assert admin_without_redis.get("/contacts").ids == [contact.id]
    assert len(admin_without_redis.get("/contacts/restore?q=ann").ids) == 3
    assert admin_without_redis.get("/restores").status == 200
    page = admin_without_redis.tick(admin_without_redis.get("/contacts"), contact)
    dialog = admin_without_redis.press(page, page.one("#delete-selected"))
    assert (
        "You deleted 1 contact just now."
        in admin_without_redis.press(dialog, dialog.one("dialog form[method=post] button")).text
    )


def test_without_redis_an_earlier_job_can_be_watched_and_cancelled(
    admin_without_redis: Browser, admin: Browser, binned: list[Contact]
) -> None:
    dialog = admin.get("/contacts/restore/confirm-all")
    job = admin.press(dialog, dialog.one("form[action='/restores'] button"))

    seen = admin_without_redis.get(job.path)
    assert "Waiting to begin: 3 contacts." in seen.text
    assert "Cancelled" in admin_without_redis.press(seen, "Cancel this restore").text
