"""`flask demo` on a workspace that has contacts: it adds a load."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world, number
from tests.support.state import nothing_changes
from webapp import bulk
from webapp.cli import demo as command
from webapp.demo import load
from webapp.demo.amounts import Amounts
from webapp.demo.deals import add_deals
from webapp.models import Contact, ContactSearch, ContactTag, Deal, Deletion, Subscription, Workspace

Run = Callable[..., Result]
Stored = Callable[..., list[Any]]


@pytest.fixture
def run(app: Flask, place: World) -> Run:
    """Run `flask demo` on the test's own workspace."""

    def run_demo(*args: str, exit_code: int = 0) -> Result:
        result = app.test_cli_runner().invoke(args=["demo", "--workspace", place.workspace.name, *args])
        assert result.exit_code == exit_code, result.output
        return result

    return run_demo


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every load is committed in parts, like a large one."""
    monkeypatch.setattr(load, "CHUNK", 50)
    monkeypatch.setattr(command, "AT_ONCE", 0)


def live_and_deleted(stored: Stored, place: World) -> tuple[int, int]:
    here = select(Contact.id).where(Contact.workspace_id == place.id)
    live = here.where(Contact.deleted_at.is_(None))
    return len(stored(live)), len(stored(here)) - len(stored(live))


@pytest.mark.parametrize(
    ("live", "deleted"), [(0, 0), (1, 0), (0, 1), (1, 1), (0, 5), (3, 20), (0, 40), (70, 130), (120, 3)]
)
def test_a_load_has_exactly_the_size_asked_for(
    run: Run, stored: Stored, place: World, small_parts: None, live: int, deleted: int
) -> None:
    run("--contacts", str(live), "--deleted", str(deleted))

    assert live_and_deleted(stored, place) == (live, deleted)
    in_bin = stored(select(func.sum(Deletion.in_bin)).where(Deletion.workspace_id == place.id))
    assert (in_bin[0] or 0) == deleted


@pytest.mark.parametrize("args", [["--contacts", "7"], ["--deleted", "7"]])
def test_one_number_asks_for_that_kind_only(run: Run, stored: Stored, place: World, args: list[str]) -> None:
    run(*args)
    assert live_and_deleted(stored, place) == ((7, 0) if args[0] == "--contacts" else (0, 7))


def test_a_second_load_adds_to_the_first(run: Run, stored: Stored, place: World) -> None:
    for _ in range(2):
        run("--contacts", "100", "--deleted", "50", "--seed", "3")

    assert live_and_deleted(stored, place) == (200, 100)


def test_deletions_stay_in_the_order_of_time(run: Run, stored: Stored, store: Session, place: World) -> None:
    contact = new_contact(store, place)
    delete(store, place, contact, ago=timedelta(minutes=5))
    store.commit()
    for _ in range(2):
        run("--contacts", "20", "--deleted", "200")

    moments = stored(
        select(Deletion.created_at).where(Deletion.workspace_id == place.id).order_by(Deletion.number)
    )
    assert len(moments) > 15
    assert moments == sorted(moments)


def test_a_load_deletes_no_earlier_contact(run: Run, stored: Stored, store: Session, place: World) -> None:
    contact_id = new_contact(store, place).id
    store.commit()
    run("--contacts", "20", "--deleted", "60")
    # All of them were restored, with the fair's tag.
    here = Contact.workspace_id == place.id
    store.execute(update(Contact).where(here).values(deleted_at=None, email=None, email_key=None))
    store.commit()
    before = set(stored(select(Contact.id).where(here)))
    run("--deleted", "60")

    after = set(stored(select(Contact.id).where(here, Contact.deleted_at.is_(None))))
    assert contact_id in before
    assert after == before


def test_the_same_seed_gives_the_same_data(app: Flask, store: Session, stored: Stored) -> None:
    def made_up(seed: int) -> tuple[list[Any], list[Any]]:
        place = new_world(store, name=f"Place {number()}")
        store.rollback()
        app.test_cli_runner().invoke(
            args=[
                *("demo", "--workspace", place.workspace.name, "--seed", str(seed)),
                *("--contacts", "60", "--deleted", "40"),
            ]
        )
        here = Contact.workspace_id == place.id
        contacts = stored(select(Contact).where(here).order_by(Contact.id))
        deals = stored(select(Deal).where(Deal.workspace_id == place.id).order_by(Deal.id))
        return [contact.name for contact in contacts], [(deal.value, deal.stage) for deal in deals]

    once, again, other = made_up(5), made_up(5), made_up(6)
    assert len(once[0]) == 100
    assert once == again != other


def test_the_way_of_inserting_rows_changes_nothing(
    app: Flask, store: Session, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_up() -> list[Any]:
        place = new_world(store, name=f"Place {number()}")
        store.rollback()
        app.test_cli_runner().invoke(
            args=["demo", "--workspace", place.workspace.name, "--contacts", "60", "--deleted", "40"]
        )
        here = Contact.workspace_id == place.id
        contacts = stored(select(Contact).where(here).order_by(Contact.id))
        subscriptions = stored(
            select(Subscription).join(Contact).where(here).order_by(Contact.id, Subscription.list_id)
        )
        return [
            [(one.name, one.email, one.email_key, one.phone, one.version) for one in contacts],
            [one.status for one in subscriptions],
            len(stored(select(ContactTag.tag_id).join(Contact).where(here))),
            sorted(stored(select(ContactSearch.text).where(ContactSearch.workspace_id == place.id))),
            stored(select(Deal.title).where(Deal.workspace_id == place.id).order_by(Deal.id)),
        ]

    usual = made_up()
    monkeypatch.setattr(bulk, "_copy", lambda to, table, _names, rows: to.execute(insert(table), list(rows)))
    assert made_up() == usual
    assert len(usual[0]) == 100


def test_contacts_are_loaded_with_all_their_associations(run: Run, stored: Stored, place: World) -> None:
    run("--contacts", "200", "--deleted", "100")

    here = select(Contact.id).where(Contact.workspace_id == place.id)
    assert len(stored(select(Subscription.contact_id).where(Subscription.contact_id.in_(here)))) > 200
    assert len(stored(select(ContactTag.contact_id).where(ContactTag.contact_id.in_(here)))) > 200
    assert len(stored(select(Contact.id).where(Contact.account_id.is_not(None), Contact.id.in_(here)))) > 100
    assert len(stored(select(Deal.id).where(Deal.workspace_id == place.id))) > 20


def test_one_percent_are_twins_and_one_percent_have_an_address_in_use(
    run: Run, stored: Stored, place: World
) -> None:
    run("--contacts", "100", "--deleted", "4000")

    live, deleted = Contact.deleted_at.is_(None), Contact.deleted_at.is_not(None)
    here = select(Contact.email_key).where(Contact.workspace_id == place.id, Contact.email_key.is_not(None))
    assert len(stored(here.where(live, Contact.email_key.in_(here.where(deleted))))) == 40
    twice = here.where(deleted).group_by(Contact.email_key).having(func.count() > 1)
    assert len(stored(twice)) == 40


def test_an_interrupted_small_load_leaves_nothing(
    app: Flask, engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--contacts", "1")

    def breaks_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(load, "Story", breaks_off)
    with nothing_changes(engine):
        run("--contacts", "20", "--deleted", "20", exit_code=1)


def test_an_interrupted_load_leaves_no_incomplete_contact(
    run: Run, stored: Stored, place: World, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = 0

    def breaks_off_in_the_third(*args: Any) -> int:
        nonlocal parts
        parts += 1
        if parts == 3:
            raise KeyboardInterrupt
        return add_deals(*args)

    monkeypatch.setattr(load, "add_deals", breaks_off_in_the_third)
    run("--contacts", "200", exit_code=1)

    assert live_and_deleted(stored, place) == (100, 0)


def test_an_unknown_workspace_is_an_error_that_names_it(
    app: Flask, engine: Engine, stored: Stored, run: Run
) -> None:
    run("--contacts", "1")
    with nothing_changes(engine):
        result = app.test_cli_runner().invoke(args=["demo", "--workspace", "Nowhere"])
    assert result.exit_code == 2
    assert "There is no workspace “Nowhere”" in result.output
    assert stored(select(Workspace.id).where(Workspace.name == "Nowhere")) == []


@pytest.mark.parametrize(("live", "deleted"), [(0, 10**6), (10**6, 10**6), (1, 10**5)])
def test_the_amounts_of_large_loads_add_up(live: int, deleted: int) -> None:
    amounts = Amounts(live, deleted)

    assert amounts.at_first + amounts.twins + amounts.taken + amounts.showcase == live + deleted
    assert 0 <= amounts.twins <= amounts.met_again.start <= amounts.small
    assert amounts.met_again.stop <= amounts.leaving
    assert sum(amounts.rank(place) is not None for place in range(amounts.at_first)) == amounts.leaving
