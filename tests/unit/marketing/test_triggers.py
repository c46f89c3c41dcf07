"""A normal change writes, in its own transaction, a queued run for each automation with that trigger."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, new_tag, put_tag, subscribe
from tests.factories.people import World, new_world
from tests.support.marketing import Marketing
from webapp.contacts.load import NewContact, add_contacts, create_contacts
from webapp.models import AutomationRun, Contact
from webapp.models.automation import Trigger
from webapp.models.mailing_list import SubscriptionStatus

WAIT = {"do": "wait", "hours": 1}


def test_subscribing_starts_a_run_that_is_due_at_once(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, now = new_list(session, world), marketing.now()
    automation, contact = marketing.automation(news, WAIT), new_contact(session, world)

    assert marketing.subscribe(news, contact, at=now) == [contact.id]

    run = session.scalars(select(AutomationRun).where(AutomationRun.workspace_id == world.id)).one()
    assert (run.automation_id, run.contact_id) == (automation.id, contact.id)
    assert (run.state, run.step, run.due_at, run.created_at) == ("queued", 0, now, now)


def test_adding_a_tag_starts_a_run(session: Session, world: World, marketing: Marketing) -> None:
    vip, contact = new_tag(session, world), new_contact(session, world)
    marketing.automation(vip, WAIT)

    assert marketing.tag(vip, contact) == [contact.id]

    assert marketing.runs() == [(contact.id, "queued", 0)]


def test_each_of_many_contacts_changed_together_starts_its_own_run(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, contacts = new_list(session, world), [new_contact(session, world) for _ in range(5)]
    marketing.automation(news, WAIT)
    marketing.automation(news, WAIT)

    marketing.subscribe(news, *contacts)

    assert sorted(marketing.runs()) == sorted((contact.id, "queued", 0) for contact in contacts for _ in "12")


def test_repeating_a_change_changes_nothing(session: Session, world: World, marketing: Marketing) -> None:
    news, vip, contact = new_list(session, world), new_tag(session, world), new_contact(session, world)
    marketing.automation(news, WAIT)
    marketing.automation(vip, WAIT)

    for _ in range(2):
        marketing.subscribe(news, contact)
        marketing.tag(vip, contact)

    assert len(marketing.runs()) == 2
    session.refresh(contact)
    assert contact.version == 3


def test_other_lists_and_tags_paused_automations_and_other_workspaces_are_not_triggered(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, other_list, vip, other_tag = (
        new_list(session, world),
        new_list(session, world),
        new_tag(session, world),
        new_tag(session, world),
    )
    contact = new_contact(session, world)
    marketing.automation(other_list, WAIT)
    marketing.automation(other_tag, WAIT)
    marketing.automation(news, WAIT, is_active=False)
    # Their list or tag does not belong to their trigger.
    marketing.automation(vip, WAIT).trigger = Trigger.SUBSCRIBED
    marketing.automation(news, WAIT).trigger = Trigger.TAG_ADDED
    Marketing(session, new_world(session)).automation(news, WAIT)

    marketing.subscribe(news, contact)
    marketing.tag(vip, contact)

    assert marketing.runs() == []


@pytest.mark.parametrize("status", ["unsubscribed", "bounced", "unconfirmed", "subscribed"])
def test_a_contact_already_on_the_list_keeps_its_status(
    status: str, session: Session, world: World, marketing: Marketing
) -> None:
    news, contact = new_list(session, world), new_contact(session, world)
    marketing.automation(news, WAIT)
    place = subscribe(session, contact, news, status)

    assert marketing.subscribe(news, contact) == []

    session.refresh(place)
    assert place.status == status
    assert marketing.runs() == []


def test_confirming_triggers_what_subscribing_would(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, contact = new_list(session, world), new_contact(session, world)
    marketing.automation(news, WAIT)
    subscribe(session, contact, news, "unconfirmed")

    assert marketing.set_status(contact, news, SubscriptionStatus.SUBSCRIBED)
    assert not marketing.set_status(contact, news, SubscriptionStatus.SUBSCRIBED)

    assert len(marketing.runs()) == 1
    assert marketing.set_status(contact, news, SubscriptionStatus.UNSUBSCRIBED)
    assert len(marketing.runs()) == 1


def test_deleted_contacts_lists_and_tags_trigger_nothing(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, vip, gone = new_list(session, world), new_tag(session, world), new_contact(session, world)
    gone_list, gone_tag, alive = (
        new_list(session, world),
        new_tag(session, world),
        new_contact(session, world),
    )
    for on in (news, vip, gone_list, gone_tag):
        marketing.automation(on, WAIT)
    delete(session, world, gone)
    subscribe(session, alive, gone_list, "unconfirmed")
    gone_list.deleted_at = gone_tag.deleted_at = marketing.now()
    session.flush()

    assert marketing.subscribe(news, gone) == marketing.subscribe(gone_list, alive) == []
    assert marketing.tag(vip, gone) == marketing.tag(gone_tag, alive) == []
    # The row of a deleted list is still there, and a late confirmation lands on it.
    assert marketing.set_status(alive, gone_list, SubscriptionStatus.SUBSCRIBED)

    assert marketing.runs() == []


def test_an_unsubscribe_of_a_deleted_contact_is_stored_and_triggers_nothing(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, contact = new_list(session, world), new_contact(session, world)
    marketing.automation(news, WAIT)
    place = subscribe(session, contact, news, "unconfirmed")
    delete(session, world, contact)

    assert not marketing.set_status(contact, news, SubscriptionStatus.SUBSCRIBED)
    session.refresh(place)
    assert (place.status, marketing.runs()) == ("unconfirmed", [])
    assert marketing.set_status(contact, news, SubscriptionStatus.UNSUBSCRIBED)
    session.refresh(place)
    assert place.status == "unsubscribed"


def test_a_contact_of_another_workspace_is_not_changed(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, vip = new_list(session, world), new_tag(session, world)
    elsewhere = new_world(session)
    foreigner, theirs = new_contact(session, elsewhere), new_list(session, elsewhere)
    subscribe(session, foreigner, theirs, "subscribed")

    assert marketing.subscribe(news, foreigner) == marketing.tag(vip, foreigner) == []
    assert not marketing.set_status(foreigner, theirs, SubscriptionStatus.BOUNCED)


def test_a_tag_removed_and_added_again_triggers_again(
    session: Session, world: World, marketing: Marketing
) -> None:
    vip, contact, other = new_tag(session, world), new_contact(session, world), new_contact(session, world)
    marketing.automation(vip, WAIT)
    put_tag(session, contact, vip)

    assert marketing.untag(vip, contact, other) == [contact.id]
    assert marketing.tag(vip, contact) == [contact.id]

    assert marketing.runs() == [(contact.id, "queued", 0)]


def test_contacts_created_with_lists_and_tags_trigger_automations(
    session: Session, world: World, marketing: Marketing
) -> None:
    news, vip, now = new_list(session, world), new_tag(session, world), marketing.now()
    marketing.automation(news, WAIT)
    marketing.automation(vip, WAIT)
    newcomers = [
        NewContact(
            now, email="a@new.example", lists=[(news.id, SubscriptionStatus.SUBSCRIBED)], tags=[vip.id]
        ),
        NewContact(now, email="b@new.example", lists=[(news.id, SubscriptionStatus.UNCONFIRMED)]),
    ]

    first, _second = create_contacts(session, world.id, newcomers, now)

    assert marketing.runs() == [(first, "queued", 0)] * 2


def test_loading_history_triggers_nothing(session: Session, world: World, marketing: Marketing) -> None:
    news, now = new_list(session, world), marketing.now()
    marketing.automation(news, WAIT)

    add_contacts(session, world.id, [NewContact(now, lists=[(news.id, SubscriptionStatus.SUBSCRIBED)])])

    assert session.scalar(select(Contact.id).where(Contact.workspace_id == world.id))
    assert marketing.runs() == []
