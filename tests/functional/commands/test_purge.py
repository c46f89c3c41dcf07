"""`flask contacts purge`: all workspaces or one, counted or carried out."""

from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World, new_world, number
from tests.support.restoring import Restoring
from webapp.models import Contact, Job
from webapp.worker.redis_lock import RedisLock

LONG_AGO = timedelta(days=32)


@pytest.fixture
def place(store: Session) -> World:
    """A workspace with three contacts whose time is over, and one in the bin."""
    place = new_world(store, name=f"Place {number()}")
    delete(store, place, *new_contacts(store, place, 3), ago=LONG_AGO)
    delete(store, place, new_contact(store, place))
    store.commit()
    return place


def purge(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["contacts", "purge", *arguments])


def count(store: Session, place: World) -> int:
    store.rollback()
    return store.scalar(select(func.count()).where(Contact.workspace_id == place.id)) or 0


def test_it_purges_one_workspace_and_a_second_time_there_is_nothing(
    app: Flask, store: Session, place: World
) -> None:
    only = ("--workspace", place.workspace.name)

    counted = purge(app, *only, "--dry-run")
    assert (counted.exit_code, counted.output) == (
        0,
        f"{place.workspace.name}: 3 contacts would be purged.\n",
    )
    assert count(store, place) == 4

    done = purge(app, *only)
    assert (done.exit_code, done.output) == (0, f"{place.workspace.name}: 3 contacts purged.\n")
    assert count(store, place) == 1
    job = store.scalars(select(Job).where(Job.workspace_id == place.id)).one()
    assert (job.kind, job.state, job.requested_by, job.number) == ("purge", "done", None, 1)

    again = purge(app, *only)
    assert (again.exit_code, again.output) == (
        0,
        "No contact was deleted more than 31 days ago. Nothing was changed.\n",
    )


def test_without_a_name_it_purges_every_workspace(app: Flask, store: Session, place: World) -> None:
    other = new_world(store, name=f"Place {number()}")
    delete(store, other, new_contact(store, other), ago=LONG_AGO)
    store.commit()

    done = purge(app)

    assert done.exit_code == 0
    assert f"{place.workspace.name}: 3 contacts purged.\n" in done.output
    assert f"{other.workspace.name}: 1 contact purged.\n" in done.output
    assert (count(store, place), count(store, other)) == (1, 0)


def test_while_a_restore_is_active_it_says_so_and_leaves_everything(
    app: Flask, store: Session, place: World, lock: RedisLock
) -> None:
    restoring = Restoring(store, place, lock)
    job = restoring.start(restoring.question_all().scope)

    left = purge(app, "--workspace", place.workspace.name)

    sentence = "Restore #1 needs the deleted contacts. Nothing was purged."
    assert (left.exit_code, left.output) == (1, f"{place.workspace.name}: {sentence}\n")
    assert count(store, place) == 4
    restoring.run(job)


def test_an_unknown_workspace_is_refused(app: Flask, place: World) -> None:
    refused = purge(app, "--workspace", "No such place")

    assert refused.exit_code == 2
    assert "There is no workspace “No such place”" in refused.output
