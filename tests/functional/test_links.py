"""The links in messages: without signing in, for ever, and only by a button."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, subscribe
from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.links import a_token
from tests.support.marketing import Marketing
from webapp.marketing.links import LinkKind
from webapp.models import Contact, MailingList, Subscription, Suppression, Workspace

Stored = Callable[..., list[Any]]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def news(store: Session, world: World) -> MailingList:
    return new_list(store, world, "News")


@pytest.fixture
def reader(store: Session, world: World, news: MailingList) -> Contact:
    contact = new_contact(store, world)
    subscribe(store, contact, news, "subscribed")
    store.commit()
    return contact


@pytest.fixture
def stranger(browse: Callable[..., Browser]) -> Browser:
    """A person who is not signed in."""
    return browse()


@pytest.fixture
def statuses(stored: Stored) -> Callable[[Contact], list[str]]:
    def look_up(contact: Contact) -> list[str]:
        query = select(Subscription).where(Subscription.contact_id == contact.id)
        return [row.status.value for row in stored(query.order_by(Subscription.list_id))]

    return look_up


@pytest.fixture
def suppressions(stored: Stored, world: World) -> Callable[[], list[tuple[int | None, str]]]:
    query = select(Suppression).where(Suppression.workspace_id == world.id).order_by(Suppression.id)
    return lambda: [(row.list_id, row.reason.value) for row in stored(query)]


def test_opening_the_link_changes_nothing_and_its_buttons_unsubscribe(
    stranger: Browser,
    store: Session,
    world: World,
    news: MailingList,
    reader: Contact,
    statuses: Any,
    suppressions: Any,
    unchanged: Callable[[], AbstractContextManager[None]],
) -> None:
    other = new_list(store, world)
    subscribe(store, reader, other, "subscribed")
    address = f"/u/{a_token(store, world, reader.id, mailing_list=news)}"

    with unchanged():
        page = stranger.get(address)
    assert page.words("h1") == "Unsubscribe?"
    assert (page.status, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "session" not in str(page.headers.get("Set-Cookie"))
    assert statuses(reader) == ["subscribed", "subscribed"]

    done = stranger.press(page, "Unsubscribe from this list")
    assert "no more messages of the list News" in done.text
    assert statuses(reader) == ["unsubscribed", "subscribed"]
    assert suppressions() == [(news.id, "unsubscribe")]

    with unchanged():
        stranger.press(stranger.get(address), "Unsubscribe from this list")
    stranger.press(done, "Unsubscribe from everything")
    assert statuses(reader) == ["unsubscribed", "unsubscribed"]
    assert suppressions() == [(news.id, "unsubscribe"), (None, "unsubscribe")]


def test_one_click_of_a_mail_program_needs_no_page_and_no_token(
    app: Flask, store: Session, world: World, news: MailingList, reader: Contact, statuses: Any
) -> None:
    """RFC 8058: a POST with this body, without cookies, that is not redirected."""
    address = f"/u/{a_token(store, world, reader.id, mailing_list=news)}"

    answer = app.test_client(use_cookies=False).post(address, data=ONE_CLICK, base_url="https://localhost")

    assert answer.status_code == 200
    assert statuses(reader) == ["unsubscribed"]


def test_it_works_while_the_contact_is_deleted_and_when_it_was_purged(
    stranger: Browser,
    store: Session,
    world: World,
    news: MailingList,
    reader: Contact,
    statuses: Any,
    suppressions: Any,
) -> None:
    purged = new_contact(store, world)
    subscribe(store, purged, news, "subscribed")
    links = [f"/u/{a_token(store, world, each.id, mailing_list=news)}" for each in (reader, purged)]
    # The same address came back after the purge.
    address = purged.email
    delete(store, world, reader)
    store.execute(sql_delete(Subscription).where(Subscription.contact_id == purged.id))
    store.commit()
    store.execute(sql_delete(Contact).where(Contact.id == purged.id))
    store.commit()
    back = new_contact(store, world, email=address)
    subscribe(store, back, news, "subscribed")
    store.commit()

    for link in links:
        stranger.post(link, ONE_CLICK)

    assert statuses(reader) == ["unsubscribed"]
    assert statuses(back) == ["unsubscribed"]
    assert suppressions() == [(news.id, "unsubscribe")] * 2


def test_it_survives_a_change_of_the_key_of_the_deployment(
    environ: dict[str, str], store: Session, world: World, reader: Contact, statuses: Any
) -> None:
    address = f"/u/{a_token(store, world, reader.id)}"

    with another_app(environ | {"SECRET_KEY": "another one"}) as other:
        assert other.test_client().post(address, data=ONE_CLICK).status_code == 200
    assert "unsubscribed" in statuses(reader)


def test_a_forged_link_changes_nothing(
    stranger: Browser,
    store: Session,
    world: World,
    elsewhere: World,
    reader: Contact,
    unchanged: Callable[[], AbstractContextManager[None]],
) -> None:
    """Another letter anywhere, another kind, a key of another workspace, no key yet."""
    token = a_token(store, world, reader.id)
    theirs = a_token(store, elsewhere, new_contact(store, elsewhere).id)
    store.execute(
        Workspace.__table__.update().where(Workspace.id == elsewhere.id).values(link_key=None)  # type: ignore[attr-defined]
    )
    store.commit()
    changed = [
        token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(96)
    ]

    with unchanged():
        for forged in (*changed, theirs, token[:-1], token + "A"):
            seen = stranger.post(f"/u/{forged}", ONE_CLICK)
            assert seen.status == 404, forged
            assert "edited or cut off" in seen.text
        assert stranger.post(f"/c/{token}", {}).status == 404
        assert stranger.get(f"/c/{token}").status == 404


def test_a_confirmation_lifts_what_an_unsubscribe_wrote_and_wakes_the_automations(
    stranger: Browser,
    store: Session,
    world: World,
    news: MailingList,
    reader: Contact,
    statuses: Any,
    suppressions: Any,
    unchanged: Callable[[], AbstractContextManager[None]],
) -> None:
    other = new_list(store, world)
    marketing = Marketing(store, world)
    marketing.automation(news, {"do": "wait", "hours": 24})
    for kind in ({"from": "everything"}, {"from": "list"}):
        stranger.post(f"/u/{a_token(store, world, reader.id, mailing_list=news)}", kind)
    address = f"/c/{a_token(store, world, reader.id, LinkKind.CONFIRM, news)}"

    with unchanged():
        page = stranger.get(address)
    assert page.words("h1") == "Do you want these messages?"
    done = stranger.press(page, "Yes, send them to me")

    assert done.words("h1") == "Thank you"
    assert statuses(reader) == ["subscribed"]
    # It has spoken of one list only.
    assert suppressions() == [(other.id, "unsubscribe")]
    assert [state for _, state, _ in marketing.runs()] == ["queued"]
    with unchanged():
        stranger.press(stranger.get(address), "Yes, send them to me")


def test_a_confirmation_changes_nothing_for_a_deleted_contact_or_an_address_that_bounces(
    stranger: Browser,
    store: Session,
    world: World,
    news: MailingList,
    reader: Contact,
    statuses: Any,
    unchanged: Callable[[], AbstractContextManager[None]],
) -> None:
    bounced = new_contact(store, world)
    subscribe(store, bounced, news, "bounced")
    tokens = [a_token(store, world, each.id, LinkKind.CONFIRM, news) for each in (reader, bounced)]
    stranger.post(f"/u/{a_token(store, world, reader.id, mailing_list=news)}", ONE_CLICK)
    Marketing(store, world).bounce(bounced, news)
    delete(store, world, reader)
    store.commit()

    with unchanged():
        gone, unreachable = (stranger.post(f"/c/{token}", {}) for token in tokens)
    assert (gone.status, unreachable.status) == (409, 409)
    assert "no contact with your address any more" in gone.text
    assert "cannot be reached" in unreachable.text
    assert statuses(reader) == ["unsubscribed"]


def test_names_of_the_account_are_all_that_the_page_shows(
    stranger: Browser, store: Session, world: World, news: MailingList, reader: Contact
) -> None:
    page = stranger.get(f"/u/{a_token(store, world, reader.id, mailing_list=news)}")

    assert str(reader.email) not in page.text
    assert reader.first_name not in re.findall(r"\w+", page.text)
