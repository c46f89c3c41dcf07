"""People find, create, rename and delete lists, tags and accounts, and see their contacts."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_contacts,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.catalogue.members import count_members
from webapp.clock import read_clock
from webapp.contacts import find, things
from webapp.models import Account, Campaign, CampaignSend, Contact, MailingList, Subscription, Tag

Stored = Callable[[Any], list[Any]]
Unchanged = Callable[[], AbstractContextManager[None]]

NEW: dict[str, Callable[..., Any]] = {"list": new_list, "tag": new_tag, "account": new_account}
MODELS: dict[str, Any] = {"list": MailingList, "tag": Tag, "account": Account}
NOUNS = pytest.mark.parametrize("noun", NEW)


def put(store: Session, noun: str, row: Any, *contacts: Contact) -> None:
    for contact in contacts:
        if noun == "list":
            subscribe(store, contact, row, "subscribed")
        elif noun == "tag":
            put_tag(store, contact, row)
        else:
            contact.account_id = row.id


def typed(browser: Browser, dialog: Seen, name: str) -> Seen:
    """Type a name into the dialog and send it."""
    form = dialog.one("#name-form")
    dialog.one("input[name=name]")["value"] = name
    return browser.press(dialog, form.select("button")[0])


@NOUNS
def test_one_is_created_renamed_and_deleted(
    anyone: Browser, world: World, store: Session, stored: Stored, noun: str
) -> None:
    model = MODELS[noun]
    other = NEW[noun](store, world, "Old customers")
    store.commit()

    index = anyone.get(f"/{noun}s")
    page = typed(anyone, anyone.press(index, f"New {noun}"), "  Key \n customers ")
    assert (page.words("h1"), page.text.count(f"The {noun} was created.")) == ("Key customers", 1)

    taken = typed(anyone, anyone.press(page, "Rename"), "OLD customers")
    assert taken.status == 422
    assert f"Another {noun} has this name." in taken.complaint
    assert taken.one("input[name=name]")["value"] == "OLD customers"
    assert taken.button("Old customers")["href"] == f"/{noun}s/{other.id}"
    renamed = typed(anyone, taken, "Best customers")
    assert renamed.words("h1") == "Best customers"

    dialog = anyone.press(renamed, "Delete")
    assert "does not get the" in dialog.text
    gone = anyone.press(dialog, dialog.one("dialog .button-danger"))
    assert (gone.path, gone.names) == (f"/{noun}s", ["Old customers"])
    assert f"The {noun} was deleted." in gone.text
    rows = select(model.name).where(model.workspace_id == world.id).order_by(model.id)
    assert stored(rows) == ["Old customers", "Best customers"], "a deleted one stays stored"


@NOUNS
def test_a_name_that_is_none_or_too_long_is_refused_and_kept(
    anyone: Browser, unchanged: Unchanged, noun: str
) -> None:
    dialog = anyone.press(anyone.get(f"/{noun}s"), f"New {noun}")

    with unchanged():
        for name, why in (
            ("", "Type a name"),
            ("\u200b", "Type a name"),
            ("x" * 200, "at most"),
            ("a\x07b", "no name has"),
        ):
            refused = typed(anyone, dialog, name)
            assert (refused.status, why in refused.complaint) == (422, True), name
            assert refused.one("input[name=name]")["value"] == name


@NOUNS
def test_the_index_is_searched_and_paged_and_counts_live_contacts(
    anyone: Browser, world: World, store: Session, monkeypatch: pytest.MonkeyPatch, noun: str
) -> None:
    rows = [NEW[noun](store, world, f"Name {number:02}") for number in range(51)]
    full = NEW[noun](store, world, "100% نور")
    stays, gone = new_contacts(store, world, 2)
    put(store, noun, full, stays, gone)
    delete(store, world, gone)
    hidden = NEW[noun](store, world, "Hidden")
    hidden.deleted_at = read_clock(store)
    store.commit()

    pages = anyone.turn(anyone.get(f"/{noun}s"), "Next")
    assert [len(page.names) for page in pages] == [50, 2]
    assert pages[0].names[0] == "100% نور"
    assert pages[1].names == [row.name for row in rows[-2:]]
    found = anyone.fill(pages[0], q="100%")
    assert found.names == ["100% نور"]
    assert [cell.get_text(strip=True) for cell in found.all("td.cell-number")] == ["1"]
    assert "Nothing was found" in anyone.fill(found, q="Hidden").text


@NOUNS
def test_a_page_shows_its_live_contacts_and_no_others(
    anyone: Browser, world: World, store: Session, noun: str
) -> None:
    row, other = NEW[noun](store, world, "VIP"), NEW[noun](store, world, "Other")
    there = new_contacts(store, world, 52)
    gone, elsewhere = new_contact(store, world, "Gone"), new_contact(store, world, "Elsewhere")
    put(store, noun, row, *there, gone)
    put(store, noun, other, elsewhere)
    delete(store, world, gone)
    store.commit()

    pages = anyone.turn(anyone.get(f"/{noun}s/{row.id}"), "Next")

    assert [row_id for page in pages for row_id in page.ids] == sorted((c.id for c in there), reverse=True)
    assert "52 contacts" in pages[0].text
    assert not pages[0].all("input[name=selected]")
    assert anyone.get(f"/{noun}s/{row.id}/count", htmx=True).text == "52 contacts"


def test_what_cannot_be_counted_in_time_is_over_a_number(
    admin: Browser, world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = new_tag(store, world, "VIP")
    put(store, "tag", row, *new_contacts(store, world, 60))
    store.commit()
    monkeypatch.setattr(things, "MOST_COUNTED", 55)
    monkeypatch.setattr(find, "SCAN_LIMIT", 55)

    assert admin.get("/tags").one("td.cell-number").get_text(strip=True) == "over 55"
    page = admin.get(f"/tags/{row.id}")
    assert "Over 50 contacts" in page.text
    assert admin.get(page.one("#results-count")["hx-get"], htmx=True).text == "60 contacts"


def test_the_dialog_says_what_is_lost_and_a_count_that_is_too_much_is_over(
    anyone: Browser, world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = new_list(store, world, "News")
    put(store, "list", row, *new_contacts(store, world, 3))
    store.add(Campaign(workspace_id=world.id, name="Spring", list_id=row.id))
    store.commit()

    exact = anyone.press(anyone.get(f"/lists/{row.id}"), "Delete")
    monkeypatch.setattr("webapp.catalogue.delete.MOST_COUNTED", 2)
    over = anyone.press(anyone.get(f"/lists/{row.id}"), "Delete")

    assert exact.words(".dialog-title").replace(" ", "") == "Deletethelist“News”?"
    assert "3 contacts are on this list. They stay, without it." in exact.text
    assert "1 campaign uses it." in exact.text
    assert "Over 2 contacts are on this list." in over.text


def test_a_list_with_messages_on_their_way_is_kept_and_the_dialog_says_why(
    anyone: Browser, world: World, store: Session, unchanged: Unchanged
) -> None:
    row, contact = new_list(store, world, "News"), new_contact(store, world)
    campaign = Campaign(workspace_id=world.id, name="Spring", list_id=row.id)
    store.add(campaign)
    store.commit()
    dialog = anyone.press(anyone.get(f"/lists/{row.id}"), "Delete")
    now = read_clock(store)
    store.add(
        CampaignSend(
            workspace_id=world.id, campaign_id=campaign.id, contact_id=contact.id, due_at=now, created_at=now
        )
    )
    store.commit()

    with unchanged():
        refused = anyone.press(dialog, dialog.one("dialog .button-danger"))
        again = anyone.press(anyone.get(f"/lists/{row.id}"), "Delete")

    for seen in (refused, again):
        assert seen.status == 409
        assert "1 message to this list is still being sent." in seen.complaint
        assert not seen.all("dialog .button-danger")


def test_members_delete_tags_and_accounts_and_no_lists(
    member: Browser, world: World, store: Session, unchanged: Unchanged
) -> None:
    rows = {noun: NEW[noun](store, world) for noun in NEW}
    store.commit()
    token = {"csrf_token": member.token()}

    with unchanged():
        page = member.get(f"/lists/{rows['list'].id}")
        assert page.has_button("Rename")
        assert not page.has_button("Delete")
        assert member.post(f"/lists/{rows['list'].id}/delete", token).status == 403
    for noun in ("tag", "account"):
        assert member.get(f"/{noun}s/{rows[noun].id}").has_button("Delete")
        assert member.post(f"/{noun}s/{rows[noun].id}/delete", token).path == f"/{noun}s"
        again = member.post(f"/{noun}s/{rows[noun].id}/delete", token)
        assert (again.status, "not here any more" in again.text) == (404, True)


def test_a_status_is_changed_by_hand_and_subscribed_only_with_consent(
    anyone: Browser, world: World, store: Session, stored: Stored
) -> None:
    row, contact = new_list(store, world, "News"), new_contact(store, world, "Ann", "نور")
    subscribe(store, contact, row, "unsubscribed")
    put(store, "list", row, new_contact(store, world, "Bob"))
    store.commit()
    page = anyone.fill(anyone.get(f"/lists/{row.id}"), status="unsubscribed")
    assert page.ids == [contact.id]
    dialog = anyone.press(page, "Change the status of \u2068Ann نور\u2069")
    assert dialog.one("input[name=status][checked]")["value"] == "unsubscribed"

    refused = choose(anyone, dialog, "subscribed")
    assert (refused.status, "has agreed" in refused.complaint) == (422, True)
    assert refused.one("input[name=status][checked]")["value"] == "subscribed"
    after = choose(anyone, refused, "subscribed", agreed=True)

    assert "The status is Subscribed now." in after.text
    assert after.query == {"status": "unsubscribed"}, "back to the same filter"
    assert stored(select(Subscription.status).where(Subscription.contact_id == contact.id)) == ["subscribed"]


def choose(browser: Browser, dialog: Seen, status: str, *, agreed: bool = False) -> Seen:
    for radio in dialog.all("input[name=status]"):
        if radio["value"] == status:
            radio["checked"] = "checked"
        elif radio.has_attr("checked"):
            del radio["checked"]
    if agreed:
        dialog.one("input[name=agreed]")["checked"] = "checked"
    return browser.press(dialog, dialog.one("#status-form button"))


def test_an_unknown_status_is_an_error_and_shows_no_contact(
    anyone: Browser, world: World, store: Session
) -> None:
    row = new_list(store, world)
    put(store, "list", row, new_contact(store, world))
    store.commit()

    page = anyone.get(f"/lists/{row.id}?status=gone")

    assert (page.status, page.names) == (422, [])
    assert "Choose a status" in page.complaint


@NOUNS
def test_those_of_another_account_are_not_found(
    admin: Browser, elsewhere: World, store: Session, unchanged: Unchanged, noun: str
) -> None:
    row, contact = NEW[noun](store, elsewhere, "Foreign"), new_contact(store, elsewhere)
    put(store, noun, row, contact)
    store.commit()
    token = {"csrf_token": admin.token()}

    with unchanged():
        assert admin.get(f"/{noun}s").names == []
        for act in ("", "/rename", "/delete", "/count", *(["/status?contact=1"] if noun == "list" else [])):
            assert admin.get(f"/{noun}s/{row.id}{act}").status == 404, act
        for act in ("/rename", "/delete"):
            fields = token | {"name": "Mine now"}
            assert admin.post(f"/{noun}s/{row.id}{act}", fields).status in (404, 303), act
        if noun == "list":
            status = token | {"contact": str(contact.id), "status": "bounced"}
            assert admin.post(f"/lists/{row.id}/status", status).status == 404
    assert count_members(store, MODELS[noun], [row.id], most=9) == {row.id: (1, True)}
