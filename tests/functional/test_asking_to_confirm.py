"""A contact is asked by a message whether it wants a list's messages; only its answer makes it Subscribed."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_list, subscribe
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.models import CampaignSend, Subscription

Stored = Callable[..., list[Any]]


def test_an_unsubscribed_contact_is_asked_once_and_stays_unsubscribed(
    anyone: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact, news = new_contact(store, world), new_list(store, world, "News")
    subscribe(store, contact, news, "unsubscribed")
    store.commit()

    page = anyone.press(anyone.get(f"/contacts/{contact.id}"), "Ask by e-mail")

    assert "A message that asks for confirmation is on its way." in page.text
    messages = stored(select(CampaignSend).where(CampaignSend.contact_id == contact.id))
    assert [(message.kind, message.list_id) for message in messages] == [("confirmation", news.id)]
    status = select(Subscription.status).where(Subscription.contact_id == contact.id)
    assert stored(status) == ["unsubscribed"]
    again = anyone.press(page, "Ask by e-mail")
    assert again.status == 409
    assert "was asked about this list within the last 30 days" in again.complaint
    assert len(stored(select(CampaignSend).where(CampaignSend.contact_id == contact.id))) == 1


def test_a_contact_without_an_address_is_not_asked(
    admin: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact, news = new_contact(store, world, email=None), new_list(store, world, "News")
    subscribe(store, contact, news, "unconfirmed")
    store.commit()

    answer = admin.press(admin.get(f"/contacts/{contact.id}"), "Ask by e-mail")

    assert answer.status == 409
    assert "asked by e-mail" in answer.complaint
    assert stored(select(CampaignSend).where(CampaignSend.contact_id == contact.id)) == []
