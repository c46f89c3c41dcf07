"""Rule 4. Nothing is triggered: no automation run, no campaign send; what waited before the deletion does
not resume. The same change by hand triggers all of it, so these automations are active."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    DAY,
    delete,
    new_account,
    new_contact,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.marketing import Marketing
from tests.support.restoring import Restoring
from webapp.marketing.campaigns import send_campaign
from webapp.models import AutomationRun, CampaignSend, Contact
from webapp.models.mailing_list import SubscriptionStatus


@pytest.fixture
def marketing(session: Session, world: World) -> Marketing:
    return Marketing(session, world)


def contact_with_everything(session: Session, world: World, marketing: Marketing) -> Contact:
    """A contact with every kind of association, whose lists and tag each trigger an automation."""
    contact = new_contact(session, world, account=new_account(session, world))
    for status in SubscriptionStatus:
        mailing_list = new_list(session, world)
        campaign = marketing.campaign(mailing_list)
        marketing.automation(mailing_list, {"do": "send", "campaign": campaign.id})
        subscribe(session, contact, mailing_list, status)
    vip = new_tag(session, world)
    marketing.automation(
        vip, {"do": "wait", "hours": 1}, {"do": "add_tag", "tag": new_tag(session, world).id}
    )
    put_tag(session, contact, vip)
    new_deal(session, world, new_contact(session, world), contact)
    new_deal(session, world, contact)
    return contact


@pytest.mark.parametrize("by", ["ids", "filters"])
def test_a_restore_creates_no_run_and_no_send_and_leaves_no_work(
    by: str, session: Session, world: World, restoring: Restoring, marketing: Marketing
) -> None:
    contact = contact_with_everything(session, world, marketing)
    delete(session, world, contact)

    restoring.restore(contact) if by == "ids" else restoring.restore_all()

    found = restoring.profile(contact)
    assert (len(found.subscriptions), len(found.tags), len(found.deals)) == (4, 1, 1)
    assert marketing.everything() == []
    assert marketing.work(at=marketing.now() + 30 * DAY) == 0


def test_the_same_change_by_hand_triggers_automations(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, vip, contact = new_list(session, world), new_tag(session, world), new_contact(session, world)
    marketing.automation(news, {"do": "send", "campaign": marketing.campaign(news).id})
    marketing.automation(vip, {"do": "wait", "hours": 1})

    marketing.subscribe(news, contact)
    marketing.tag(vip, contact)
    marketing.work()

    assert [state for _, state, _ in marketing.runs()] == ["done", "waiting"]
    assert marketing.sends() == [(contact.id, "sent")]


def test_a_wait_from_before_the_deletion_does_not_resume_after_the_restore(
    session: Session, world: World, restoring: Restoring, marketing: Marketing
) -> None:
    """The run waits from Sunday to Wednesday; the real worker's code does what is due between them."""
    tuesday = restoring.now()
    sunday, monday, wednesday = tuesday - 2 * DAY, tuesday - DAY, tuesday + DAY
    news = new_list(session, world)
    contact = new_contact(session, world, created_at=sunday)
    marketing.automation(
        news, {"do": "wait", "hours": 72}, {"do": "send", "campaign": marketing.campaign(news).id}
    )
    marketing.subscribe(news, contact, at=sunday)
    marketing.work(at=sunday)
    assert marketing.runs() == [(contact.id, "waiting", 1)]
    delete(session, world, contact, at=monday)
    before = marketing.everything()

    restoring.restore(contact)

    assert restoring.is_live(contact)
    assert marketing.work(at=wednesday + timedelta(hours=1)) == 0
    assert marketing.everything() == before
    assert (marketing.runs(), marketing.sends()) == ([(contact.id, "ended", 1)], [])


def test_waiting_and_queued_runs_end_with_the_deletion(
    session: Session, world: World, marketing: Marketing
) -> None:
    vip, hot, contact, now = (
        new_tag(session, world),
        new_tag(session, world),
        new_contact(session, world),
        marketing.now(),
    )
    marketing.automation(vip, {"do": "wait", "hours": 72})
    marketing.automation(hot, {"do": "wait", "hours": 72})
    marketing.tag(vip, contact)
    marketing.work()
    marketing.tag(hot, contact)
    assert [state for _, state, _ in marketing.runs()] == ["waiting", "queued"]

    delete(session, world, contact, at=now)

    ended = [(row["state"], row["ended_at"], row["ended_why"]) for row in marketing.everything()]
    assert ended == [("ended", now, "contact_deleted")] * 2


def test_a_message_not_yet_sent_ends_with_the_deletion(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, contact = new_list(session, world), new_contact(session, world)
    subscribe(session, contact, news, "subscribed")
    campaign = marketing.campaign(news)
    send_campaign(session, workspace_id=world.id, campaign_id=campaign.id, now=marketing.now())

    delete(session, world, contact)

    (send,) = marketing.everything()
    assert (send["state"], send["ended_why"], send["sent_at"]) == ("ended", "contact_deleted", None)


def test_ended_runs_and_the_runs_of_other_contacts_are_not_changed(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, vip = new_list(session, world), new_tag(session, world)
    going, staying = new_contact(session, world), new_contact(session, world)
    campaign = marketing.campaign(news)
    marketing.automation(news, {"do": "send", "campaign": campaign.id})
    marketing.automation(vip, {"do": "wait", "hours": 72})
    marketing.subscribe(news, going)
    marketing.work()
    marketing.subscribe(news, staying)
    marketing.tag(vip, staying)
    before = marketing.everything()
    assert {row["state"] for row in before} == {"done", "queued", "sent"}

    delete(session, world, going)

    assert marketing.everything() == before


def test_a_restore_changes_no_run_and_no_send_in_any_state(
    session: Session, world: World, restoring: Restoring, marketing: Marketing
) -> None:
    """Also in states that no deleted contact should have: a restore changes none of them."""
    news, contact = new_list(session, world), new_contact(session, world)
    automation, campaign, now = marketing.automation(news), marketing.campaign(news), marketing.now()
    delete(session, world, contact)
    for state in ("queued", "waiting", "running", "done", "ended"):
        session.add(
            AutomationRun(
                workspace_id=world.id,
                automation_id=automation.id,
                contact_id=contact.id,
                state=state,
                due_at=now + DAY,
                created_at=now,
            )
        )
    for state in ("pending", "sent", "ended"):
        session.add(
            CampaignSend(
                workspace_id=world.id,
                campaign_id=campaign.id,
                contact_id=contact.id,
                state=state,
                due_at=now + DAY,
                created_at=now,
            )
        )
    session.flush()
    before = marketing.everything()

    restoring.restore_all()

    assert restoring.is_live(contact)
    assert marketing.everything() == before
