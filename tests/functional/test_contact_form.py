"""A contact is added and edited by hand."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_account, new_contact
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.contacts.matching import search_columns
from webapp.models import Account, Contact, ContactSearch

FORM = "#contact-form"
Stored = Callable[..., list[Any]]


def add(browser: Browser, **typed: str) -> Seen:
    return save(browser, browser.press(browser.get("/contacts"), "Add contact"), **typed)


def save(browser: Browser, page: Seen, **typed: str) -> Seen:
    """The page after the form was sent, which keeps what was typed."""
    for name, value in typed.items():
        page.one(f"#{name}")["value"] = value
    return browser.press(page, page.one("#save-contact"))


def test_a_contact_is_added_with_all_its_fields_and_found(
    member: Browser, world: World, stored: Stored
) -> None:
    seen = add(
        member, email=" Ann@Example.com\u200b", first_name="Änne", last_name="Lee", phone="+49 1",
        account="Acme",
    )  # fmt: skip

    assert "Contact added." in seen.text
    assert seen.words("h1") == "Änne Lee"
    assert "E-mail Ann@Example.com Phone +49 1 Account Acme Created Date" in seen.words(
        "#contact-account .facts"
    )
    assert "Created" in seen.words("#contact-timeline")
    assert member.get("/contacts?q=anne").names == ["Änne Lee"]
    assert stored(select(Contact.version).filter_by(workspace_id=world.id)) == [1]


def test_an_account_is_picked_by_its_name_in_whatever_spelling(
    anyone: Browser, world: World, store: Session, stored: Stored
) -> None:
    acme = new_account(store, world, "Acme GmbH")
    store.commit()
    page = anyone.get("/contacts/new")
    found = anyone.submit(page, FORM, button=page.button("Search accounts"), account="acm", first_name="Bo")
    assert [option["value"] for option in found.all("#account-choices option")] == ["Acme GmbH"]
    assert found.one("#first_name")["value"] == "Bo"

    save(anyone, found, account="ACME  gmbh")

    assert stored(select(Contact.account_id).filter_by(workspace_id=world.id)) == [acme.id]
    assert stored(select(func.count(Account.id)).filter_by(workspace_id=world.id)) == [1]
    part = anyone.get("/contacts/names?account=cme", htmx=True)
    assert [option["value"] for option in part.all("option")] == ["Acme GmbH"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"email": "ann"}, "This cannot be an e-mail address: it has no @."),
        ({"email": "", "last_name": "", "phone": "1"}, "Type an e-mail address or a name"),
        ({"email": "", "last_name": "\u200b\u3164"}, "Type an e-mail address or a name"),
        ({"first_name": "x" * 121}, "The name is too long. Type at most 120 characters."),
        ({"phone": "1" * 41}, "The number is too long. Type at most 40 characters."),
        ({"account": "x" * 161}, "The name is too long. Type at most 160 characters."),
        ({"last_name": "a\nb"}, "contains a line break"),
    ],
)
def test_what_cannot_be_stored_is_said_at_its_field_and_kept(
    admin: Browser, world: World, stored: Stored, typed: dict[str, str], says: str
) -> None:
    seen = add(admin, **{"email": "a@x.example", "last_name": "Kept"} | typed)

    assert seen.status == 422
    assert says in seen.words(".field-error")
    if "last_name" not in typed:
        assert seen.one("#last_name")["value"] == "Kept"
    assert stored(select(Contact.id).filter_by(workspace_id=world.id)) == []


def test_an_address_that_a_live_contact_has_is_refused_with_a_link_to_it(
    member: Browser, world: World, store: Session, stored: Stored
) -> None:
    other = new_contact(store, world, "Olga", "Other", email="olga@example.com")
    mine = new_contact(store, world, "Mine", "Lee")
    store.commit()

    added = add(member, email="OLGA@example.com", first_name="Kept")
    edited = save(member, member.get(f"/contacts/{mine.id}/edit"), email="Olga@Example.com")

    for seen in (added, edited):
        assert seen.status == 422
        assert "Another contact has this e-mail address" in seen.words(".field-error")
        assert seen.one("#taken-by")["href"] == f"/contacts/{other.id}"
    assert added.one("#first_name")["value"] == "Kept"
    assert len(stored(select(Contact.id).filter_by(workspace_id=world.id))) == 2


def test_the_address_of_a_deleted_contact_is_asked_about(
    admin: Browser, member: Browser, world: World, store: Session, stored: Stored
) -> None:
    first, last = (new_contact(store, world, "Gone", "Girl", email=None) for _ in range(2))
    for contact in (first, last):
        contact.email = contact.email_key = "gone@example.com"
        store.flush()

        row = store.get_one(ContactSearch, contact.id)
        for name, value in search_columns("Gone", "Girl", *["gone@example.com"] * 2).items():
            setattr(row, name, value)
        delete(store, world, contact)
    store.commit()

    for_admin = add(admin, email="GONE@example.com", first_name="Kept")
    for_member = add(member, email="gone@example.com", first_name="Kept")

    assert (for_admin.status, for_member.status) == (409, 409)
    link = for_admin.one("#deleted-address a")
    assert link["href"] == f"/contacts/deleted/{last.id}"
    assert admin.get(str(link["href"])).words("h1") == "Gone Girl"
    assert "Ask an admin to restore it" in for_member.words("#deleted-address")
    assert not for_member.all("#deleted-address a")
    assert "Girl" not in for_member.text
    assert for_member.one("#first_name")["value"] == "Kept"

    seen = member.submit(for_member, FORM, button=for_member.one("#add-anyway"))

    assert seen.words("h1") == "Kept"
    assert len(stored(select(Contact.id).filter_by(workspace_id=world.id, deleted_at=None))) == 1


def test_a_form_sent_twice_adds_one_contact(member: Browser, world: World, stored: Stored) -> None:
    for typed in ({"email": "twice@example.com"}, {"first_name": "No", "last_name": "Address"}):
        page = member.get("/contacts/new")
        first = save(member, page, **typed)
        second = save(member, page, **typed)
        assert (second.status, second.path) == (200, first.path)

    assert len(stored(select(Contact.id).filter_by(workspace_id=world.id))) == 2


def test_the_second_of_two_editors_is_told_what_the_first_changed(
    admin: Browser, member: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact = new_contact(store, world, "Ann", "Lee", account=new_account(store, world, "Acme"))
    contact.phone = "1"
    store.commit()
    path = f"/contacts/{contact.id}/edit"
    mine, theirs = member.get(path), admin.get(path)
    save(admin, theirs, first_name="Anna", phone="2", account="Beta")

    told = save(member, mine, first_name="Anne", last_name="Liu")

    assert told.status == 409
    rows = [" ".join(row.get_text(" ").split()) for row in told.all("#changed-since tbody tr")]
    # In a field that was not touched here the other's value is kept.
    assert rows == ["First name Ann Anna Anne", "Phone 1 2 2", "Account Acme Beta Beta"]
    assert told.one("#first_name")["value"] == "Anne"
    assert told.one("#last_name")["value"] == "Liu"
    assert stored(select(Contact.first_name).filter_by(id=contact.id)) == ["Anna"]

    assert save(member, told).words("h1") == "Anne Liu"
    [after] = stored(select(Contact).filter_by(id=contact.id))
    assert (after.first_name, after.last_name, after.phone) == ("Anne", "Liu", "2")
    assert save(admin, admin.get(path), last_name="Lee").words("h1") == "Anne Lee"


def test_a_new_tag_or_the_same_change_does_not_stop_an_editor(
    admin: Browser, world: World, store: Session
) -> None:
    contact = new_contact(store, world, "Ann", "Lee")
    store.commit()
    page = admin.get(f"/contacts/{contact.id}/edit")
    admin.post(f"/contacts/{contact.id}/tags", {"csrf_token": admin.token(), "do": "new", "name": "VIP"})

    assert save(admin, page, last_name="Liu").words("h1") == "Ann Liu"
    assert save(admin, page, last_name="Liu").words("h1") == "Ann Liu", "sent twice"


def test_a_deleted_contact_has_no_form_and_is_not_edited(
    admin: Browser, world: World, store: Session, stored: Stored
) -> None:
    contact = new_contact(store, world, "Ann", "Lee")
    store.commit()
    page = admin.get(f"/contacts/{contact.id}/edit")
    delete(store, world, contact)
    store.commit()

    assert save(admin, page, first_name="Eve").status == 404
    assert admin.get(f"/contacts/{contact.id}/edit").status == 404
    assert stored(select(Contact.first_name).filter_by(id=contact.id)) == ["Ann"]
