"""An undo puts back what a restore has restored and nothing has changed since, as if it had not been."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete as delete_rows
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_deal, new_tag
from tests.factories.people import World
from tests.support.marketing import Marketing
from tests.support.restored import rows_of
from tests.support.restoring import Restoring
from webapp.catalogue.delete import delete_from_catalogue
from webapp.contacts.edit import Details, edit_contact
from webapp.jobs.work import NotAllowed
from webapp.marketing.tags import add_tag
from webapp.models import (
    AutomationRun,
    Deal,
    DealContact,
    Job,
    RestoreOutcome,
)
from webapp.models.automation import RunState
from webapp.models.restore_link import LinkEffect
from webapp.restoring import plan
from webapp.restoring.question import about_other_choice
from webapp.restoring.scope import Conflicts
from webapp.restoring.undo_work import NothingToUndo
from webapp.restoring.undoing import Kept, foresee

ADDRESS = "ann@x.org"


def reasons(session: Session, job: Job) -> dict[int, str | None]:
    rows = session.execute(
        select(RestoreOutcome.contact_id, RestoreOutcome.reason).where(RestoreOutcome.job_id == job.id)
    )
    return dict(rows.all())


@pytest.fixture
def marketing(session: Session, world: World) -> Marketing:
    return Marketing(session, world)


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_an_undo_leaves_everything_as_it_was_before_the_restore(
    session: Session, world: World, restoring: Restoring, batch_size: int
) -> None:
    people = [new_contact(session, world) for _ in range(4)]
    twins = []
    colleague = new_contact(session, world)
    shared = new_deal(session, world, colleague, people[0], people[1])
    own = new_deal(session, world, people[2], people[3])
    late = new_deal(session, world, people[0], people[2])
    for minutes in (1, 2):
        twins.append(new_contact(session, world, email=f"twin{batch_size}@x.org"))
        delete(session, world, twins[-1], ago=DAY + minutes * timedelta(minutes=1))
    delete(session, world, people[0], people[1], ago=3 * DAY)
    delete(session, world, people[2], people[3], ago=2 * DAY)
    before = rows_of(session, world.id)
    scope = restoring.question_all().scope
    chosen = about_other_choice(session, scope, Conflicts.WITHOUT_ADDRESS, rescue=True).scope
    job = restoring.confirm(chosen)
    assert rows_of(session, world.id) != before
    assert {deal.deleted_at for deal in (shared, own, late)} == {None}

    undone = restoring.undo(job, batch_size=batch_size)

    assert rows_of(session, world.id) == before
    assert undone.counts == {"undone": 6}
    assert restoring.in_bin() == {contact.id for contact in (*people, *twins)}
    # Done twice, it does nothing.
    with pytest.raises(NothingToUndo):
        restoring.undo(job)


def test_what_has_changed_since_is_left_alone_as_foreseen(
    session: Session, world: World, restoring: Restoring, marketing: Marketing
) -> None:
    edited, tagged, again, twice, primary, only, free = (new_contact(session, world) for _ in range(7))
    merged = new_contact(session, world, email=ADDRESS)
    colleague = new_contact(session, world)
    new_deal(session, world, colleague, primary)
    new_deal(session, world, colleague, only)
    gone = (edited, tagged, again, twice, primary, only, free, merged)
    delete(session, world, *gone)
    new_contact(session, world, email=ADDRESS)
    scope = restoring.question_all().scope
    job = restoring.confirm(about_other_choice(session, scope, Conflicts.MERGE, rescue=False).scope)
    now = restoring.now()
    edit_contact(
        session, workspace_id=world.id, contact_id=edited.id, details=Details(first_name="New"), now=now
    )
    tag = new_tag(session, world)
    add_tag(session, workspace_id=world.id, contact_ids=[tagged.id], tag_id=tag.id, now=now)
    delete(session, world, again, at=now)
    delete(session, world, twice, at=now)
    restoring.restore(twice)
    # The colleague goes: the others become the deals' primary and only contacts, unchanged themselves.
    delete(session, world, colleague, at=restoring.now())
    session.execute(update(DealContact).where(DealContact.contact_id == only.id).values(is_primary=False))
    session.commit()

    plan = foresee(session, job, now=restoring.now())
    undone = restoring.undo(job, batch_size=2)

    expected = {
        edited.id: Kept.CHANGED,
        tagged.id: Kept.CHANGED,
        again.id: Kept.DELETED,
        twice.id: Kept.CHANGED,
        primary.id: Kept.PRIMARY,
        only.id: Kept.ONLY_CONTACT,
        merged.id: Kept.MERGED,
    }
    assert {ending.contact_id: ending.reason for ending in plan.examples} == expected
    assert plan.counts == Counter(expected.values()) | {None: 1}
    assert reasons(session, undone) == expected | {free.id: None}
    assert undone.counts == {"undone": 1, "skipped": 7}
    assert restoring.is_live(primary)
    assert not restoring.is_live(free)


def test_of_all_contacts_of_a_deal_one_stays(session: Session, world: World, restoring: Restoring) -> None:
    """Plan and run agree about which, whatever the size of a batch."""
    for batch_size in (1, 2, 10):
        first, second, third = (new_contact(session, world) for _ in range(3))
        colleague = new_contact(session, world)
        deals = [
            new_deal(session, world, colleague, first, second),
            new_deal(session, world, colleague, second, third),
        ]
        delete(session, world, first, second, third)
        job = restoring.restore(first, second, third)
        for deal in deals:
            on_it = DealContact.deal_id == deal.id, DealContact.contact_id == colleague.id
            session.execute(delete_rows(DealContact).where(*on_it))
        session.commit()

        plan = foresee(session, job, now=restoring.now())
        undone = restoring.undo(job, batch_size=batch_size)

        assert [(ending.contact_id, ending.reason) for ending in plan.examples] == [
            (second.id, Kept.ONLY_CONTACT)
        ]
        assert reasons(session, undone) == {first.id: None, second.id: Kept.ONLY_CONTACT, third.id: None}


def test_an_undo_ends_runs_and_messages_that_began_since(
    session: Session, world: World, restoring: Restoring, marketing: Marketing
) -> None:
    contact, tag = new_contact(session, world), new_tag(session, world)
    delete(session, world, contact)
    job = restoring.restore(contact)
    session.add(
        AutomationRun(
            workspace_id=world.id,
            automation_id=marketing.automation(tag).id,
            contact_id=contact.id,
            state=RunState.WAITING,
            step=0,
            due_at=restoring.now(),
            created_at=restoring.now(),
        )
    )
    session.commit()

    restoring.undo(job)

    run = session.scalars(select(AutomationRun).where(AutomationRun.contact_id == contact.id)).one()
    assert (run.state, run.ended_why) == (RunState.ENDED, "restore_undone")


def test_after_the_window_nothing_can_be_undone(session: Session, world: World, restoring: Restoring) -> None:
    contact = new_contact(session, world)
    delete(session, world, contact, ago=29 * DAY)
    job = restoring.restore(contact)

    plan = foresee(session, job, now=restoring.now() + 2 * DAY)

    assert plan.counts == {Kept.PAST_WINDOW: 1}


def test_only_an_admin_of_the_account_may_undo(session: Session, world: World, restoring: Restoring) -> None:
    contact = new_contact(session, world)
    delete(session, world, contact)
    job = restoring.restore(contact)

    with pytest.raises(NotAllowed):
        restoring.undo(job, by=world.member.id)
    assert restoring.is_live(contact)


def test_an_undo_leaves_to_a_later_restore_what_that_has_restored(
    session: Session, world: World, restoring: Restoring
) -> None:
    """Neither a restore nor an undo raises the version."""
    contact = new_contact(session, world, email=ADDRESS)
    delete(session, world, contact)
    first = restoring.restore(contact)
    restoring.undo(first)
    new_contact(session, world, email=ADDRESS)
    scope = restoring.question_all().scope
    restoring.confirm(about_other_choice(session, scope, Conflicts.WITHOUT_ADDRESS, rescue=False).scope)

    with pytest.raises(NothingToUndo):
        restoring.undo(first)

    assert restoring.is_live(contact)


def test_what_an_undo_puts_back_is_not_part_of_a_scope_that_was_frozen_before(
    session: Session, world: World, restoring: Restoring
) -> None:
    """It has the number of its old deletion (rule 6)."""
    other, contact = new_contact(session, world), new_contact(session, world)
    delete(session, world, contact)
    job = restoring.restore(contact)
    delete(session, world, other)
    scope = restoring.question_all().scope
    restoring.undo(job)

    restored = restoring.confirm(scope)

    assert restored.counts == {"restored": 1}
    assert not restoring.is_live(contact)
    assert restoring.question_all().scope.expected == 1


def test_a_dialog_that_opens_during_an_undo_does_not_count_what_that_has_put_back(
    session: Session, world: World, restoring: Restoring
) -> None:
    """Its scope does not mean these contacts (rule 6)."""
    other, *contacts = (new_contact(session, world) for _ in range(3))
    delete(session, world, *contacts)
    undoing = restoring.start_undo(restoring.restore(*contacts))
    delete(session, world, other)
    restoring.run_one_batch(undoing, 1)

    scope = restoring.question_all().scope

    restoring.run(undoing)
    assert scope.expected == 1
    assert restoring.confirm(scope).counts == {"restored": 1}


def test_what_an_undo_leaves_alone_stays_part_of_a_scope_that_was_frozen_before(
    session: Session, world: World, restoring: Restoring
) -> None:
    """It was in the bin then, by a later deletion."""
    again, other = new_contact(session, world), new_contact(session, world)
    delete(session, world, again, other)
    job = restoring.restore(again, other)
    delete(session, world, again)
    scope = restoring.question_all().scope
    restoring.undo(job)

    restoring.confirm(scope)

    assert restoring.is_live(again)
    assert not restoring.is_live(other)


def test_a_deal_that_was_deleted_by_hand_since_is_left_as_a_restore_would_find_it(
    session: Session, world: World, restoring: Restoring
) -> None:
    """The contact is off the deal again, so that a later restore says that the deal does not come back. On
    one that was deleted before the contact it keeps its place."""
    contact, colleague = new_contact(session, world), new_contact(session, world)
    earlier, since = (new_deal(session, world, colleague, contact) for _ in range(2))

    def delete_by_hand(deal: Deal, at: datetime) -> None:
        delete_from_catalogue(session, Deal, deal.id, workspace_id=world.id, by=None, now=at)

    delete_by_hand(earlier, restoring.now() - DAY)
    delete(session, world, contact, ago=DAY / 2)
    before = rows_of(session, world.id)["places on deals"]
    job = restoring.restore(contact)
    delete_by_hand(since, restoring.now())

    restoring.undo(job)

    assert rows_of(session, world.id)["places on deals"] == before
    lost = plan.foresee(session, restoring.question(contact).scope).of(LinkEffect.LOST)
    assert [(link.kind, link.item_id) for link in lost] == [("deal", since.id)]
    session.refresh(since)
    assert since.deleted_at is not None


def test_what_the_release_before_has_restored_is_left_alone(
    session: Session, world: World, restoring: Restoring
) -> None:
    """It kept no version, so whether a contact has changed since is not known."""
    contacts = [new_contact(session, world) for _ in range(2)]
    delete(session, world, *contacts)
    job = restoring.restore(*contacts)
    session.execute(
        update(RestoreOutcome)
        .where(RestoreOutcome.job_id == job.id, RestoreOutcome.contact_id == contacts[0].id)
        .values(version=None)
    )

    plan = foresee(session, job, now=restoring.now())
    undone = restoring.undo(job)

    assert [(one.contact_id, one.reason) for one in plan.examples] == [(contacts[0].id, Kept.UNKNOWN)]
    assert reasons(session, undone) == {contacts[0].id: Kept.UNKNOWN, contacts[1].id: None}
