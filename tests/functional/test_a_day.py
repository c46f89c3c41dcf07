"""A small business's day: it keeps contacts, writes to them, deletes too many, and finds everything again."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.links import a_token
from tests.support.marketing import Marketing
from tests.support.seen import Seen
from webapp.models import (
    Contact,
    ContactTag,
    Deal,
    DealContact,
    MailingList,
    Subscription,
    Suppression,
    Tag,
)
from webapp.models.mailing_list import SubscriptionStatus
from webapp.worker.services import services

PEOPLE = ("Ann", "Bob", "Cid", "Dee", "Eve")
MANY = 200
Stored = Callable[..., list[Any]]


class Day:
    """What the admin of the business does on its pages."""

    def __init__(self, browser: Browser, world: World, stored: Stored) -> None:
        self.browser, self.world, self.stored = browser, world, stored

    def make(self, noun: str, name: str) -> int:
        dialog = self.browser.press(self.browser.get(f"/{noun}s"), f"New {noun}")
        return self.id_in(self.browser.submit(dialog, "#name-form", name=name))

    def delete(self, path: str) -> None:
        """Delete what has this page, by its dialog."""
        dialog = self.browser.press(self.browser.get(path), "Delete")
        self.browser.press(dialog, dialog.one("dialog form[method=post] button"))
        assert self.browser.get(path).status == 404

    def add_contact(self, name: str, account: str) -> int:
        page = self.browser.press(self.browser.get("/contacts"), "Add contact")
        typed = {"first_name": name, "email": f"{name.lower()}@example.com", "account": account}
        for field, value in typed.items():
            page.one(f"#{field}")["value"] = value
        return self.id_in(self.browser.press(page, page.one("#save-contact")))

    def change(self, contact_id: int, part: str, **what: str) -> None:
        """By a form of the contact's page."""
        fields = {"csrf_token": self.browser.token(), **what}
        assert self.browser.post(f"/contacts/{contact_id}/{part}", fields).status == 200

    def build_welcome(self, tag: str, mailing_list: str) -> None:
        """Contacts that get the tag get a message, as far as they are on the list."""
        press, submit = self.browser.press, self.browser.submit
        page = press(self.browser.get("/automations"), "Add an automation")
        page = submit(page, "main form.stack", name="Welcome", trigger="tag_added", target=tag)
        form = press(page, "Send a message")
        text: Any = {"list": mailing_list, "subject": "Welcome", "body": "Hi {first_name}"}
        page = press(submit(form, "main form.stack", **text), "Start")
        assert "The automation is active." in page.text

    def send_campaign(self, mailing_list: str) -> Seen:
        press = self.browser.press
        page = press(self.browser.get("/campaigns"), "Add a campaign")
        text: Any = {"name": "Spring", "list": mailing_list, "subject": "Spring", "body": "It is spring."}
        page = self.browser.submit(page, "main form.stack", **text)
        dialog = press(page, "Send to the list")
        return press(dialog, dialog.one("#confirm form[method=post] button"))

    def restore_all(self) -> Seen:
        page = self.browser.press(self.browser.get("/contacts"), "Restore Contact(s)")
        dialog = self.browser.press(page, page.one("#restore-all"))
        return self.browser.press(dialog, dialog.one("dialog form[action='/restores'] button"))

    def id_in(self, page: Seen) -> int:
        assert page.status == 200, page.complaint
        return int(page.path.rpartition("/")[2])

    def statuses(self, list_id: int) -> dict[int, str]:
        rows = self.stored(select(Subscription).where(Subscription.list_id == list_id))
        return {row.contact_id: row.status.value for row in rows}

    def primaries(self, deal_id: int) -> dict[int, bool]:
        """The contacts on the deal, each with whether it is primary."""
        on_it = select(DealContact).where(DealContact.deal_id == deal_id, DealContact.detached_at.is_(None))
        return {place.contact_id: place.is_primary for place in self.stored(on_it)}


class Outbox:
    """The runs and messages of the business at this moment."""

    def __init__(self, store: Session, world: World) -> None:
        self._store, self._marketing = store, Marketing(store, world)

    def sends(self) -> list[tuple[int | None, str]]:
        return self._now(self._marketing.sends)

    def rows(self) -> list[dict[str, Any]]:
        return self._now(self._marketing.everything)

    def _now(self, read: Callable[[], list[Any]]) -> list[Any]:
        """In a transaction of its own, which sees what the app has written."""
        self._store.rollback()
        found = read()
        self._store.rollback()
        return found


@pytest.fixture
def day(anyone: Browser, world: World, stored: Stored) -> Day:
    return Day(anyone, world, stored)


@pytest.fixture
def supervised(app: Flask, work: Callable[[], None]) -> Callable[[], None]:
    """Let the worker do what is due, after the supervisor has looked for it."""

    def look_and_work() -> None:
        work()
        with app.app_context():
            services().doorbell.ring_for_due()
        work()

    return look_and_work


