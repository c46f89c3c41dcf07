"""Rule 4. Nothing is triggered: no automation run, no campaign send; what waited before the deletion does not
resume."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_list, new_tag, put_tag, subscribe
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.models import Automation, AutomationRun, Campaign, CampaignSend, Contact


def new_run(session: Session, contact: Contact, state: str, due_in: timedelta = DAY) -> AutomationRun:
    """A contact's way through an active automation that its list or tag set going."""
    automation = Automation(
        workspace_id=contact.workspace_id, name="Welcome", trigger="subscribed", steps=[{"do": "wait"}]
    )
    session.add(automation)
    session.flush()
    run = AutomationRun(
        workspace_id=contact.workspace_id,
        automation_id=automation.id,
        contact_id=contact.id,
        state=state,
        created_at=contact.created_at,
        due_at=contact.created_at + due_in,
    )
    session.add(run)
    session.flush()
    return run


def new_send(session: Session, contact: Contact, state: str) -> CampaignSend:
    campaign = Campaign(workspace_id=contact.workspace_id, name="Spring")
    session.add(campaign)
    session.flush()
    send = CampaignSend(
        workspace_id=contact.workspace_id,
        campaign_id=campaign.id,
        contact_id=contact.id,
        state=state,
        created_at=contact.created_at,
        due_at=contact.created_at + DAY,
    )
    session.add(send)
    session.flush()
    return send


def marketing(session: Session, world: World) -> list[dict[str, Any]]:
    """Every run and every send of the workspace, with all that is written in it."""
    return [
        {column.key: getattr(row, column.key) for column in inspect(model).column_attrs}
        for model in (AutomationRun, CampaignSend)
        for row in session.scalars(
            select(model)
            .where(model.workspace_id == world.id)
            .order_by(model.id)
            .execution_options(populate_existing=True)
        )
    ]


def test_a_restore_makes_no_run_and_no_send(session: Session, world: World, restoring: Restoring) -> None:
    news, vip = new_list(session, world), new_tag(session, world)
    session.add_all(
        [
            Automation(workspace_id=world.id, name="On list", trigger="subscribed", list_id=news.id),
            Automation(workspace_id=world.id, name="On tag", trigger="tag_added", tag_id=vip.id),
            Campaign(workspace_id=world.id, name="To the list", list_id=news.id),
        ]
    )
    contact = new_contact(session, world)
    subscribe(session, contact, news, "subscribed")
    put_tag(session, contact, vip)
    delete(session, world, contact)

    restoring.restore(contact)

    assert len(restoring.profile(contact).subscriptions) == 1
    assert marketing(session, world) == []


def test_a_restore_changes_no_run_and_no_send(session: Session, world: World, restoring: Restoring) -> None:
    contact = new_contact(session, world)
    for state in ("queued", "waiting", "running", "done", "ended"):
        new_run(session, contact, state)
    for state in ("pending", "sent", "ended"):
        new_send(session, contact, state)
    delete(session, world, contact)
    before = marketing(session, world)

    restoring.restore_all()

    assert restoring.is_live(contact)
    assert marketing(session, world) == before


@pytest.mark.parametrize("state", ["queued", "waiting"])
def test_a_run_that_waits_ends_with_the_deletion(state: str, session: Session, world: World) -> None:
    contact = new_contact(session, world)
    run = new_run(session, contact, state)

    deletion = delete(session, world, contact)

    session.refresh(run)
    assert (run.state, run.ended_at, run.ended_why) == ("ended", deletion.created_at, "contact_deleted")


def test_a_message_not_yet_sent_ends_with_the_deletion(session: Session, world: World) -> None:
    contact = new_contact(session, world)
    send = new_send(session, contact, "pending")

    delete(session, world, contact)

    session.refresh(send)
    assert (send.state, send.ended_why, send.sent_at) == ("ended", "contact_deleted", None)


def test_what_is_over_and_what_belongs_to_others_is_left_as_it_is(session: Session, world: World) -> None:
    going, staying = new_contact(session, world), new_contact(session, world)
    rows = [
        new_run(session, going, "done"),
        new_run(session, going, "running"),
        new_send(session, going, "sent"),
        new_run(session, staying, "waiting"),
        new_send(session, staying, "pending"),
    ]

    delete(session, world, going)

    for row in rows:
        session.refresh(row)
    assert [row.state for row in rows] == ["done", "running", "sent", "waiting", "pending"]


def test_deleted_monday_restored_tuesday_due_wednesday_nothing_happens(
    session: Session, world: World, restoring: Restoring
) -> None:
    now = restoring.now()
    contact = new_contact(session, world, created_at=now - 2 * DAY)
    run = new_run(session, contact, "waiting", due_in=3 * DAY)
    delete(session, world, contact, at=now - DAY)

    restoring.restore(contact)

    session.refresh(run)
    assert run.due_at > now
    assert run.state == "ended"
