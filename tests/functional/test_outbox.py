"""The outbox: what became of each message, and why messages wait. And the suppressed addresses."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, subscribe
from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.marketing import Marketing
from tests.support.sent import name_sender, nothing_else_is_due
from tests.support.smtp_server import SmtpServer, smtp_server
from tests.support.work import run_worker
from webapp.clock import read_clock
from webapp.marketing.campaigns import send_campaign
from webapp.marketing.confirmations import ask_to_confirm
from webapp.marketing.drafting import try_out
from webapp.models import CampaignSend, Contact, MailingList, MailTrouble, Workspace
from webapp.worker.services import services


@pytest.fixture
def news(store: Session, world: World) -> MailingList:
    return new_list(store, world, "News")


@pytest.fixture
def marketing(store: Session, world: World) -> Marketing:
    return Marketing(store, world)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def sending(environ: dict[str, str], server: SmtpServer, store: Session, world: World) -> Iterator[Flask]:
    """The app with a mail server, as a deployment has it."""
    nothing_else_is_due(store)
    name_sender(store, world)
    settings = {"SMTP_URL": server.url, "PUBLIC_URL": "https://crm.example"}
    with another_app(environ | settings) as app:
        yield app


def reader(store: Session, world: World, news: MailingList) -> Contact:
    contact = new_contact(store, world)
    subscribe(store, contact, news, "subscribed")
    return contact


def queue(store: Session, world: World, marketing: Marketing, news: MailingList) -> None:
    campaign = marketing.campaign(news)
    campaign.subject, campaign.body = "Spring is here", "Hello"
    store.flush()
    send_campaign(store, workspace_id=world.id, campaign_id=campaign.id, now=read_clock(store))
    store.commit()


def ring(app: Flask) -> None:
    """Look for what is due, as the supervisor does, and let the worker do it."""
    with app.app_context():
        services().doorbell.ring_for_due()
    run_worker(app)


def test_messages_go_through_the_queue_to_the_server_and_the_outbox_tells(
    sending: Flask, server: SmtpServer, store: Session, world: World, marketing: Marketing, news: MailingList
) -> None:
    readers = [reader(store, world, news) for _ in range(3)]
    server.of_recipient = {
        str(readers[1].email): "550 5.1.1 Unknown",
        str(readers[2].email): "450 4.2.1 Later",
    }
    queue(store, world, marketing, news)

    ring(sending)

    assert server.recipients == [readers[0].email]
    page = Browser(sending, world.admin).get("/outbox")
    assert page.all("#mail-state") == []
    rows = [" ".join(row.get_text(" ").split()) for row in page.all("#results tbody tr")]
    waiting, bounced, sent = rows
    assert "Spring is here Campaign" in sent
    assert str(readers[0].email) in sent
    assert " Sent " in sent
    assert "Not sent The mail server refuses this address for good. It answered 550." in bounced
    assert "Waiting The mail server has refused it for now; it is tried again. It answered 450." in waiting
    only = Browser(sending, world.admin).get("/outbox?state=ended")
    assert len(only.all("#results tbody tr")) == 1


def test_the_outbox_shows_the_subject_that_the_recipient_gets(
    sending: Flask, server: SmtpServer, store: Session, world: World, marketing: Marketing, news: MailingList
) -> None:
    ann = new_contact(store, world, "Ann", "Lee")
    subscribe(store, ann, news, "subscribed")
    campaign = marketing.campaign(news)
    campaign.subject, campaign.body = "Hello {first_name|friend}", "Hello"
    store.flush()
    now = read_clock(store)
    send_campaign(store, workspace_id=world.id, campaign_id=campaign.id, now=now)
    try_out(store, campaign.id, workspace_id=world.id, user_id=world.admin.id, now=now)
    offers = new_list(store, world, "Offers")
    ask_to_confirm(store, workspace_id=world.id, contact_id=ann.id, list_id=offers.id, now=now)
    store.commit()

    ring(sending)

    seen = Browser(sending, world.admin).get("/outbox").all("#results tbody .cell-scope .cell-name")
    subjects = [str(each.message["Subject"]) for each in server.received]
    assert sorted(subjects) == ["Hello Ann", "Please confirm: Offers", "[Test] Hello Ada"]
    assert sorted(one.get_text() for one in seen) == sorted(subjects)
    delete(store, world, ann)
    store.commit()
    assert "Ann" not in Browser(sending, world.admin).get("/outbox").text


def test_without_a_server_messages_stay_in_the_outbox_which_says_so(
    app: Flask, anyone: Browser, store: Session, world: World, marketing: Marketing, news: MailingList
) -> None:
    reader(store, world, news)
    queue(store, world, marketing, news)
    ring(app)

    page = anyone.get("/outbox")
    assert "No mail server is set up here" in page.words("#mail-state")
    assert "Sent" in page.words("#results tbody")
    filtered = anyone.fill(page, state="pending")
    assert "No message is in this state." in filtered.words("#results")


def test_the_outbox_says_why_all_messages_wait(
    environ: dict[str, str],
    sending: Flask,
    server: SmtpServer,
    store: Session,
    world: World,
    marketing: Marketing,
    news: MailingList,
) -> None:
    reader(store, world, news)
    queue(store, world, marketing, news)
    with another_app(environ | {"SMTP_URL": server.url}) as incomplete:
        ring(incomplete)
        page = Browser(incomplete, world.admin).get("/outbox")
        assert "set PUBLIC_URL" in page.words("#mail-state")
    store.execute(update(Workspace).where(Workspace.id == world.id).values(postal_line=""))
    store.commit()
    ring(sending)
    page = Browser(sending, world.admin).get("/outbox")
    assert "Open the settings" in page.words("#mail-state")
    assert server.connections == 0
    name_sender(store, world)
    server.replies = {"MAIL": "550 5.7.1 Not your sender"}
    ring(sending)
    page = Browser(sending, world.admin).get("/outbox")
    assert "refuses the sender’s address in the settings. It answered 550." in page.words("#mail-state")
    assert "Waiting" in page.words("#results tbody")

    server.replies = {}
    past = read_clock(store) - timedelta(seconds=1)
    store.execute(update(MailTrouble).where(MailTrouble.workspace_id == world.id).values(again_at=past))
    store.commit()
    ring(sending)
    page = Browser(sending, world.admin).get("/outbox")
    assert page.all("#mail-state") == []
    assert len(server.received) == 1


def test_nothing_of_a_deleted_contact_is_shown(
    admin: Browser, store: Session, world: World, marketing: Marketing, news: MailingList
) -> None:
    contact = reader(store, world, news)
    queue(store, world, marketing, news)
    marketing.unsubscribe(contact, news)
    delete(store, world, contact)
    store.commit()

    outbox, suppressed = admin.get("/outbox"), admin.get("/suppressed")
    for page in (outbox, suppressed):
        assert str(contact.email) not in page.text
    assert "A deleted contact" in outbox.text
    assert "The contact was deleted." in outbox.text
    assert "An address that is no longer stored" in suppressed.text


def test_suppressed_addresses_are_shown_with_their_live_contacts_and_reasons(
    anyone: Browser, store: Session, world: World, marketing: Marketing, news: MailingList
) -> None:
    first, second, third = (reader(store, world, news) for _ in range(3))
    marketing.unsubscribe(first, news)
    marketing.bounce(second, news)
    marketing.complain(third)
    # Its address has gone to another contact.
    delete(store, world, second)
    heir = new_contact(store, world, "Heir", email=second.email)
    # This one has got another address.
    third.email = third.email_key = f"new-{third.email}"
    store.commit()

    rows = [" ".join(row.get_text(" ").split()) for row in anyone.get("/suppressed").all("#results tbody tr")]

    assert "An address that is no longer stored Complained All lists" in rows[0]
    assert "Heir" in rows[1]
    assert "Bounced" in rows[1]
    assert str(first.email) in rows[2]
    assert "Unsubscribed News" in rows[2]
    assert heir.id


def test_the_pages_are_paged(
    anyone: Browser, store: Session, world: World, marketing: Marketing, news: MailingList
) -> None:
    for _ in range(51):
        marketing.unsubscribe(reader(store, world, news), news)
        store.flush()
    other = new_list(store, world)
    for contact in store.scalars(select(Contact).where(Contact.workspace_id == world.id)):
        subscribe(store, contact, other, "subscribed")
    queue(store, world, marketing, other)
    assert store.scalar(select(CampaignSend.id).where(CampaignSend.workspace_id == world.id).limit(1))

    for path in ("/outbox", "/suppressed"):
        first, second = anyone.turn(anyone.get(path), "Next")
        assert [len(page.all("#results tbody tr")) for page in (first, second)] == [50, 1]
