"""A campaign goes once to each mailable contact on its list, and to no other (rule 9)."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, subscribe
from tests.factories.people import World, new_world
from tests.support.marketing import Marketing
from tests.support.restoring import Restoring
from webapp.marketing.campaigns import send_campaign
from webapp.marketing.consent import address_hash
from webapp.models import Campaign, CampaignSend, Suppression
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason
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


def test_a_suppressed_address_gets_nothing_for_its_list_or_for_any(
    session: Session, world: World, marketing: Marketing
) -> None:
    """A suppression outlives the contact: a new contact with the address is not mailable either (rule 9)."""
    news, other = new_list(session, world), new_list(session, world)
    addresses = ("Kéla@example.com", "all@example.com", "elsewhere@example.com", "free@example.com")
    readers = [new_contact(session, world, email=address) for address in addresses]
    for reader in readers:
        subscribe(session, reader, news, "subscribed")
    for reader, list_id in zip(readers, (news.id, None, other.id), strict=False):
        assert reader.email_key is not None
        session.add(
            Suppression(
                workspace_id=world.id,
                address_hash=address_hash(reader.email_key),
                list_id=list_id,
                reason=SuppressionReason.COMPLAINT,
                at=marketing.now(),
            )
        )
    elsewhere = new_world(session)
    session.add(
        Suppression(
            workspace_id=elsewhere.id,
            address_hash=address_hash("free@example.com"),
            reason=SuppressionReason.BOUNCE,
            at=marketing.now(),
        )
    )
    session.flush()
    campaign = marketing.campaign(news)

    assert send(marketing, campaign) == 2
    assert [contact for contact, _ in marketing.sends()] == [readers[2].id, readers[3].id]

    # One that is suppressed after its message was made does not get it.
    session.add(
        Suppression(
            workspace_id=world.id,
            address_hash=address_hash("free@example.com"),
            reason=SuppressionReason.UNSUBSCRIBE,
            at=marketing.now(),
        )
    )
    session.flush()
    marketing.work()

    assert marketing.sends() == [(readers[2].id, "sent"), (readers[3].id, "ended")]
