"""Rule 2. A deal deleted with its only contact stays deleted. A deal that lived on gets back the contact that
a deletion detached, never as primary."""

from itertools import permutations

import pytest
from sqlalchemy import delete as delete_rows
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts, new_deal
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.catalogue.deals import attach
from webapp.catalogue.delete import delete_from_catalogue
from webapp.contacts.delete import preview_deletion
from webapp.models import Contact, Deal, DealContact
from webapp.restoring.question import about_other_choice
from webapp.restoring.report import links
from webapp.restoring.scope import Conflicts, Scope


def place(session: Session, deal: Deal, contact: Contact) -> DealContact | None:
    """The contact's row on the deal, even if it is detached."""
    return session.scalar(
        select(DealContact)
        .where(DealContact.deal_id == deal.id, DealContact.contact_id == contact.id)
        .execution_options(populate_existing=True)
    )


def on(session: Session, deal: Deal) -> set[int]:
    """The ids of the contacts on the deal."""
    return set(
        session.scalars(
            select(DealContact.contact_id).where(
                DealContact.deal_id == deal.id, DealContact.detached_at.is_(None)
            )
        )
    )


def primary(session: Session, deal: Deal) -> int | None:
    return session.scalar(
        select(DealContact.contact_id).where(
            DealContact.deal_id == deal.id, DealContact.is_primary, DealContact.detached_at.is_(None)
        )
    )


def remove_by_hand(session: Session, deal: Deal, contact: Contact) -> None:
    session.execute(
        delete_rows(DealContact).where(DealContact.deal_id == deal.id, DealContact.contact_id == contact.id)
    )


