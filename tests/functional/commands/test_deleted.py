"""`flask contacts restore` and `flask contacts erase`: what becomes of deleted contacts that match."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.cli import confirming
from webapp.models import AutomationRun, Contact, Job
from webapp.worker.redis_lock import RedisLock

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, place: World) -> Run:
    def act(verb: str, *words: str, typed: str | None = None) -> Result:
        args = ["contacts", verb, "--workspace", place.workspace.name, *words]
        return app.test_cli_runner().invoke(args=args, input=typed)

    return act


@pytest.fixture
def here(stored: Callable[..., list[Any]], place: World) -> Callable[[], tuple[int, int]]:
    """How many contacts live, and how many are deleted."""

    def count() -> tuple[int, int]:
        contacts = stored(select(Contact).filter_by(workspace_id=place.id))
        deleted = [contact.deleted_at is not None for contact in contacts]
        return deleted.count(False), deleted.count(True)

    return count


@pytest.fixture
def binned(store: Session, place: World) -> None:
    """Deletion 1 with Ann, and deletion 2 with three called Eve."""
    delete(store, place, new_contact(store, place, "Ann"))
    delete(store, place, *new_contacts(store, place, 3, "Eve"))
    store.commit()


@pytest.mark.usefixtures("binned")
def test_a_deletion_is_restored_and_nothing_is_triggered(
    run: Run, here: Callable[[], tuple[int, int]], stored: Callable[..., list[Any]], place: World
) -> None:
    result = run("restore", "--deletion", "2", "--yes")

    assert (result.exit_code, result.output) == (0, "Restore #1: 3 contacts restored.\n")
    assert here() == (3, 1)
    assert run("restore", "--q", "ann", "--yes").output == "Restore #2: 1 contact restored.\n"
    assert here() == (4, 0)
    assert stored(select(AutomationRun).filter_by(workspace_id=place.id)) == []
    assert [job.requested_by for job in stored(select(Job).filter_by(workspace_id=place.id))] == [None, None]


@pytest.mark.usefixtures("binned")
def test_what_is_erased_is_gone_and_the_rest_can_be_restored(
    run: Run, here: Callable[[], tuple[int, int]]
) -> None:
    assert run("erase", "--q", "eve", "--yes").output == "Erasure #1: 3 contacts deleted for ever.\n"
    assert here() == (0, 1)
    assert run("restore", "--all", "--yes").exit_code == 0
    assert here() == (1, 0)


@pytest.mark.usefixtures("binned")
@pytest.mark.parametrize("verb", ["restore", "erase"])
def test_a_refusal_changes_nothing_and_exits_with_2(
    run: Run,
    here: Callable[[], tuple[int, int]],
    store: Session,
    place: World,
    lock: RedisLock,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
) -> None:
    refused = {
        "Name a filter": run(verb, "--yes"),
        "or --all alone": run(verb, "--all", "--q", "ann", "--yes"),
        "No deleted contact matches": run(verb, "--deletion", "9", "--yes"),
        "Confirm it with --yes": run(verb, "--all"),
    }
    monkeypatch.setattr(confirming, "can_ask", lambda: True)
    refused["This is not their number"] = run(verb, "--all", typed="3\n")
    restoring = Restoring(store, place, lock)
    running = restoring.start(restoring.question_all().scope)
    refused["Restore #1 is running"] = run(verb, "--all", "--yes")

    for sentence, result in refused.items():
        assert result.exit_code == 2, (sentence, result.output)
        assert sentence in result.output
        assert "Nothing was changed." in result.output
    assert here() == (0, 4)
    assert running.state == "queued"
