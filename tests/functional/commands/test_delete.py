"""`flask contacts delete`: what it deletes, what it asks and what it refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_account, new_contact, new_contacts, new_tag, put_tag
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.cli import confirming
from webapp.models import Contact, Deletion, Job
from webapp.worker.redis_lock import RedisLock

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, place: World) -> Run:
    def delete_contacts(*words: str, typed: str | None = None) -> Result:
        args = ["contacts", "delete", "--workspace", place.workspace.name, *words]
        return app.test_cli_runner().invoke(args=args, input=typed)

    return delete_contacts


@pytest.fixture
def live(stored: Callable[..., list[Any]], place: World) -> Callable[[], set[int]]:
    query = select(Contact.id).where(Contact.workspace_id == place.id, Contact.deleted_at.is_(None))
    return lambda: set(stored(query))


def test_what_matches_is_deleted_as_one_deletion_and_the_report_is_printed(
    run: Run, store: Session, place: World, live: Callable[[], set[int]], stored: Callable[..., list[Any]]
) -> None:
    acme, tag = new_account(store, place, "Acme"), new_tag(store, place, "VIP")
    ann = new_contact(store, place, "Ann", account=acme)
    bob = new_contact(store, place, "Bob", account=acme)
    put_tag(store, bob, tag)
    others = new_contacts(store, place, 3, "Eve")
    store.commit()

    result = run("--account", "acme", "--tag", "vip", "--yes")

    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "Bulk deletion #1: 1 contact deleted.",
        "Admins can restore 1 contact of deletion #1 for 30 days.",
    ]
    assert live() == {ann.id, *(other.id for other in others)}
    assert run("--q", "ann", "--yes").exit_code == 0
    assert run("--all", "--yes").exit_code == 0
    assert live() == set()
    deletions = stored(select(Deletion).filter_by(workspace_id=place.id).order_by(Deletion.number))
    assert [(d.number, d.in_bin, d.source, d.user_id) for d in deletions] == [
        (number, count, "command", None) for number, count in ((1, 1), (2, 1), (3, 3))
    ]


def test_on_a_terminal_the_number_is_asked_for(
    run: Run, store: Session, place: World, live: Callable[[], set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_contacts(store, place, 3)
    store.commit()
    # Without a terminal nothing can be asked.
    refused = run("--all", typed="3\n")
    assert refused.exit_code == 2
    assert "This would delete 3 contacts. Confirm it with --yes" in refused.output
    monkeypatch.setattr(confirming, "can_ask", lambda: True)
    for typed in ("2\n", "\n", "yes\n"):
        wrong = run("--all", typed=typed)
        assert wrong.exit_code == 2
        assert "This is not their number. Nothing was changed." in wrong.output
    assert len(live()) == 3
    asked = run("--all", typed="3\n")
    assert asked.exit_code == 0
    assert "This will delete 3 contacts: all contacts." in asked.output
    assert live() == set()


def test_what_it_refuses(
    run: Run,
    store: Session,
    place: World,
    lock: RedisLock,
    live: Callable[[], set[int]],
    stored: Callable[..., list[Any]],
) -> None:
    contact, binned = new_contact(store, place), new_contact(store, place)
    delete(store, place, binned)
    store.commit()
    for words, said in (
        ((), "Name a filter (--q, --list, --tag or --account), or --all alone."),
        (("--all", "--q", "ann"), "Name a filter"),
        (("--tag", "No such"), "There is no tag “No such”."),
        (("--list", "a\0b"), "There is no list “a�b”."),
        (("--q", "\u200b"), "no letter, digit or sign"),
        (("--q", "nobody"), "No contact matches."),
    ):
        refused = run(*words, "--yes")
        assert refused.exit_code == 2, words
        assert said in refused.output
        assert "Nothing was changed." in refused.output
    restoring = Restoring(store, place, lock)
    restore = restoring.start(restoring.question_all().scope)
    beside = run("--all", "--yes")
    assert beside.exit_code == 2
    assert "Restore #1 is running." in beside.output
    assert live() == {contact.id}
    assert stored(select(Job.id).filter_by(workspace_id=place.id)) == [restore.id]
