"""Campaigns on their pages: written, tried, sent once, deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_list, subscribe
from tests.factories.people import World, new_admin, new_world
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.models import Campaign, CampaignSend, GroupRight, Right, UserGroup

Stored = Callable[[Select[Any]], list[Any]]


@pytest.fixture
def campaigns(world: World, stored: Stored) -> Callable[[], list[Campaign]]:
    query = select(Campaign).where(Campaign.workspace_id == world.id).order_by(Campaign.id)
    return lambda: stored(query)


@pytest.fixture
def messages(world: World, stored: Stored) -> Callable[[], list[tuple[str, int | None, int | None]]]:
    """Each message: its kind, contact and user."""
    query = select(CampaignSend).where(CampaignSend.workspace_id == world.id).order_by(CampaignSend.id)
    return lambda: [(one.kind, one.contact_id, one.user_id) for one in stored(query)]


def write(browser: Browser, page: Seen, **typed: str) -> Seen:
    """Type into the campaign's form and save it."""
    fields = {"name": "Spring", "list": "News", "subject": "Hello", "body": "Hi {first_name}"} | typed
    form = page.first("main form.stack")
    hidden = {f["name"]: f.attrs.get("value", "") for f in form.select("input[type=hidden]")}
    return browser.post(form["action"], hidden | fields)


def add(browser: Browser, **typed: str) -> Seen:
    return write(browser, browser.press(browser.get("/campaigns"), "Add a campaign"), **typed)


def test_a_campaign_is_written_tried_and_sent_once(
    anyone: Browser, world: World, store: Session, messages: Any, campaigns: Any
) -> None:
    news = new_list(store, world, "News")
    ann, bob, cid = (new_contact(store, world) for _ in range(3))
    subscribe(store, ann, news, "subscribed")
    subscribe(store, bob, news, "subscribed")
    subscribe(store, cid, news, "unsubscribed")
    store.commit()

    page = add(anyone, name=" Spring  news ", list="NEWS")
    assert "Campaign added. Nothing has been sent yet." in page.text
    assert page.words("h1") == "Spring news"
    assert messages() == []

    page = anyone.press(page, "Send me a test")
    assert f"A test message to {world.admin.email}" in page.text
    assert messages() == [("test", None, world.admin.id)]

    dialog = anyone.press(page, "Send to the list")
    assert "Send to 2 contacts?" in dialog.text
    page = anyone.press(dialog, dialog.one("#confirm form[method=post] button"))
    assert "2 messages will be sent now." in page.text
    assert "Waiting 2" in page.text
    assert messages()[1:] == [("campaign", ann.id, None), ("campaign", bob.id, None)]

    again = anyone.post(
        f"/campaigns/{campaigns()[0].id}/send", {"csrf_token": anyone.token(), "version": "1"}
    )
    assert again.status == 409
    assert "It has been sent already" in again.complaint
    assert len(messages()) == 3


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"list": ""}, 422, "needs a subject, a text and a list"),
        ({"subject": ""}, 422, "needs a subject, a text and a list"),
        ({"body": ""}, 422, "needs a subject, a text and a list"),
        ({}, 422, "No contact of its list may be written to"),
    ],
)
def test_a_campaign_that_cannot_be_sent_says_why(
    admin: Browser,
    world: World,
    store: Session,
    messages: Any,
    typed: dict[str, str],
    status: int,
    words: str,
) -> None:
    new_list(store, world, "News")
    store.commit()
    page = add(admin, **typed)

    answer = admin.press(page, "Send to the list")
    posted = admin.post(f"{page.path}/send", {"csrf_token": admin.token(), "version": "1"})

    assert (answer.status, posted.status) == (status, status)
    assert words in answer.complaint
    assert words in posted.complaint
    assert messages() == []


