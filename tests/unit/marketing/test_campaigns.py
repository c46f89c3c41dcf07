"""A campaign goes once to each mailable contact on its list, and to no other (rule 9)."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, subscribe
from tests.factories.people import World, new_world
from tests.support.marketing import Marketing
from tests.support.restoring import Restoring
from webapp.marketing.campaigns import send_campaign
from webapp.models import Campaign, CampaignSend
from webapp.models.mailing_list import SubscriptionStatus
from webapp.worker.redis_lock import RedisLock


def send(marketing: Marketing, campaign: Campaign) -> int:
    return send_campaign(
        marketing.session, workspace_id=marketing.world.id, campaign_id=campaign.id, now=marketing.now()
    )


def test_a_campaign_goes_to_subscribed_contacts_only(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, other = new_list(session, world), new_list(session, world)
    reader, without_address = new_contact(session, world), new_contact(session, world, email=None)
    subscribe(session, reader, news, "subscribed")
    subscribe(session, without_address, news, "subscribed")
    for status in ("unsubscribed", "bounced", "unconfirmed"):
        subscribe(session, new_contact(session, world), news, status)
    subscribe(session, new_contact(session, world), other, "subscribed")
    gone = new_contact(session, world)
    subscribe(session, gone, news, "subscribed")
    delete(session, world, gone)
    campaign = marketing.campaign(news)

    assert send(marketing, campaign) == 1
    assert marketing.sends() == [(reader.id, "pending")]
    marketing.work()

    assert marketing.sends() == [(reader.id, "sent")]
    row = session.scalars(select(CampaignSend).where(CampaignSend.workspace_id == world.id)).one()
    assert row.sent_at is not None


def test_a_campaign_sent_again_reaches_only_new_subscribers(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, first, second = new_list(session, world), new_contact(session, world), new_contact(session, world)
    subscribe(session, first, news, "subscribed")
    campaign = marketing.campaign(news)
    send(marketing, campaign)
    marketing.work()
    subscribe(session, second, news, "subscribed")

    assert send(marketing, campaign) == 1

    assert marketing.sends() == [(first.id, "sent"), (second.id, "pending")]


@pytest.mark.parametrize(
    "status", [SubscriptionStatus.UNSUBSCRIBED, SubscriptionStatus.BOUNCED, SubscriptionStatus.UNCONFIRMED]
)
def test_consent_withdrawn_before_delivery_ends_the_message(
    status: SubscriptionStatus, session: Session, world: World, marketing: Marketing
) -> None:
    news, contact = new_list(session, world), new_contact(session, world)
    subscribe(session, contact, news, "subscribed")
    send(marketing, marketing.campaign(news))

    marketing.set_status(contact, news, status)
    marketing.work()

    assert marketing.sends() == [(contact.id, "ended")]
    row = session.scalars(select(CampaignSend).where(CampaignSend.workspace_id == world.id)).one()
    assert (row.ended_why, row.sent_at) == ("not_mailable", None)


def test_a_campaign_without_a_live_list_reaches_no_contact(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, contact = new_list(session, world), new_contact(session, world)
    subscribe(session, contact, news, "subscribed")
    before = marketing.campaign(news)
    send(marketing, before)
    news.deleted_at = marketing.now()
    session.flush()

    assert send(marketing, marketing.campaign(news)) == send(marketing, marketing.campaign(None)) == 0
    marketing.work()
    assert marketing.sends() == [(contact.id, "ended")]


def test_a_campaign_of_another_workspace_is_not_sent(
    session: Session, world: World, marketing: Marketing
) -> None:
    elsewhere = Marketing(session, new_world(session))
    theirs = new_list(session, elsewhere.world)
    subscribe(session, new_contact(session, elsewhere.world), theirs, "subscribed")
    campaign = elsewhere.campaign(theirs)

    assert send(marketing, campaign) == 0
    assert elsewhere.sends() == []


def test_a_contact_deleted_before_delivery_and_restored_gets_no_message(
    session: Session, world: World, marketing: Marketing, lock: RedisLock
) -> None:
    news, contact = new_list(session, world), new_contact(session, world)
    subscribe(session, contact, news, "subscribed")
    campaign = marketing.campaign(news)
    send(marketing, campaign)
    delete(session, world, contact)

    Restoring(session, world, lock).restore(contact)

    assert marketing.work() == 0
    assert send(marketing, campaign) == 0
    assert marketing.sends() == [(contact.id, "ended")]
