"""A deletion's `in_bin` is how many of its contacts are in the bin: the page of the bin uses it for its
count."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World, new_world
from tests.support.restoring import Restoring
from webapp.contacts.delete import delete_contacts
from webapp.models import Contact, Deletion
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import count
from webapp.restoring.work import NothingToRestore
from webapp.worker.redis_lock import RedisLock


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.fixture
def restoring(session: Session, world: World, lock: RedisLock) -> Restoring:
    return Restoring(session, world, lock)


def recount(session: Session, world: World) -> dict[int, int]:
    """How many contacts of each deletion really are in the bin."""
    real = (
        select(Deletion.id, func.count(Contact.id))
        .outerjoin(Contact, (Contact.deletion_id == Deletion.id) & Contact.deleted_at.is_not(None))
        .where(Deletion.workspace_id == world.id)
        .group_by(Deletion.id)
    )
    return dict(iter(session.execute(real)))


def counters(session: Session, world: World) -> dict[int, int]:
    session.expire_all()
    kept = select(Deletion.id, Deletion.in_bin).where(Deletion.workspace_id == world.id)
    return dict(iter(session.execute(kept)))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("delete"), st.sets(st.integers(0, 7), min_size=1)),
        st.tuples(st.just("restore"), st.sets(st.integers(0, 7), min_size=1)),
        st.tuples(st.just("restore all"), st.just(set())),
    ),
    min_size=1,
    max_size=6,
)


@given(steps=steps)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_counters_always_equal_a_recount(
    steps: list[tuple[str, set[int]]], session: Session, lock: RedisLock
) -> None:
    world = new_world(session)
    restoring = Restoring(session, world, lock)
    contacts = [new_contact(session, world, email=f"{'twin' if i < 2 else i}@x.org") for i in range(1, 8)]
    contacts.insert(0, new_contact(session, world, email=None))
    for what, which in steps:
        chosen = [contacts[i] for i in which]
        if what == "delete" and any(contact.is_live for contact in chosen):
            delete(session, world, *chosen)
        elif what == "restore":
            restoring.restore(*chosen)
        elif what == "restore all":
            with suppress(NothingToRestore):  # an empty bin (rule 7)
                restoring.restore_all()
        assert counters(session, world) == recount(session, world)

    in_bin = count(session, BinWindow(world.id, restoring.now()), Filters())
    assert in_bin == len(restoring.in_bin()) == sum(not contact.is_live for contact in contacts)


def test_a_deletion_counts_what_it_deleted_and_is_numbered_in_its_workspace(
    session: Session, world: World
) -> None:
    first = delete(session, world, *new_contacts(session, world, 3))
    second = delete(session, world, new_contact(session, world))
    elsewhere = new_world(session)
    theirs = delete(session, elsewhere, new_contact(session, elsewhere))

    assert [(d.number, d.contact_count, d.in_bin) for d in (first, second, theirs)] == [
        (1, 3, 3),
        (2, 1, 1),
        (1, 1, 1),
    ]
    assert first.completed_at == first.created_at


def test_deleting_deleted_or_foreign_contacts_changes_nothing(session: Session, world: World) -> None:
    gone = new_contact(session, world)
    foreign = new_contact(session, new_world(session))
    first = delete(session, world, gone)

    again = delete_contacts(
        session,
        workspace_id=world.id,
        which=select(Contact.id).where(Contact.id.in_([gone.id, foreign.id])),
        by=world.member.id,
        now=first.created_at,
        source="test",
    )

    assert again is None
    assert counters(session, world) == {first.id: 1}
    session.refresh(gone)
    session.refresh(foreign)
    assert gone.deletion_id == first.id
    assert foreign.is_live


def test_a_deleted_contact_has_the_time_of_its_deletion_and_a_new_version(
    session: Session, world: World
) -> None:
    contact = new_contact(session, world)
    assert contact.version == 1

    deletion = delete(session, world, contact)

    session.refresh(contact)
    assert contact.deleted_at == contact.updated_at == deletion.created_at
    assert (contact.version, contact.deletion_id) == (2, deletion.id)
