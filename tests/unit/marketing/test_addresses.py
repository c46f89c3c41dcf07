"""The contacts that have an address are found however it was typed and whatever has become of them, and no
others: not those of another workspace, nor of an address that contains it."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.support.plans import plans
from webapp.clock import read_clock
from webapp.contacts.address import email_key
from webapp.contacts.edit import Details, edit_contact
from webapp.contacts.mend import needs_mending
from webapp.marketing.addresses import holders
from webapp.marketing.consent import HASH_START, address_hash
from webapp.marketing.refusals import Refused, contacts_of
from webapp.models import Contact, ContactSearch
from webapp.models.contact import live_holder
from webapp.restoring.by_address import last_deleted_with_address

SPELLINGS = [
    ("ann@x.example", "ANN@X.example", "ann@x.EXAMPLE"),
    ("o'brien-x@bücher.example", "O'Brien-x@BÜCHER.example", "o'brien-x@xn--bcher-kva.example"),
    ("王@例え.テスト", "王@例え。テスト", "王@xn--r8jz45g.xn--zckzah"),
    ("a@faß.de", "A@FAß.de", "a@xn--fa-hia.de"),
]


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.mark.parametrize("spelled", SPELLINGS, ids=lambda spelled: spelled[0])
def test_all_holders_of_an_address_are_found(
    session: Session, world: World, spelled: tuple[str, ...]
) -> None:
    elsewhere, key = new_world(session), email_key(spelled[0])
    assert key is not None
    gone = []
    for email in spelled:
        assert email_key(email) == key
        gone.append(new_contact(session, world, email=email))
        delete(session, world, gone[-1])
    alive = new_contact(session, world, email=spelled[-1])
    new_contact(session, elsewhere, email=spelled[0])
    new_contact(session, world, email=f"x{spelled[0]}")
    delete(session, world, new_contact(session, world, email=f"{spelled[0]}x"))
    merged, unfolded, deleted = gone
    merged.merged_into_id = alive.id
    stale = update(ContactSearch).where(ContactSearch.contact_id == unfolded.id)
    session.execute(stale.values(folded="", folding=0))
    session.flush()

    everyone = {contact.id for contact in (*gone, alive)}
    assert holders(session, world.id, key) == everyone
    through = Refused(world.id, address_hash(key), deleted.id)
    assert contacts_of(session, through) == everyone
    last = last_deleted_with_address(session, world.id, spelled[0], read_clock(session))
    assert last is not None
    assert last.id in {unfolded.id, deleted.id}
    mine = select(live_holder(Contact.email_key, Contact.workspace_id))
    assert session.scalar(mine.where(Contact.id == deleted.id)) == alive.id
    delete(session, world, alive)
    assert session.scalar(mine.where(Contact.id == deleted.id)) is None


def test_refusing_by_the_link_of_a_deleted_contact_reads_no_bin(session: Session, world: World) -> None:
    contact = new_contact(session, world, email="ann@x.example")
    delete(session, world, contact)
    session.flush()

    with plans(session.get_bind().engine) as read:
        contacts_of(session, Refused(world.id, address_hash("ann@x.example"), contact.id))

    indexes = {each.index for plan in read for each in plan.reads if each.table == "contact"}
    assert "ix_contact_bin" not in indexes
    assert "uq_contact_live_email" in indexes


def test_the_link_of_a_purged_contact_finds_who_has_its_address_by_an_index(
    session: Session, world: World
) -> None:
    elsewhere = new_world(session)
    gone = new_contact(session, world, email="ann@x.example")
    delete(session, world, gone)
    merged = new_contact(session, world, email="ann@x.example")
    delete(session, world, merged)
    alive = new_contact(session, world, email="ANN@x.example")
    merged.merged_into_id = alive.id
    new_contact(session, elsewhere, email="ann@x.example")
    new_contact(session, world, email=None)
    session.flush()
    purged = Refused(world.id, address_hash("ann@x.example"), None)

    with plans(session.get_bind().engine) as read:
        assert contacts_of(session, purged) == {gone.id, merged.id, alive.id}
        assert contacts_of(session, Refused(world.id, address_hash("eve@x.example"), None)) == set()

    asked = [plan for plan in read if "hash_start" in plan.statement]
    assert len(asked) == 2
    for plan in asked:
        indexes = {each.index for each in plan.reads if each.table == "contact_search"}
        assert "ix_contact_search_hash_start" in indexes, plan


def test_the_hash_of_an_address_follows_it(session: Session, world: World) -> None:
    contact = new_contact(session, world, email="ann@x.example")
    session.flush()

    def found(email: str) -> set[int]:
        return contacts_of(session, Refused(world.id, address_hash(email), None))

    # As the release before writes it.
    session.execute(update(ContactSearch).values(hash_start=None))
    assert found("ann@x.example") == {contact.id}
    assert needs_mending(session)

    whose: dict[str, Any] = {
        "workspace_id": world.id,
        "contact_id": contact.id,
        "now": read_clock(session),
    }
    edit_contact(session, details=Details(email="eve@x.example"), **whose)
    assert found("ann@x.example") == set()
    assert found("eve@x.example") == {contact.id}
    start = select(ContactSearch.hash_start).where(ContactSearch.contact_id == contact.id)
    assert session.scalar(start) == address_hash("eve@x.example")[:HASH_START]
    edit_contact(session, details=Details(first_name="Eve"), **whose)
    assert session.scalar(start) == ""
    assert found("eve@x.example") == set()
