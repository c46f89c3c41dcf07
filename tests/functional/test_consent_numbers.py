"""Plan and report print what becomes of consent: counted, not asserted."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, subscribe
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.links import a_token
from tests.support.marketing import Marketing
from webapp.clock import read_clock
from webapp.models import Subscription


def test_plan_and_report_say_who_is_mailable_and_who_is_held_back(
    anyone: Browser, store: Session, world: World, work: Any
) -> None:
    """Of four that were mailable one unsubscribes by its link and one complains while they are deleted. Of
    those that were not, none comes back mailable."""
    news, marketing = new_list(store, world, "News"), Marketing(store, world)
    statuses = ["subscribed"] * 4 + ["unsubscribed", "bounced", "unconfirmed"]
    contacts = [new_contact(store, world) for _ in statuses]
    for contact, status in zip(contacts, statuses, strict=True):
        subscribe(store, contact, news, status)
    # Suppressed before, and so not mailable, whatever its status.
    suppressed = new_contact(store, world)
    marketing.unsubscribe(suppressed, news)
    subscribe(store, suppressed, news, "subscribed")
    store.commit()
    delete(store, world, *contacts, suppressed, at=read_clock(store))
    store.commit()
    anyone.post(f"/u/{a_token(store, world, contacts[0].id, mailing_list=news)}", {"from": "list"})
    marketing.complain(contacts[1])
    store.commit()

    dialog = anyone.get("/contacts/restore/confirm-all")
    assert (
        "Mailable before the deletion: 4 subscriptions; after the restore: 2; held back, because consent has "
        "ended since: 2. 0 contacts become mailable that were not."
    ) in dialog.words("#plan")
    job = anyone.press(dialog, "Restore")
    work()
    assert (
        "Mailable before the deletion: 4 subscriptions; after the restore: 2; held back, because consent has "
        "ended since: 2. 0 contacts became mailable that were not."
    ) in anyone.get(job.path).text


def test_one_that_became_mailable_would_be_counted(admin: Browser, store: Session, world: World) -> None:
    """No act of the app does that; here the database is changed beside it."""
    news, contact = new_list(store, world), new_contact(store, world)
    subscribe(store, contact, news, "unsubscribed")
    delete(store, world, contact)
    later = read_clock(store) + timedelta(seconds=1)
    store.execute(
        update(Subscription)
        .where(Subscription.contact_id == contact.id)
        .values(status="subscribed", changed_at=later)
    )
    store.commit()

    plan = admin.get("/contacts/restore/confirm-all").words("#plan")

    assert "1 contact becomes mailable that was not." in plan
    assert "Mailable before the deletion: 0 subscriptions; after the restore: 1;" in plan