def test_what_was_typed_stays_when_something_is_wrong(
    admin: Browser, world: World, store: Session, campaigns: Any
) -> None:
    new_list(store, new_world(store, name="Elsewhere"), "Theirs")
    store.commit()

    page = add(admin, name="Spring", list="Theirs", body="Long text")

    assert page.status == 422
    assert "There is no list with this name" in page.words("#list-error")
    assert page.one("#body").get_text().strip() == "Long text"
    assert campaigns() == []


def test_the_second_of_two_people_is_told_and_loses_nothing(
    admin: Browser, browse: Callable[..., Browser], world: World, store: Session, campaigns: Any
) -> None:
    new_list(store, world, "News")
    other = new_admin(store, world.workspace)
    store.commit()
    page = add(admin)
    theirs = browse(other)
    write(theirs, theirs.get(page.path), subject="From the other")

    mine = write(admin, page, subject="From me")

    assert mine.status == 409
    assert "Another person has changed this campaign" in mine.text
    assert mine.one("#subject")["value"] == "From me"
    assert campaigns()[0].subject == "From the other"
    assert "Campaign saved." in write(admin, mine, subject="From me").text
    assert campaigns()[0].subject == "From me"


def test_a_version_that_was_not_read_is_not_sent(
    admin: Browser, world: World, store: Session, messages: Any
) -> None:
    news = new_list(store, world, "News")
    subscribe(store, new_contact(store, world), news, "subscribed")
    store.commit()
    page = add(admin)
    dialog = admin.press(page, "Send to the list")
    write(admin, page, subject="Another text")

    answer = admin.press(dialog, dialog.one("#confirm form[method=post] button"))

    assert answer.status == 409
    assert "Another person has changed it" in answer.complaint
    assert messages() == []


def test_deleting_ends_what_waits_and_hides_the_campaign(
    anyone: Browser, world: World, store: Session, stored: Stored
) -> None:
    news = new_list(store, world, "News")
    subscribe(store, new_contact(store, world), news, "subscribed")
    store.commit()
    page = add(anyone)
    dialog = anyone.press(page, "Send to the list")
    page = anyone.press(dialog, dialog.one("#confirm form[method=post] button"))

    dialog = anyone.press(page, page.one("#delete-campaign"))
    assert "1 message that still waits will not be sent." in dialog.text
    page = anyone.press(dialog, dialog.one("#confirm form[method=post] button"))

    assert "No campaigns yet" in page.text
    sends = stored(select(CampaignSend).where(CampaignSend.workspace_id == world.id))
    assert [(one.state, one.ended_why) for one in sends] == [("ended", "campaign_deleted")]


def test_the_list_is_searched_and_paged(anyone: Browser, world: World, store: Session) -> None:
    for number in range(51):
        store.add(Campaign(workspace_id=world.id, name=f"Spring {number}"))
    store.add(Campaign(workspace_id=world.id, name="Été", subject="Summer"))
    store.commit()

    page = anyone.get("/campaigns")
    assert len(page.names) == 50
    assert page.names[0] == "Été"
    assert anyone.press(page, "Next").names == ["Spring 1", "Spring 0"]
    assert anyone.fill(page, q="éTÉ").names == ["Été"]
    assert "No campaign matches" in anyone.fill(page, q="autumn").text


def test_a_group_with_the_right_may_and_another_account_may_not(
    member: Browser, world: World, store: Session, campaigns: Any
) -> None:
    foreign = Campaign(workspace_id=new_world(store, name="Elsewhere").id, name="Theirs")
    store.add(foreign)
    store.flush()
    sales = store.scalars(select(UserGroup).filter_by(workspace_id=world.id, name="Sales")).one()
    store.add(GroupRight(group_id=sales.id, right=Right.CAMPAIGNS))
    store.commit()

    assert add(member, list="").status == 200
    assert len(campaigns()) == 1
    for path in ("", "/send", "/delete"):
        assert member.get(f"/campaigns/{foreign.id}{path}").status == 404
