"""The contacts that have an address are found however it was typed and whatever has become of them, and no
others: not those of another workspace, nor of an address that contains it."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.support.plans import plans
from webapp.clock import read_clock
from webapp.contacts.address import email_key
from webapp.marketing.addresses import holders
from webapp.marketing.consent import address_hash
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
