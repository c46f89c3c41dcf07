"""Rule 11. Twins of merged contacts, and contacts that are restored without their address."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_deal, new_list, subscribe
from tests.factories.people import World
from tests.support.restoring import Restoring
from tests.unit.restoring.conflicts import ADDRESS, choosing, confirm, found
from webapp.models import ContactNote, DealContact
from webapp.restoring.question import about_other_choice
from webapp.restoring.scope import Conflicts

MINUTE = timedelta(minutes=1)


def test_a_twin_of_a_merged_contact_is_skipped_in_every_batch_size(
    session: Session, world: World, restoring: Restoring
) -> None:
    for size in (1, 2, 10):
        address = f"{size}@x.org"
        twins = []
        for minutes in (3, 2, 1):
            twins.append(new_contact(session, world, email=address))
            delete(session, world, twins[-1], ago=minutes * MINUTE)
        kept = new_contact(session, world, email=address)
        scope = restoring.question(*twins).scope

        job = restoring.confirm(
            about_other_choice(session, scope, Conflicts.MERGE, rescue=False).scope, batch_size=size
        )

        first, second, latest = (twin.id for twin in twins)
        assert restoring.outcomes(job) == {
            latest: ("restored", "merged", kept.id),
            second: ("skipped", "twin", latest),
            first: ("skipped", "twin", latest),
        }


def test_only_a_contact_with_the_same_address_is_a_twin_of_a_merged_one(
    session: Session, world: World, restoring: Restoring
) -> None:
    other = new_contact(session, world, email="b@x.org")
    delete(session, world, other, ago=2 * MINUTE)
    gone = new_contact(session, world, email=ADDRESS)
    delete(session, world, gone, ago=MINUTE)
    kept = new_contact(session, world, email=ADDRESS)
    job = restoring.start(choosing(restoring, Conflicts.MERGE))
    restoring.run_one_batch(job, 1)
    kept.email = kept.email_key = "b@x.org"

    restoring.run(job)

    assert restoring.outcomes(job) == {
        gone.id: ("restored", "merged", kept.id),
        other.id: ("restored", "merged", kept.id),
    }


def test_places_on_one_deal_are_taken_in_the_order_of_the_walk_in_every_batch_size(
    session: Session, world: World, restoring: Restoring
) -> None:
    """Where all were attached at one time, as by an import."""
    for size in (1, 10):
        colleague = new_contact(session, world)
        gone = [new_contact(session, world, email=f"{size}-{i}@x.org") for i in range(2)]
        deal = new_deal(session, world, colleague, *gone)
        session.execute(update(DealContact).values(attached_at=colleague.created_at))
        for minutes, contact in zip((2, 1), gone, strict=True):
            delete(session, world, contact, ago=minutes * MINUTE)
        kept = [new_contact(session, world, email=f"{size}-{i}@x.org") for i in range(2)]

        confirm(restoring, Conflicts.MERGE, batch_size=size)

        in_order = select(DealContact.contact_id).where(
            DealContact.deal_id == deal.id, DealContact.detached_at.is_(None)
        )
        assert session.scalars(in_order.order_by(DealContact.attached_at, DealContact.id)).all() == [
            colleague.id,
            kept[1].id,
            kept[0].id,
        ]


def test_without_its_address_a_contact_comes_back_with_a_note(
    session: Session, world: World, restoring: Restoring
) -> None:
    news = new_list(session, world)
    gone = new_contact(session, world, "Ann", "Lee", email=ADDRESS)
    subscribe(session, gone, news, "subscribed")
    delete(session, world, gone)
    kept, version = new_contact(session, world, "Bob", "Roe", email=ADDRESS), gone.version

    job = confirm(restoring, Conflicts.WITHOUT_ADDRESS)

    session.expire_all()
    assert (gone.is_live, gone.email, gone.email_key, gone.version) == (True, None, None, version)
    assert kept.email == ADDRESS
    [note] = session.scalars(select(ContactNote).where(ContactNote.contact_id == gone.id))
    assert (note.kind, note.text, note.job_id) == ("former_address", ADDRESS, job.id)
    assert job.counts == {"restored": 1}
    assert restoring.outcomes(job) == {gone.id: ("restored", "without_address", kept.id)}
    assert found(session, world, ADDRESS) == [kept.id]
    assert found(session, world, "ann lee") == [gone.id]


def test_without_their_addresses_twins_come_back_too(
    session: Session, world: World, restoring: Restoring
) -> None:
    for size in (1, 10):
        address = f"{size}@x.org"
        twins = []
        for minutes in (3, 2, 1):
            twins.append(new_contact(session, world, email=address))
            delete(session, world, twins[-1], ago=minutes * MINUTE)
        scope = restoring.question(*twins).scope

        job = restoring.confirm(
            about_other_choice(session, scope, Conflicts.WITHOUT_ADDRESS, rescue=False).scope, batch_size=size
        )

        first, second, latest = (twin.id for twin in twins)
        assert restoring.outcomes(job) == {
            latest: ("restored", None, None),
            second: ("restored", "without_address", latest),
            first: ("restored", "without_address", latest),
        }
        session.expire_all()
        assert [twin.email for twin in twins] == [None, None, address]


def test_a_choice_is_part_of_the_confirmed_scope_and_a_confirmation_of_its_own(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contact(session, world, email=ADDRESS)
    delete(session, world, gone)
    new_contact(session, world, email=ADDRESS)
    asked = restoring.question(gone).scope

    chosen = about_other_choice(session, asked, Conflicts.MERGE, rescue=True)

    assert chosen.can_restore_any
    assert chosen.scope.key != asked.key
    assert chosen.scope.plan_digest != asked.plan_digest
    same = replace(
        chosen.scope, key=asked.key, plan_digest=asked.plan_digest, conflicts=Conflicts.SKIP, rescue=False
    )
    assert same == asked
