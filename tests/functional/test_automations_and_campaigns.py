"""Automations and campaigns through the queue: an import triggers them, the worker carries them out, a
restore does neither."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, new_tag, put_tag, subscribe
from tests.factories.people import World, new_world, number
from tests.support.browser import Browser
from tests.support.marketing import Marketing
from webapp.extensions import db
from webapp.marketing.due import due_workspaces, process_due
from webapp.models import AutomationRun, CampaignSend
from webapp.models.automation import RunState
from webapp.worker.watch import reconcile

Stored = Callable[..., list[Any]]


@pytest.fixture
def world(store: Session) -> World:
    """A workspace with a unique name."""
    world = new_world(store, name=f"Place {number()}")
    store.rollback()
    return world


@pytest.fixture
def marketing(store: Session, world: World) -> Marketing:
    return Marketing(store, world)


@pytest.fixture
def states(stored: Stored, world: World) -> Callable[[], tuple[list[str], list[str]]]:
    """The states of all runs and all messages of the workspace, by id."""
    runs = select(AutomationRun).where(AutomationRun.workspace_id == world.id).order_by(AutomationRun.id)
    sends = select(CampaignSend).where(CampaignSend.workspace_id == world.id).order_by(CampaignSend.id)
    return lambda: ([run.state for run in stored(runs)], [send.state for send in stored(sends)])


def run(app: Flask, *arguments: str) -> str:
    return str(app.test_cli_runner().invoke(args=list(arguments)).output)


def test_an_import_triggers_automations_and_the_worker_carries_them_out(
    app: Flask, world: World, store: Session, marketing: Marketing, states: Any, tmp_path: Path, work: Any
) -> None:
    news = new_list(store, world, "News")
    campaign = marketing.campaign(news)
    marketing.automation(news, {"do": "send", "campaign": campaign.id})
    marketing.automation(new_tag(store, world, "VIP"), {"do": "wait", "hours": 24})
    store.commit()
    path = tmp_path / "people.csv"
    path.write_text("Email,Tags,Lists\na@b.example,VIP,News\nb@b.example,,News\n")

    run(app, "contacts", "import", str(path), "--workspace", world.workspace.name)
    assert states() == (["queued"] * 3, [])
    work()

    assert states() == (["done", "done", "waiting"], ["sent", "sent"])


def test_a_campaign_is_sent_by_a_command(
    app: Flask, world: World, store: Session, marketing: Marketing, states: Any, work: Any
) -> None:
    news = new_list(store, world)
    for status in ("subscribed", "subscribed", "unsubscribed"):
        subscribe(store, new_contact(store, world), news, status)
    marketing.campaign(news, "Spring news")
    store.commit()

    said = run(app, "campaigns", "send", "Spring news", "--workspace", world.workspace.name)
    assert said == "2 messages queued.\n"
    work()

    assert states() == ([], ["sent", "sent"])
    again = run(app, "campaigns", "send", "Spring news", "--workspace", world.workspace.name)
    assert again == "0 messages queued.\n"


def test_an_unknown_campaign_is_an_error_that_names_it(app: Flask, world: World) -> None:
    result = app.test_cli_runner().invoke(
        args=["campaigns", "send", "Nothing", "--workspace", world.workspace.name]
    )

    assert result.exit_code == 2
    assert "There is no campaign “Nothing”. Nothing was changed." in result.output


def test_a_restore_through_the_pages_leaves_runs_and_messages_as_they_were(
    admin: Browser, world: World, store: Session, marketing: Marketing, states: Any, work: Any
) -> None:
    news, vip, contact = new_list(store, world), new_tag(store, world), new_contact(store, world)
    marketing.automation(news, {"do": "send", "campaign": marketing.campaign(news).id})
    marketing.automation(vip, {"do": "wait", "hours": 24}, {"do": "add_tag", "tag": vip.id})
    subscribe(store, contact, news, "subscribed")
    put_tag(store, contact, vip)
    delete(store, world, contact)
    store.commit()

    page = admin.press(admin.get("/contacts/restore"), "Restore all contacts")
    admin.press(page, "Restore")
    work()

    assert admin.get("/contacts").ids == [contact.id]
    assert states() == ([], [])


def test_the_supervisor_rings_for_due_work(
    app: Flask, world: World, store: Session, marketing: Marketing, states: Any, work: Any
) -> None:
    """Without a ring: it was lost with Redis, or a wait has just ended."""
    vip, contact = new_tag(store, world), new_contact(store, world)
    marketing.automation(vip, {"do": "wait", "hours": 24})
    marketing.tag(vip, contact)
    store.commit()

    with app.app_context():
        assert world.id in due_workspaces(db.session())
        reconcile()
        work()
        assert world.id not in due_workspaces(db.session())

    assert states() == (["waiting"], [])


def test_a_stopping_worker_exits_after_a_batch_and_the_next_continues(
    app: Flask, world: World, store: Session, marketing: Marketing, stored: Stored
) -> None:
    """Three waits, of which the first two are over at once: three batches."""
    with app.app_context():
        # Due work that other tests have left.
        process_due(db.session())
    vip, contact = new_tag(store, world), new_contact(store, world)
    now, later = {"do": "wait", "hours": 0}, {"do": "wait", "hours": 24}
    marketing.automation(vip, now, now, later)
    marketing.tag(vip, contact)
    store.commit()

    def step() -> int:
        [run] = stored(select(AutomationRun).where(AutomationRun.workspace_id == world.id))
        return int(run.step)

    with app.app_context():
        answers = iter([False])
        assert process_due(db.session(), should_stop=lambda: next(answers, True)) == 1
        assert step() == 1
        assert process_due(db.session()) == 2
    assert step() == 3


def test_failing_work_does_not_delay_another_workspace(
    app: Flask, world: World, store: Session, marketing: Marketing, stored: Stored
) -> None:
    """Steps that are not a list: the app never writes them, and they must not stop the others."""
    worlds = [world, new_world(store), new_world(store)]
    for place, each in enumerate(worlds):
        their, vip = Marketing(store, each), new_tag(store, each)
        automation = their.automation(vip, {"do": "wait", "hours": 24})
        if place == 1:
            automation.steps = 7  # type: ignore[assignment]
        their.tag(vip, new_contact(store, each))
    store.commit()

    with app.app_context():
        process_due(db.session())

    runs = select(AutomationRun).where(AutomationRun.workspace_id.in_([each.id for each in worlds]))
    rows = {run.workspace_id: run for run in stored(runs)}
    assert [rows[each.id].state for each in worlds] == ["waiting", "queued", "waiting"]
    # Other tests must not process it.
    for row in store.scalars(select(AutomationRun).where(AutomationRun.workspace_id == worlds[1].id)):
        row.state = RunState.ENDED
    store.commit()
