"""A contact's details are changed: it is found by the new ones, and no two live ones share an address."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_account, new_contact
from tests.factories.people import World, new_world
from webapp.clock import read_clock
from webapp.contacts.address import NotAnAddress
from webapp.contacts.edit import Details, edit_contact
from webapp.contacts.wanted import Wanted
from webapp.models import Account, Contact


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


def edit(session: Session, world: World, contact: Contact, details: Details) -> bool:
    edited = edit_contact(
        session, workspace_id=world.id, contact_id=contact.id, details=details, now=read_clock(session)
    )
    session.refresh(contact)
    return edited


def test_an_edited_contact_has_the_new_details_and_is_found_by_them(session: Session, world: World) -> None:
    account = new_account(session, world)
    contact = new_contact(session, world, "Ann", "Lee")

    assert edit(session, world, contact, Details("New@Example.com ", "Änne", "Liu", "+1", account.id))

    assert (contact.name, contact.email, contact.email_key, contact.account_id) == (
        "Änne Liu",
        "New@Example.com",
        "new@example.com",
        account.id,
    )
    assert contact.version == 2
    assert contact.updated_at > contact.created_at
    assert session.scalars(Wanted(world.id, q="änne li").ids()).all() == [contact.id]
    assert session.scalars(Wanted(world.id, q="ann lee").ids()).all() == []


def test_an_empty_address_becomes_null(session: Session, world: World) -> None:
    contact = new_contact(session, world)

    edit(session, world, contact, Details("  ", "Ann"))

    assert (contact.email, contact.email_key) == (None, None)


def test_what_is_no_address_is_refused_and_nothing_changes(session: Session, world: World) -> None:
    contact = new_contact(session, world)
    before = contact.email

    with pytest.raises(NotAnAddress, match="“/” cannot stand after the @"):
        edit(session, world, contact, Details("ann@x.example/", "Eve"))

    session.refresh(contact)
    assert (contact.email, contact.first_name, contact.version) == (before, "Ann", 1)


def test_an_address_in_use_is_refused_and_that_of_a_deleted_contact_is_free(
    session: Session, world: World
) -> None:
    taken, binned = new_contact(session, world), new_contact(session, world)
    contact = new_contact(session, world)
    delete(session, world, binned)

    with pytest.raises(IntegrityError), session.begin_nested():
        edit(session, world, contact, Details((taken.email or "").upper()))
    punycode = new_contact(session, world, email="ann@xn--mller-kva.example")
    with pytest.raises(IntegrityError), session.begin_nested():
        edit(session, world, contact, Details("Ann@MÜLLER.example"))
    assert edit(session, world, punycode, Details("Ann@MÜLLER.example")), "its own, in another spelling"
    assert edit(session, world, contact, Details(binned.email))


@pytest.mark.parametrize("which", ["deleted", "foreign"])
def test_an_account_that_does_not_exist_becomes_null(which: str, session: Session, world: World) -> None:
    account: Account = new_account(session, new_world(session) if which == "foreign" else world)
    if which == "deleted":
        account.deleted_at = read_clock(session)
    contact = new_contact(session, world)

    edit(session, world, contact, Details(contact.email, "Ann", account_id=account.id))

    assert contact.account_id is None


def test_a_deleted_or_foreign_contact_is_not_changed(session: Session, world: World) -> None:
    binned, foreign = new_contact(session, world), new_contact(session, new_world(session))
    delete(session, world, binned)

    assert not edit(session, world, binned, Details(first_name="Nobody"))
    assert not edit(session, world, foreign, Details(first_name="Nobody"))
    assert binned.first_name == foreign.first_name == "Ann"
