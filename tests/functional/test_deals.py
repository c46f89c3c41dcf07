"""People create and edit deals, put contacts on them, and move them from stage to stage."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_deal
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.contacts import deals
from webapp.models import Contact, Deal, DealContact
from webapp.models.deal import DealStatus

Stored = Callable[[Any], list[Any]]
Unchanged = Callable[[], AbstractContextManager[None]]


def on(stored: Stored, deal_id: int) -> list[int]:
    """The contacts of a deal, its Primary Contact first."""
    places = select(DealContact.contact_id).where(DealContact.deal_id == deal_id)
    return stored(places.order_by(DealContact.is_primary.desc(), DealContact.id))


def send(browser: Browser, page: Seen, button: str, **typed: str) -> Seen:
    """Fill in the form and press the button."""
    for name, value in typed.items():
        field = page.one(f"main form [name={name}]")
        if field.name == "select":
            for option in field.select("option"):
                if option.has_attr("selected"):
                    del option["selected"]
                if option.get("value") == value:
                    option["selected"] = "selected"
        else:
            field["value"] = value
    return browser.press(page, button)


@pytest.fixture
def ann(store: Session, world: World) -> Contact:
    contact = new_contact(store, world, "Ann", "Zander")
    store.commit()
    return contact


def pick(browser: Browser, page: Seen, find: str) -> Seen:
    """Search for contacts in the form, and tick the first that is found."""
    field = page.one("#find")
    field["value"] = find
    page = browser.ask(page, field) if browser.javascript else browser.press(page, "Find")
    page.all("input[name=contact]:not([checked])")[0]["checked"] = "checked"
    return page


def test_a_deal_is_created_with_its_contacts(
    anyone: Browser, world: World, store: Session, ann: Contact, stored: Stored
) -> None:
    bob, gone = new_contact(store, world, "Bob", "Zander"), new_contact(store, world, "Gone", "Zander")
    delete(store, world, gone)
    store.commit()
    page = anyone.press(anyone.get("/deals"), "New deal")
    page.one("[name=title]")["value"] = "Olive  oil"
    page.one("[name=value]")["value"] = "1.250,50"

    page = pick(anyone, page, "bob")
    page = pick(anyone, page, "zander")
    assert "Gone" not in page.text
    assert page.one("[name=title]")["value"] == "Olive  oil" or not anyone.javascript
    after = anyone.press(page, page.one("main .actions button"))

    assert after.words("h1") == "Olive oil"
    assert "1,250.50 USD" in after.text
    assert "To contact" in after.text
    [deal] = stored(select(Deal).where(Deal.workspace_id == world.id))
    assert on(stored, deal.id) == [bob.id, ann.id]


def test_a_deal_without_a_contact_is_refused_and_nothing_typed_is_lost(
    anyone: Browser, world: World, store: Session, ann: Contact, unchanged: Unchanged
) -> None:
    def form(page: Seen) -> dict[str, str]:
        values = {name: page.one(f"[name={name}]")["value"] for name in ("title", "value")}
        return values | {
            name: page.one(f"[name={name}] option[selected]")["value"] for name in ("currency", "position")
        }

    token = {"csrf_token": anyone.token()}
    valid = {"title": "Oil", "value": "12,5", "currency": "EUR", "position": '["Negotiation", "open"]'}
    with unchanged():
        for bad, why in (
            ({}, "A deal needs a contact"),
            ({"title": " "}, "Type a name"),
            ({"title": "x" * 161}, "at most 160"),
            ({"value": "a lot", "contact": str(ann.id)}, "Type an amount"),
            ({"value": "1,555", "currency": "KWD", "contact": "999999999"}, "A deal needs a contact"),
            ({"contact": "none"}, "could not be read"),
        ):
            refused = anyone.post("/deals", token | valid | bad)
            assert (refused.status, why in refused.complaint) == (422, True), (bad, refused.complaint)
            kept = {name: value for name, value in (valid | bad).items() if name != "contact"}
            assert form(refused) == kept | {"title": kept["title"].strip()}
    delete(store, world, ann)
    store.commit()
    with unchanged():
        # Deleted since it was ticked.
        assert "needs a contact" in anyone.post("/deals", token | valid | {"contact": str(ann.id)}).complaint


def test_enter_in_the_search_for_contacts_searches_and_creates_nothing(
    admin: Browser, world: World, store: Session, ann: Contact, unchanged: Unchanged
) -> None:
    new_contact(store, world, "Bob", "Zander")
    store.commit()
    valid = {"title": "Oil", "currency": "EUR", "position": '["Negotiation", "open"]', "contact": str(ann.id)}

    with unchanged():
        page = admin.post("/deals", valid | {"csrf_token": admin.token(), "find": "bob", "searched": ""})

    assert page.status == 200
    ticked = page.one("input[name=contact][checked]")
    assert ticked["value"] == str(ann.id)
    assert "Bob Zander" in page.text


def test_a_contact_that_an_address_names_is_picked(anyone: Browser, ann: Contact) -> None:
    page = anyone.get(f"/deals/new?contact={ann.id}")

    assert page.one("input[name=contact][checked]")["value"] == str(ann.id)
    assert page.one("[name=currency] option[selected]")["value"] == "USD"


def test_the_second_of_two_editors_is_told_and_loses_nothing(
    anyone: Browser, member: Browser, world: World, store: Session, ann: Contact, stored: Stored
) -> None:
    deal = new_deal(store, world, ann, title="Oil")
    store.commit()
    mine = anyone.press(anyone.get(f"/deals/{deal.id}"), "Edit")
    theirs = member.get(f"/deals/{deal.id}/edit")
    send(member, theirs, "Save deal", title="Olive oil", value="7")

    told = send(anyone, mine, "Save deal", title="Oil and vinegar", position='["Closed", "won"]')

    assert told.status == 409
    assert "Someone else has changed this deal" in told.complaint
    assert told.words("dl.losses") == "Title is now Olive oil Value is now 7.00 USD"
    assert told.one("[name=title]")["value"] == "Oil and vinegar"
    assert told.one("[name=value]")["value"] == "100.00"
    saved = anyone.press(told, "Save deal")
    assert "The deal was saved." in saved.text
    row = select(Deal).where(Deal.id == deal.id)
    assert [(d.title, d.value, d.stage, d.status, d.version) for d in stored(row)] == [
        ("Oil and vinegar", 100, "Closed", DealStatus.WON, 3)
    ]


def test_contacts_are_put_on_made_primary_and_taken_off(
    anyone: Browser, world: World, store: Session, ann: Contact, stored: Stored
) -> None:
    bob, gone = new_contact(store, world, "Bob", "Zander"), new_contact(store, world, "Gone", "Zander")
    deal = new_deal(store, world, ann, gone)
    delete(store, world, gone)
    store.commit()

    page = anyone.get(f"/deals/{deal.id}")
    assert "Gone" not in page.text
    page.one("#find")["value"] = "zander"
    found = anyone.press(page, "Find")
    assert [b["value"] for b in found.all("[aria-label^=Add]")] == [str(bob.id)], (
        "not who is on it, or deleted"
    )
    added = anyone.press(found, "Add \u2068Bob Zander\u2069")
    assert "Bob Zander is on this deal now." in added.text
    primary = anyone.press(added, "Make \u2068Bob Zander\u2069 the Primary Contact")
    assert on(stored, deal.id)[0] == bob.id
    removed = anyone.press(primary, "Remove \u2068Bob Zander\u2069 from this deal")
    assert "Bob Zander is not on this deal any more. Ann Zander is the Primary Contact now." in removed.text
    empty = anyone.press(removed, "Remove \u2068Ann Zander\u2069 from this deal")
    assert "The deal has no contact left." in empty.text
    assert "No contact is on this deal." in empty.text
    again = anyone.press(removed, "Remove \u2068Ann Zander\u2069 from this deal")
    assert (again.status, "Nothing was changed" in again.text) == (404, True)


def test_deals_are_searched_filtered_and_paged(
    anyone: Browser, world: World, store: Session, ann: Contact
) -> None:
    rows = [new_deal(store, world, title=f"Deal {number:02}") for number in range(51)]
    gone = new_contact(store, world, "Gone")
    shown = new_deal(store, world, ann, gone, title="Éclair 50%")
    shown.stage = "Legal"
    delete(store, world, gone)
    store.commit()

    pages = anyone.turn(anyone.get("/deals"), "Next")
    assert [page.ids for page in pages] == [
        [shown.id, *(row.id for row in rows[:1:-1])],
        [rows[1].id, rows[0].id],
    ]
    found = anyone.fill(pages[0], q="éclair 50%")
    assert found.names == ["Éclair 50%"]
    assert found.words("td.cell-by") == "Ann Zander"
    assert anyone.fill(found, stage="Legal").names == ["Éclair 50%"]
    assert "No deal matches" in anyone.fill(found, status="won").text
    assert anyone.get("/deals?stage=(none)").ids == [row.id for row in rows[:0:-1]]
    assert anyone.get("/deals/count", htmx=True).text == "52 deals"


def column(page: Seen, title: str) -> list[str]:
    """The titles of the cards in a column of the board."""
    for found in page.all(".column"):
        if " ".join(found.select("h2")[0].get_text(" ").split()) == title:
            return [" ".join(card.get_text(" ").split()) for card in found.select(".deal-card .cell-name")]
    raise AssertionError(f"no column {title}")


def move(browser: Browser, page: Seen, deal: Deal, position: str) -> Seen:
    form = page.one(f"form[action='/deals/{deal.id}/move']")
    for option in form.select("option"):
        if option.has_attr("selected"):
            del option["selected"]
        if option["value"] == position:
            option["selected"] = "selected"
    return browser.press(page, page.one(f"#move-{deal.id}"))


def test_a_card_is_moved_from_stage_to_stage(
    anyone: Browser, world: World, store: Session, ann: Contact, stored: Stored
) -> None:
    gone = new_contact(store, world, "Gone")
    first, second = new_deal(store, world, ann, gone, title="First"), new_deal(store, world, title="Second")
    first.stage = second.stage = "In contact"
    delete(store, world, gone)
    store.commit()
    page = anyone.get("/deals/board")
    assert column(page, "In contact") == ["Second", "First"]
    assert "Gone" not in page.text
    assert "2 deals · 200.00 USD" in page.text

    page = move(anyone, page, first, '["Negotiation", "open"]')
    assert (column(page, "In contact"), column(page, "Negotiation")) == (["Second"], ["First"])
    page = move(anyone, page, first, '["Closed", "won"]')

    assert column(page, "Won") == ["First"]
    row = select(Deal).where(Deal.id == first.id)
    assert [(deal.stage, deal.status, deal.version) for deal in stored(row)] == [("Closed", "won", 3)]


def test_a_card_that_someone_else_has_moved_is_not_moved_again(
    anyone: Browser, world: World, store: Session, ann: Contact, unchanged: Unchanged
) -> None:
    deal = new_deal(store, world, ann, title="نور")
    store.commit()
    before = anyone.get("/deals/board")
    move(anyone, anyone.get("/deals/board"), deal, '["Negotiation", "open"]')

    with unchanged():
        told = move(anyone, before, deal, '["Closed", "lost"]')

    assert told.status == 409
    assert "has been changed by someone else: it is now in Negotiation" in told.complaint
    assert column(told, "Negotiation") == ["نور"]


def test_a_full_column_shows_the_first_cards_and_a_link_to_all(
    anyone: Browser, world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        new_deal(store, world, title=f"Deal {number}").stage = "Legal & co"
    store.commit()
    monkeypatch.setattr(deals, "CARDS", 2)

    page = anyone.get("/deals/board")
    assert column(page, "Legal & co") == ["Deal 3", "Deal 2"]
    all_of_them = anyone.press(page, "See all deals in \u2068Legal & co\u2069")
    assert len(all_of_them.ids) == 4
    assert all_of_them.query == {"stage": "Legal & co"}


def test_a_deal_is_deleted_after_a_question(
    anyone: Browser, world: World, store: Session, ann: Contact, stored: Stored
) -> None:
    deal = new_deal(store, world, ann, title="Oil")
    store.commit()

    dialog = anyone.press(anyone.get(f"/deals/{deal.id}"), "Delete")
    assert "Its contact stays." in dialog.text
    after = anyone.press(dialog, dialog.one("dialog .button-danger"))

    assert (after.path, after.names) == ("/deals", [])
    assert anyone.get(f"/deals/{deal.id}").status == 404
    assert stored(select(Deal.deleted_by_deletion_id).where(Deal.id == deal.id)) == [None]


def test_deals_and_contacts_of_another_account_are_not_found(
    admin: Browser, world: World, elsewhere: World, store: Session, ann: Contact, unchanged: Unchanged
) -> None:
    foreigner = new_contact(store, elsewhere, "Foreign", "Zander")
    foreign, mine = new_deal(store, elsewhere, foreigner, title="Foreign"), new_deal(store, world, ann)
    store.commit()
    token = {"csrf_token": admin.token()}

    with unchanged():
        assert admin.get("/deals").ids == [mine.id]
        assert "Foreign" not in admin.get("/deals/board").text
        assert "Foreign" not in admin.get("/deals/contacts?find=zander", htmx=True).text
        for act in ("", "/edit", "/delete"):
            assert admin.get(f"/deals/{foreign.id}{act}").status == 404, act
        move_there = {"position": '["Closed", "won"]', "version": "1"}
        for act in ("/delete", "/move", "/contacts", "/primary", "/remove"):
            fields = token | move_there | {"contact": str(ann.id)}
            assert admin.post(f"/deals/{foreign.id}{act}", fields).status == 404, act
        assert admin.post(f"/deals/{mine.id}/contacts", token | {"contact": str(foreigner.id)}).status == 404
        new = token | {"title": "Oil", "currency": "EUR", "position": '["Negotiation", "open"]'}
        assert admin.post("/deals", new | {"contact": str(foreigner.id)}).status == 422


def test_many_contacts_are_found_by_typing_more(anyone: Browser, world: World, store: Session) -> None:
    new_contacts(store, world, 10, "Zoe")
    store.commit()

    part = anyone.get("/deals/contacts?find=zoe", htmx=True)

    assert len(part.all("input[name=contact]")) == 8
    assert "There are more." in part.text