def test_a_deal_deleted_with_its_only_contact_stays_deleted(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact = new_contact(session, world)
    deal = new_deal(session, world, contact)
    delete(session, world, contact)
    session.refresh(deal)
    assert deal.deleted_at is not None

    restoring.restore(contact)

    session.refresh(deal)
    assert deal.deleted_at is not None
    assert on(session, deal) == set()
    assert restoring.profile(contact).deals == []


def test_a_deal_deleted_with_all_its_contacts_stays_deleted(
    session: Session, world: World, restoring: Restoring
) -> None:
    ann, bob = new_contacts(session, world, 2)
    deal = new_deal(session, world, ann, bob)
    delete(session, world, ann, bob)

    restoring.restore(ann, bob)

    session.refresh(deal)
    assert deal.deleted_at is not None
    assert on(session, deal) == set()


def test_one_of_several_contacts_comes_back_to_the_deal(
    session: Session, world: World, restoring: Restoring
) -> None:
    ann, bob = new_contacts(session, world, 2)
    deal = new_deal(session, world, ann, bob)
    delete(session, world, bob)
    session.refresh(deal)
    assert deal.deleted_at is None
    assert on(session, deal) == {ann.id}

    restoring.restore(bob)

    assert on(session, deal) == {ann.id, bob.id}
    assert primary(session, deal) == ann.id
    assert [row.Deal.id for row in restoring.profile(bob).deals] == [deal.id]


def test_the_former_primary_comes_back_but_not_as_primary(
    session: Session, world: World, restoring: Restoring
) -> None:
    ann, bob = new_contacts(session, world, 2)
    deal = new_deal(session, world, ann, bob)
    attached_at = place(session, deal, ann).attached_at  # type: ignore[union-attr]
    delete(session, world, ann)
    assert primary(session, deal) == bob.id

    restoring.restore(ann)

    assert on(session, deal) == {ann.id, bob.id}
    assert primary(session, deal) == bob.id
    assert place(session, deal, ann).attached_at == attached_at  # type: ignore[union-attr]


def test_only_the_deals_that_lived_on_get_the_contact_back(
    session: Session, world: World, restoring: Restoring
) -> None:
    ann, bob = new_contacts(session, world, 2)
    alone, shared = new_deal(session, world, ann), new_deal(session, world, ann, bob)
    delete(session, world, ann)

    restoring.restore(ann)

    assert on(session, alone) == set()
    assert on(session, shared) == {ann.id, bob.id}


@pytest.mark.parametrize("while_in_bin", [False, True])
def test_a_contact_removed_from_the_deal_by_hand_does_not_come_back_to_it(
    while_in_bin: bool, session: Session, world: World, restoring: Restoring
) -> None:
    ann, bob = new_contacts(session, world, 2)
    deal = new_deal(session, world, ann, bob)
    if not while_in_bin:
        remove_by_hand(session, deal, bob)
    delete(session, world, bob)
    if while_in_bin:
        remove_by_hand(session, deal, bob)

    restoring.restore(bob)

    assert on(session, deal) == {ann.id}


def test_a_deal_deleted_by_hand_since_does_not_get_the_contact_back(
    session: Session, world: World, restoring: Restoring
) -> None:
    ann, bob = new_contacts(session, world, 2)
    deal = new_deal(session, world, ann, bob)
    delete(session, world, bob)
    deal.deleted_at = restoring.now()

    restoring.restore(bob)

    assert on(session, deal) == {ann.id}
    assert restoring.profile(bob).deals == []


def test_a_place_that_an_earlier_deletion_ended_does_not_come_back_with_a_later_one(
    session: Session, world: World, restoring: Restoring
) -> None:
    """Contact deleted, deal deleted by hand, contact restored without it, deal restored, contact deleted
    again."""
    ann, bob = new_contacts(session, world, 2)
    deal = new_deal(session, world, ann, bob)
    delete(session, world, bob)
    deal.deleted_at = restoring.now()
    restoring.restore(bob)
    deal.deleted_at = None
    delete(session, world, bob)

    restoring.restore(bob)

    assert on(session, deal) == {ann.id}


def test_deleting_contacts_together_or_one_by_one_ends_the_same_way(
    session: Session, world: World, restoring: Restoring
) -> None:
    endings = set()
    for going in permutations(range(3)):
        for together in (False, True):
            people = new_contacts(session, world, 5)
            deal = new_deal(session, world, *people)
            leaving = [people[i] for i in going]
            for group in [leaving] if together else [[contact] for contact in leaving]:
                delete(session, world, *group)
            left = [i for i in range(5) if people[i].id in on(session, deal)]
            session.refresh(deal)
            first = next(i for i in range(5) if people[i].id == primary(session, deal))
            restoring.restore(*leaving)
            back = [i for i in range(5) if people[i].id in on(session, deal)]
            still_first = next(i for i in range(5) if people[i].id == primary(session, deal))
            endings.add((deal.deleted_at, tuple(left), first, tuple(back), still_first))

    assert endings == {(None, (3, 4), 3, (0, 1, 2, 3, 4), 3)}


@pytest.mark.parametrize("together", [True, False])
def test_deleting_the_last_contacts_together_or_one_by_one_deletes_the_deal(
    together: bool, session: Session, world: World, restoring: Restoring
) -> None:
    ann, bob = new_contacts(session, world, 2)
    deal = new_deal(session, world, ann, bob)
    for group in [[ann, bob]] if together else [[ann], [bob]]:
        delete(session, world, *group)

    restoring.restore(ann, bob)

    session.refresh(deal)
    assert deal.deleted_at is not None
    assert on(session, deal) == set()


def test_the_longest_attached_contact_becomes_primary_not_the_one_created_first(
    session: Session, world: World
) -> None:
    ann, bob, cleo = new_contacts(session, world, 3)
    deal = new_deal(session, world, ann, bob, cleo)
    place(session, deal, cleo).attached_at -= 7 * DAY  # type: ignore[union-attr]
    session.flush()

    delete(session, world, ann)

    assert primary(session, deal) == cleo.id


def test_the_dialog_predicts_what_deleting_does_to_deals(session: Session, world: World) -> None:
    ann, bob, cleo = new_contacts(session, world, 3)
    alone, both, shared = (
        new_deal(session, world, ann),
        new_deal(session, world, ann, bob),
        new_deal(session, world, ann, cleo),
    )
    which = select(Contact.id).where(Contact.id.in_([ann.id, bob.id]))

    foreseen = preview_deletion(session, workspace_id=world.id, which=which)
    delete(session, world, ann, bob)

    assert (foreseen.contacts, foreseen.deals_deleted, foreseen.deals_left) == (2, 2, 1)
    for deal in (alone, both, shared):
        session.refresh(deal)
    assert [bool(deal.deleted_at) for deal in (alone, both, shared)] == [True, True, False]


def choosing_rescue(restoring: Restoring, *contacts: Contact) -> Scope:
    scope = restoring.question(*contacts).scope
    return about_other_choice(restoring.session, scope, Conflicts.SKIP, rescue=True).scope


def test_a_deal_deleted_with_its_last_contact_comes_back_if_it_is_asked_for(
    session: Session, world: World, restoring: Restoring
) -> None:
    """Never with a primary, with those of its contacts that are restored, whatever the size of a batch."""
    for batch_size in (1, 10):
        together = [new_contact(session, world) for _ in range(2)]
        earlier = new_contact(session, world)
        deal = new_deal(session, world, *together, earlier)
        delete(session, world, earlier, ago=2 * DAY)
        delete(session, world, *together, ago=DAY)

        job = restoring.confirm(choosing_rescue(restoring, *together, earlier), batch_size=batch_size)

        session.expire_all()
        assert deal.deleted_at is None
        assert on(session, deal) == {contact.id for contact in (*together, earlier)}
        assert primary(session, deal) is None
        rescued = [link for link in links(session, job) if link.effect == "rescued"]
        assert [(link.item_id, link.contacts) for link in rescued] == [(deal.id, 2)]


def test_no_deal_is_rescued_that_was_deleted_by_hand_or_with_another_contact(
    session: Session, world: World, restoring: Restoring
) -> None:
    first, last, other = (new_contact(session, world) for _ in range(3))
    shared, by_hand = new_deal(session, world, first, last), new_deal(session, world, other)
    later = new_deal(session, world, other)
    delete(session, world, first, ago=3 * DAY)
    delete(session, world, last, ago=2 * DAY)
    now = restoring.now()
    delete_from_catalogue(session, Deal, by_hand.id, workspace_id=world.id, by=None, now=now - 2 * DAY)
    delete(session, world, other, ago=DAY)
    # Brought back once, and then deleted by hand.
    restoring.confirm(choosing_rescue(restoring, other))
    delete_from_catalogue(session, Deal, later.id, workspace_id=world.id, by=None, now=restoring.now())
    delete(session, world, other, at=restoring.now())

    restoring.confirm(choosing_rescue(restoring, first, other))

    session.expire_all()
    assert [deal.deleted_at is None for deal in (shared, by_hand, later)] == [False, False, False]


def test_a_contact_that_came_back_before_its_deal_can_be_attached_to_it_again(
    session: Session, world: World, restoring: Restoring
) -> None:
    ann, bob = new_contacts(session, world, 2)
    deal = new_deal(session, world, ann, bob)
    delete(session, world, ann, bob)
    restoring.restore(ann)
    restoring.confirm(choosing_rescue(restoring, bob))
    assert on(session, deal) == {bob.id}
    now = restoring.now()

    attach(session, workspace_id=world.id, deal_id=deal.id, contact_id=ann.id, primary=True, now=now)

    assert (on(session, deal), primary(session, deal)) == ({ann.id, bob.id}, ann.id)
    assert place(session, deal, ann).attached_at == now  # type: ignore[union-attr]
    # From now on it is a place like any other.
    delete(session, world, ann)
    restoring.restore(ann)
    assert (on(session, deal), primary(session, deal)) == ({ann.id, bob.id}, bob.id)


def test_by_default_no_deal_is_rescued(session: Session, world: World, restoring: Restoring) -> None:
    contact = new_contact(session, world)
    deal = new_deal(session, world, contact)
    delete(session, world, contact)

    job = restoring.restore(contact)

    session.expire_all()
    assert deal.deleted_at is not None
    told = [("lost", deal.id)]
    assert [(link.effect, link.item_id) for link in links(session, job)] == told
    # The release before notes nothing for the report.
    job.report = None
    session.flush()
    assert [(link.effect, link.item_id) for link in links(session, job)] == told
