"""The worker takes due runs step by step: tag, subscribe, wait, send. A step happens completely or not at
all."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, new_tag, subscribe
from tests.factories.people import World, new_world
from tests.support.marketing import Marketing
from webapp.models import AutomationRun, ContactTag, Subscription

HOUR = timedelta(hours=1)


def test_a_run_does_its_steps_and_is_done(session: Session, world: World, marketing: Marketing) -> None:
    news, events, vip = new_list(session, world), new_list(session, world), new_tag(session, world)
    contact = new_contact(session, world)
    steps = [
        {"do": "add_tag", "tag": vip.id},
        {"do": "subscribe", "list": events.id},
        {"do": "send", "campaign": marketing.campaign(news).id},
    ]
    marketing.automation(news, *steps)
    marketing.subscribe(news, contact)

    marketing.work()

    assert marketing.runs() == [(contact.id, "done", 3)]
    assert list(session.scalars(select(ContactTag.tag_id).where(ContactTag.contact_id == contact.id))) == [
        vip.id
    ]
    places = select(Subscription.list_id).where(
        Subscription.contact_id == contact.id, Subscription.status == "subscribed"
    )
    assert set(session.scalars(places)) == {news.id, events.id}
    assert marketing.sends() == [(contact.id, "sent")]
    session.refresh(contact)
    # Subscribed, tagged, subscribed: three writes to its links. A message is none.
    assert contact.version == 4


def test_a_waiting_run_continues_when_it_is_due_and_not_before(
    session: Session, world: World, marketing: Marketing
) -> None:
    vip, done, now = new_tag(session, world), new_tag(session, world), marketing.now()
    contact = new_contact(session, world)
    marketing.automation(vip, {"do": "wait", "hours": 48}, {"do": "add_tag", "tag": done.id})
    marketing.tag(vip, contact, at=now)

    marketing.work(at=now)
    assert marketing.runs() == [(contact.id, "waiting", 1)]
    assert marketing.work(at=now + 48 * HOUR - timedelta(seconds=1)) == 0
    marketing.work(at=now + 48 * HOUR)

    assert marketing.runs() == [(contact.id, "done", 2)]
    assert session.scalar(select(ContactTag.tag_id).where(ContactTag.tag_id == done.id)) == done.id


def test_a_run_that_ends_with_a_wait_or_has_no_steps_is_done(
    session: Session, world: World, marketing: Marketing
) -> None:
    vip, other, now = new_tag(session, world), new_tag(session, world), marketing.now()
    contact = new_contact(session, world)
    marketing.automation(vip, {"do": "wait", "hours": 1})
    marketing.automation(other)
    marketing.tag(vip, contact, at=now)
    marketing.tag(other, contact, at=now)

    marketing.work(at=now)
    marketing.work(at=now + HOUR)

    assert [state for _, state, _ in marketing.runs()] == ["done", "done"]
    assert session.scalars(
        select(AutomationRun.ended_at)
        .where(AutomationRun.workspace_id == world.id)
        .order_by(AutomationRun.id)
    ).all() == [now + HOUR, now]


def test_a_step_triggers_other_automations_and_a_cycle_ends(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, vip, contact = new_list(session, world), new_tag(session, world), new_contact(session, world)
    marketing.automation(news, {"do": "add_tag", "tag": vip.id})
    marketing.automation(vip, {"do": "subscribe", "list": news.id})

    marketing.subscribe(news, contact)
    marketing.work()

    assert marketing.runs() == [(contact.id, "done", 1)] * 2


def test_the_runs_of_a_paused_automation_do_not_advance(
    session: Session, world: World, marketing: Marketing
) -> None:
    vip, done, contact = new_tag(session, world), new_tag(session, world), new_contact(session, world)
    automation = marketing.automation(vip, {"do": "add_tag", "tag": done.id})
    marketing.tag(vip, contact)
    automation.is_active = False
    session.flush()

    assert marketing.work() == 0
    assert marketing.runs() == [(contact.id, "queued", 0)]
    automation.is_active = True
    session.flush()
    marketing.work()
    assert marketing.runs() == [(contact.id, "done", 1)]


def test_a_step_may_name_a_deleted_row(session: Session, world: World, marketing: Marketing) -> None:
    vip, gone_tag, gone_list = new_tag(session, world), new_tag(session, world), new_list(session, world)
    contact = new_contact(session, world)
    marketing.automation(
        vip,
        {"do": "add_tag", "tag": gone_tag.id},
        {"do": "subscribe", "list": gone_list.id},
        {"do": "send", "campaign": 10**9},
    )
    gone_tag.deleted_at = gone_list.deleted_at = marketing.now()
    session.flush()

    marketing.tag(vip, contact)
    marketing.work()

    assert marketing.runs() == [(contact.id, "done", 3)]
    assert marketing.sends() == []


@pytest.mark.parametrize(
    "step",
    [
        {"do": "fly"},
        {"do": "add_tag"},
        {"do": "add_tag", "tag": 2**63},
        {"do": "add_tag", "tag": True},
        {"do": ["wait"]},
        {"do": "wait", "hours": "long"},
        {"do": "wait", "hours": 10**10},
        {"do": "wait", "hours": -1},
        {},
        "wait",
        None,
    ],
)
def test_an_unknown_step_ends_its_run_only(
    step: Any, session: Session, world: World, marketing: Marketing
) -> None:
    vip, done, contact = new_tag(session, world), new_tag(session, world), new_contact(session, world)
    marketing.automation(vip, step, {"do": "add_tag", "tag": done.id})
    marketing.automation(vip, {"do": "add_tag", "tag": done.id})

    marketing.tag(vip, contact)
    marketing.work()

    assert sorted(state for _, state, _ in marketing.runs()) == ["done", "ended"]
    assert (
        session.scalars(
            select(AutomationRun.ended_why).where(
                AutomationRun.state == "ended", AutomationRun.workspace_id == world.id
            )
        ).one()
        == "unreadable_step"
    )


def test_small_batches_give_the_same_result(session: Session, world: World, marketing: Marketing) -> None:
    news, vip = new_list(session, world), new_tag(session, world)
    contacts = [new_contact(session, world) for _ in range(7)]
    marketing.automation(
        news, {"do": "add_tag", "tag": vip.id}, {"do": "send", "campaign": marketing.campaign(news).id}
    )
    marketing.subscribe(news, *contacts)

    marketing.work(limit=2)

    assert marketing.runs() == [(contact.id, "done", 2) for contact in contacts]
    assert sorted(marketing.sends()) == [(contact.id, "sent") for contact in contacts]


def test_the_work_of_another_workspace_is_not_done(
    session: Session, world: World, marketing: Marketing
) -> None:
    elsewhere = Marketing(session, new_world(session))
    vip, contact = new_tag(session, elsewhere.world), new_contact(session, elsewhere.world)
    elsewhere.automation(vip, {"do": "wait", "hours": 1})
    elsewhere.tag(vip, contact)

    assert marketing.work() == 0
    assert elsewhere.runs() == [(contact.id, "queued", 0)]


def test_the_runs_of_a_deleted_contact_are_not_carried_out(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, vip, contact = new_list(session, world), new_tag(session, world), new_contact(session, world)
    subscribe(session, contact, news, "subscribed")
    marketing.automation(vip, {"do": "send", "campaign": marketing.campaign(news).id})
    marketing.tag(vip, contact)

    delete(session, world, contact)

    assert marketing.work() == 0
    assert marketing.runs() == [(contact.id, "ended", 0)]
    assert marketing.sends() == []
