"""A contact is put on lists, tags, an account and deals from its page, by any user, with scripts and without
them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_deal,
    new_list,
    new_tag,
    put_tag,
)
from tests.factories.people import World
from tests.support.browser import Browser, set_value
from tests.support.seen import Seen
from webapp.clock import read_clock
from webapp.models import (
    Automation,
    AutomationRun,
    Contact,
    ContactNote,
    ContactTag,
    DealContact,
    Subscription,
)
from webapp.models.automation import Trigger

NOTES = "#contact-notes .note-text"
Stored = Callable[..., list[Any]]


@pytest.fixture(params=[False, True], ids=["plain", "htmx"])
def someone(member: Browser, request: pytest.FixtureRequest) -> Browser:
    """A member, without scripts and with them."""
    member.javascript = request.param
    return member


def search(browser: Browser, page: Seen, part: str, text: str) -> Seen:
    page.one(f"#find-{part}")["value"] = text
    return browser.press(page, page.one(f"#search-{part}"))


def choose(page: Seen, name: str, value: int) -> None:
    for radio in page.all(f"input[type=radio][name={name}]"):
        if radio["value"] == str(value):
            radio["checked"] = ""


def texts(page: Seen, selector: str) -> list[str]:
    return [element.get_text().strip() for element in page.all(selector)]


def rows(page: Seen, part: str) -> list[str]:
    return [
        " ".join(row.get_text(" ").split())
        for row in page.one(f"#contact-{part}").select(".row-line, .chips > .chip-button")
    ]


def test_a_contact_is_put_on_a_list_and_its_status_changed(
    someone: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact = new_contact(store, world)
    for name in ("News", "Newsletter", "Other"):
        new_list(store, world, name)
    hidden = new_list(store, world, "News of old")
    hidden.deleted_at = read_clock(store)
    store.commit()
    page = search(someone, someone.get(f"/contacts/{contact.id}"), "lists", "NEWS")
    assert texts(page, "#contact-lists .choices .choice") == ["News", "Newsletter"]

    choose(page, "list_id", int(page.all("#contact-lists input[type=radio]")[0]["value"]))
    refused = someone.press(page, page.one("#put-on-list"))
    assert refused.status == 422
    assert "Confirm that this person has agreed" in refused.words("#lists-error")
    assert stored(select(Subscription).filter_by(contact_id=contact.id)) == []

    page = refused
    assert page.one("#find-lists")["value"] == "NEWS"
    assert len(page.all("#contact-lists input[type=radio][checked]")) == 1, "the choice is kept"
    page.one("#agreed-new")["checked"] = ""
    page = someone.press(page, page.one("#put-on-list"))
    assert rows(page, "lists") == ["News Subscribed"]
    [place] = stored(select(Subscription).filter_by(contact_id=contact.id))

    set_value(page.one(f"#status-{place.list_id}"), "unsubscribed")
    page = someone.press(page, page.one(f"#save-list-{place.list_id}"))
    assert rows(page, "lists") == ["News Unsubscribed"]
    assert not page.all(f"#off-list-{place.list_id}"), "an unsubscribe is not forgotten"
    token = someone.token()
    answer = someone.post(
        f"/contacts/{contact.id}/lists", {"csrf_token": token, "do": "off", "list_id": str(place.list_id)}
    )
    assert answer.status == 409

    set_value(page.one(f"#status-{place.list_id}"), "subscribed")
    assert someone.press(page, page.one(f"#save-list-{place.list_id}")).status == 422
    set_value(page.one(f"#status-{place.list_id}"), "unconfirmed")
    page = someone.press(page, page.one(f"#save-list-{place.list_id}"))
    page = someone.press(page, page.one(f"#off-list-{place.list_id}"))
    assert rows(page, "lists") == []
    assert stored(select(Subscription).filter_by(contact_id=contact.id)) == []


def test_becoming_subscribed_and_a_tag_wake_automations(
    member: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact, mailing_list, tag = new_contact(store, world), new_list(store, world), new_tag(store, world)
    for trigger, place in (
        (Trigger.SUBSCRIBED, {"list_id": mailing_list.id}),
        (Trigger.TAG_ADDED, {"tag_id": tag.id}),
    ):
        store.add(Automation(workspace_id=world.id, name="Welcome", trigger=trigger, steps=[], **place))
    store.commit()
    path, token = f"/contacts/{contact.id}", member.token()
    put = {"do": "put", "list_id": str(mailing_list.id), "csrf_token": token}

    member.post(f"{path}/lists", put | {"status": "unconfirmed"})
    assert stored(select(AutomationRun).filter_by(contact_id=contact.id)) == []
    member.post(f"{path}/lists", put | {"do": "status", "status": "subscribed", "agreed": "yes"})
    member.post(f"{path}/lists", put | {"status": "subscribed", "agreed": "yes"})
    member.post(f"{path}/tags", {"do": "add", "tag_id": str(tag.id), "csrf_token": token})
    member.post(f"{path}/tags", {"do": "add", "tag_id": str(tag.id), "csrf_token": token})

    assert len(stored(select(AutomationRun).filter_by(contact_id=contact.id))) == 2
    assert "Automation “Welcome” began" in member.get(path).words("#contact-timeline")


def test_tags_are_added_made_and_removed(
    someone: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact = new_contact(store, world)
    new_tag(store, world, "VIP")
    put_tag(store, contact, new_tag(store, world, "Wine vintage"))
    gone = new_tag(store, world, "Virtual")
    gone.deleted_at = read_clock(store)
    store.commit()
    page = search(someone, someone.get(f"/contacts/{contact.id}"), "tags", "vi")
    assert [button.get_text().strip() for button in page.all("#contact-tags .disclose .chips button")] == [
        "VIP"
    ]

    page = someone.press(page, page.one("#contact-tags .disclose .chips button"))
    assert rows(page, "tags") == ["VIP", "Wine vintage"]
    page = search(someone, page, "tags", "Brand new")
    page = someone.press(page, "Add the new tag")
    assert rows(page, "tags") == ["Brand new", "VIP", "Wine vintage"]
    page = someone.press(page, "Remove the tag \u2068Wine vintage\u2069")
    assert rows(page, "tags") == ["Brand new", "VIP"]
    assert all(stored(select(ContactTag.added_at).filter_by(contact_id=contact.id)))
    assert stored(select(Contact.version).filter_by(id=contact.id)) == [4]


def test_an_account_is_chosen_made_and_removed(
    someone: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact = new_contact(store, world, account=new_account(store, world, "Acme"))
    new_account(store, world, "Beta")
    store.commit()
    page = search(someone, someone.get(f"/contacts/{contact.id}"), "account", "")
    page = someone.press(page, "Beta")
    assert "Account Beta" in page.words("#contact-account .facts")
    page = search(someone, page, "account", "Gamma")
    page = someone.press(page, "Add the new account")
    assert "Account Gamma" in page.words("#contact-account .facts")
    page = someone.press(page, "Remove from Gamma")
    assert "Account –" in page.words("#contact-account .facts")
    assert stored(select(Contact.account_id).filter_by(id=contact.id)) == [None]


def test_a_contact_is_put_on_deals_made_primary_and_removed(
    someone: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact, other = new_contact(store, world), new_contact(store, world)
    deal = new_deal(store, world, other, title="Solar roof")
    new_deal(store, world, other, title="Roof of glass").deleted_at = read_clock(store)
    store.commit()
    page = search(someone, someone.get(f"/contacts/{contact.id}"), "deals", "ROOF")
    assert [label.get_text(" ").strip() for label in page.all("#contact-deals .choices .choice")] == [
        "Solar roof"
    ]

    page = someone.press(page, page.one("#add-to-deal"))
    assert rows(page, "deals") == ["Solar roof 100.00 USD"]
    page = someone.press(page, page.one(f"#primary-{deal.id}"))
    assert rows(page, "deals") == ["Solar roof · Primary Contact 100.00 USD"]
    page = someone.press(page, page.one(f"#remove-deal-{deal.id}"))
    assert rows(page, "deals") == []
    assert stored(select(DealContact.contact_id).filter_by(deal_id=deal.id, is_primary=True)) == [other.id]


def test_notes_are_written_paged_and_deleted_by_their_author_or_an_admin(
    someone: Browser, admin: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact = new_contact(store, world)
    now = read_clock(store)
    store.add_all(
        ContactNote(contact_id=contact.id, user_id=world.admin.id, created_at=now, text=f"Admin's {i}")
        for i in range(10)
    )
    store.add(ContactNote(contact_id=contact.id, created_at=now, kind="former_address", text="old@x.example"))
    store.commit()
    page = someone.get(f"/contacts/{contact.id}")
    page.one("#note")["value"] = "Called.\nCall again <b>on Monday</b>."
    page = someone.press(page, page.one("#add-note"))

    assert texts(page, NOTES)[:2] == ["Called.\nCall again <b>on Monday</b>.", "Admin's 9"]
    assert "Former e-mail address: old@x.example" in page.words("#contact-notes")
    assert len(page.all("#contact-notes [id^=delete-note-]")) == 1, "only one's own"
    older = someone.press(page, page.one("#older-notes"))
    assert [note.get_text().strip() for note in older.all("#contact-notes .note-text")] == [
        "Admin's 1",
        "Admin's 0",
    ]

    newest = select(ContactNote.id).filter_by(contact_id=contact.id, kind="written")
    mine, theirs = stored(newest.order_by(ContactNote.id.desc()).limit(2))
    forbidden = someone.post(
        f"/contacts/{contact.id}/notes",
        {"csrf_token": someone.token(), "do": "delete", "note_id": str(theirs)},
    )
    assert forbidden.status == 409
    page = someone.press(page, page.one(f"#delete-note-{mine}"))
    assert "Called." not in page.words("#contact-notes")
    seen = admin.get(f"/contacts/{contact.id}")
    seen = admin.press(seen, seen.one(f"#delete-note-{theirs}"))
    assert "Admin's 9" not in seen.words("#contact-notes")


def test_a_note_that_is_empty_or_too_long_is_refused_and_kept(
    someone: Browser, world: World, store: Session
) -> None:
    contact = new_contact(store, world)
    store.commit()
    for text, says in (("\u200b ", "Type a note."), ("x" * 5001, "at most 5,000 characters")):
        page = someone.get(f"/contacts/{contact.id}")
        page.one("#note")["value"] = text
        page = someone.press(page, page.one("#add-note"))
        assert page.status == 422
        assert says in page.words("#notes-error")
        assert page.one("#note").get_text().strip() == text.strip()


def test_a_contact_that_was_deleted_meanwhile_is_not_changed(
    member: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact, tag = new_contact(store, world), new_tag(store, world)
    delete(store, world, contact)
    store.commit()
    token = member.token()

    for part, fields in {
        "tags": {"do": "add", "tag_id": str(tag.id)},
        "notes": {"do": "add", "text": "Hello"},
        "account": {"do": "new", "name": "Acme"},
    }.items():
        assert member.post(f"/contacts/{contact.id}/{part}", fields | {"csrf_token": token}).status == 404
        assert member.get(f"/contacts/{contact.id}/{part}").status == 404
    assert stored(select(ContactTag).filter_by(contact_id=contact.id)) == []


def test_of_two_who_choose_the_same_the_second_is_told(member: Browser, world: World, store: Session) -> None:
    contact, tag, mailing_list = new_contact(store, world), new_tag(store, world), new_list(store, world)
    account, deal = new_account(store, world), new_deal(store, world)
    for row in (tag, mailing_list, account, deal):
        row.deleted_at = read_clock(store)
    store.commit()

    for part, fields in {
        "tags": {"do": "add", "tag_id": str(tag.id)},
        "lists": {"do": "put", "list_id": str(mailing_list.id), "status": "unconfirmed"},
        "account": {"do": "set", "account_id": str(account.id)},
        "deals": {"do": "add", "deal_id": str(deal.id)},
    }.items():
        seen = member.post(f"/contacts/{contact.id}/{part}", fields | {"csrf_token": member.token()})
        assert seen.status == 409, part
        assert "is not here any more. Search again." in seen.words(f"#{part}-error")