def add_many(store: Session, world: World, *, on: tuple[int, int], tag_id: int) -> list[Contact]:
    """As an import from long ago would have left them: on two lists and with a tag, and nothing is woken."""
    many = new_contacts(store, world, MANY)
    places = [
        {"contact_id": contact.id, "list_id": list_id, "changed_at": contact.created_at}
        for contact in many
        for list_id in on
    ]
    store.execute(insert(Subscription).values(status=SubscriptionStatus.SUBSCRIBED), places)
    store.execute(insert(ContactTag), [{"contact_id": each.id, "tag_id": tag_id} for each in many])
    store.commit()
    return many


def test_a_day_of_a_small_business_ends_as_it_began_but_for_what_people_have_said(
    day: Day,
    browse: Callable[..., Browser],
    world: World,
    store: Session,
    stored: Stored,
    supervised: Callable[[], None],
) -> None:
    news, offers = day.make("list", "News"), day.make("list", "Offers")
    vip, account = day.make("tag", "VIP"), day.make("account", "Acme")
    day.build_welcome("VIP", "News")
    people = [day.add_contact(name, "acme") for name in PEOPLE]
    for contact_id in people:
        for list_id in (news, offers):
            put = {"do": "put", "list_id": str(list_id), "status": "subscribed", "agreed": "yes"}
            day.change(contact_id, "lists", **put)
        day.change(contact_id, "tags", do="add", tag_id=str(vip))
    ann, bob = people[:2]
    deal = [("title", "Oil"), ("value", "10"), ("currency", "EUR"), ("position", '["Negotiation", "open"]')]
    fields = [*deal, ("contact", str(ann)), ("contact", str(bob)), ("csrf_token", day.browser.token())]
    deal_id = day.id_in(day.browser.post("/deals", fields))
    assert day.primaries(deal_id) == {ann: True, bob: False}
    supervised()
    outbox = Outbox(store, world)
    assert sorted(outbox.sends()) == [(contact_id, "sent") for contact_id in sorted(people)]
    assert day.browser.get("/outbox").text.count("Welcome") >= len(people)

    many = add_many(store, world, on=(news, offers), tag_id=vip)
    assert f"{MANY + len(people)} messages will be sent now." in day.send_campaign("News").text
    supervised()
    assert [state for _, state in outbox.sends()] == ["sent"] * (MANY + 2 * len(people))

    delete(store, world, *many)
    store.commit()
    for contact_id in (ann, people[4]):
        day.delete(f"/contacts/{contact_id}")
    assert day.primaries(deal_id) == {bob: True}
    gone = [*(contact.id for contact in many), ann, people[4]]
    before = outbox.rows()

    said_no = many[7].id
    link = a_token(store, world, said_no, mailing_list=store.get_one(MailingList, news))
    stranger = browse()
    stranger.press(stranger.get(f"/u/{link}"), "Unsubscribe from this list")
    day.delete(f"/lists/{offers}")
    day.delete(f"/tags/{vip}")
    day.restore_all()
    supervised()

    job = day.browser.get("/restores")
    assert f"{MANY + 2} contacts" in job.text
    lives = select(Contact.id).where(Contact.workspace_id == world.id, Contact.deleted_at.is_(None))
    assert set(stored(lives)) == {*gone, *people}
    # Rule 1: the list, the account and the Created Date; not what was deleted since.
    page = day.browser.get(f"/contacts/{ann}")
    assert "News Subscribed" in page.words("#contact-lists")
    assert "Offers" not in page.words("#contact-lists")
    assert "VIP" not in page.words("#contact-tags")
    assert "Acme" in page.words("#contact-account")
    assert stored(select(Contact.account_id).where(Contact.id == ann)) == [account]
    created = stored(select(Contact.created_at).where(Contact.id == many[0].id))
    assert created == [many[0].created_at]
    assert stored(select(Tag.deleted_at).where(Tag.id == vip)) != [None]
    # Rule 2: on the deal again, and not its primary.
    assert day.primaries(deal_id) == {ann: False, bob: True}
    assert stored(select(Deal.deleted_at).where(Deal.id == deal_id)) == [None]
    # Rule 4: no run and no message has begun, and none was changed.
    assert outbox.rows() == before
    # Rule 9: what was said in between holds.
    assert day.statuses(news) == dict.fromkeys([*gone, *people], "subscribed") | {said_no: "unsubscribed"}
    suppressed = select(Suppression.list_id).where(Suppression.workspace_id == world.id)
    assert stored(suppressed) == [news]
    day.send_campaign("News")
    supervised()
    written = [contact_id for contact_id, _ in outbox.sends()[MANY + 2 * len(people) :]]
    assert set(written) == {*gone, *people} - {said_no}
    assert len(written) == MANY + len(people) - 1
