"""A delete job: its scope is frozen, and its batches are one deletion, completed however the job ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete as delete_rows
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_contacts,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World, new_admin, new_world
from tests.support.deleting import Deleting
from tests.support.imports import ended_import
from webapp.catalogue.delete import delete_from_catalogue
from webapp.contacts import delete_scope, delete_work
from webapp.contacts.delete_scope import scope_of_job
from webapp.contacts.delete_work import NothingToDelete
from webapp.contacts.edit import Details, edit_contact
from webapp.jobs.cancel import cancel
from webapp.jobs.work import NotAllowed
from webapp.models import (
    AuditEvent,
    Contact,
    Deal,
    DealContact,
    GroupMembership,
    Job,
    PrivateText,
)
from webapp.models.audit_event import Action
from webapp.models.job import JobState
from webapp.restoring.recycle_bin import latest_number


def live(session: Session, world: World) -> set[int]:
    query = select(Contact.id).where(Contact.workspace_id == world.id, Contact.deleted_at.is_(None))
    return set(session.scalars(query))


@pytest.mark.parametrize("batch_size", [1, 2, 3, 1000])
def test_all_batches_are_one_deletion_and_a_restore_brings_exactly_all_back(
    session: Session, world: World, deleting: Deleting, batch_size: int
) -> None:
    people = new_contacts(session, world, 6)
    other_world = new_world(session)
    elsewhere = new_contact(session, other_world)
    before_deleted = new_contact(session, world)
    delete(session, world, before_deleted)
    session.commit()

    job = deleting.delete_all(batch_size=batch_size)

    deletion = deleting.deletion(job)
    assert job.state == JobState.DONE
    assert job.counts == {"deleted": 6}
    assert deletion is not None
    assert (deletion.contact_count, deletion.in_bin, deletion.number) == (6, 6, 2)
    assert deletion.completed_at is not None
    assert deletion.user_id == world.admin.id
    assert live(session, world) == set()
    assert deleting.is_live(elsewhere)
    for contact in people:
        session.refresh(contact)
        assert (contact.deleted_at, contact.deletion_id) == (deletion.created_at, deletion.id)
    told = select(AuditEvent.detail).where(
        AuditEvent.action == Action.CONTACTS_DELETED, AuditEvent.subject == f"deletion:{deletion.id}"
    )
    assert session.scalars(told).all() == [{"number": 2, "contacts": 6, "source": "overview"}]

    deleting.restore_all(deletion="2")

    assert live(session, world) == {contact.id for contact in people}


def test_what_was_made_changed_or_restored_since_the_dialog_opened_stays_and_is_counted(
    session: Session, world: World, deleting: Deleting
) -> None:
    going, edited, gone = (new_contact(session, world) for _ in range(3))
    returning = new_contact(session, world)
    delete(session, world, returning)
    asked = deleting.ask()
    assert asked[1] == 3
    # It says that it is old, as one with the Created Date of its file.
    made = new_contact(session, world)
    details = Details(first_name="New")
    edit_contact(session, workspace_id=world.id, contact_id=edited.id, details=details, now=deleting.now())
    delete(session, world, gone, at=deleting.now())
    deleting.restore(returning)

    job = deleting.begin(asked)
    deleting.run(job, batch_size=2)

    assert live(session, world) == {made.id, edited.id, returning.id}
    assert not deleting.is_live(going)
    assert job.counts == {"added": 1, "changed": 1, "deleted": 1, "gone": 1, "restored": 1}
    # What was restored before the dialog opened is deleted like any other.
    again = deleting.delete_all()
    assert again.counts == {"deleted": 3}


def test_each_filter_of_the_overview_limits_it(session: Session, world: World, deleting: Deleting) -> None:
    mailing_list, tag, account = (
        new_list(session, world),
        new_tag(session, world),
        new_account(session, world),
    )
    by_name, on_list, tagged, of_account = (
        new_contact(session, world, "Zoë"),
        new_contact(session, world),
        new_contact(session, world),
        new_contact(session, world, account=account),
    )
    left = new_contact(session, world)
    subscribe(session, on_list, mailing_list, "subscribed")
    subscribe(session, left, mailing_list, "unsubscribed")
    put_tag(session, tagged, tag)
    restored = new_contact(session, world)
    delete(session, world, restored)
    restore = deleting.restore(restored)

    for contact, filters in (
        (by_name, {"q": "zoe"}),
        (on_list, {"list_id": mailing_list.id, "status": "subscribed"}),
        (tagged, {"tag_id": tag.id}),
        (of_account, {"account_id": account.id}),
        (restored, {"restored_by": restore.id}),
    ):
        before = live(session, world)
        job = deleting.delete_all(**filters)
        assert job.counts == {"deleted": 1}, filters
        assert before - live(session, world) == {contact.id}
    assert live(session, world) == {left.id}


def test_a_step_that_finds_few_among_many_goes_on_behind_those_it_has_looked_at(
    session: Session, world: World, deleting: Deleting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rare filter makes no batch long: each looks at a limited number, and may find none among them."""
    monkeypatch.setattr(delete_scope, "SCAN_LIMIT", 3)
    new_contacts(session, world, 10, "Bob")
    rare = [new_contact(session, world, "Zoë") for _ in range(2)]
    new_contacts(session, world, 4, "Bob")

    job = deleting.delete_all(q="zoe", batch_size=2)

    assert job.counts == {"deleted": 2}
    assert not any(deleting.is_live(contact) for contact in rare)
    assert len(live(session, world)) == 14


def end_by_cancelling(deleting: Deleting, job: Job) -> None:
    cancel(deleting.session, deleting.lock, job.id, by=deleting.world.admin)
    deleting.run(job)


def end_by_demoting(deleting: Deleting, job: Job) -> None:
    of_requester = GroupMembership.user_id == deleting.world.admin.id
    deleting.session.execute(delete_rows(GroupMembership).where(of_requester))
    deleting.session.expire_all()
    deleting.run(job)


def end_by_failing(deleting: Deleting, job: Job) -> None:
    job.claims_since_progress = 100
    deleting.run(job)


@pytest.mark.parametrize("end", [end_by_cancelling, end_by_demoting, end_by_failing])
def test_however_it_ends_the_deletion_is_complete_with_what_it_took(
    session: Session, world: World, deleting: Deleting, end: Callable[[Deleting, Job], None]
) -> None:
    new_contacts(session, world, 5)
    job = deleting.begin(deleting.ask())
    deleting.run_one_batch(job, 2)
    # Under way: no number yet, and nothing that could be restored.
    under_way = deleting.deletion(job)
    assert under_way is not None
    assert (under_way.number, under_way.completed_at, under_way.in_bin) == (None, None, 2)
    assert latest_number(session, world.id) == 0
    assert deleting.in_bin() == set()
    assert len(live(session, world)) == 3
    # Another deletion, direct, is not held up, and takes the first number.
    [other, *_] = session.scalars(select(Contact).where(Contact.id.in_(live(session, world))))
    assert delete(session, world, other, at=deleting.now()).number == 1
    session.commit()

    end(deleting, job)

    session.refresh(job)
    assert job.state in (JobState.CANCELLED, JobState.FAILED)
    deletion = deleting.deletion(job)
    assert deletion is not None
    assert (deletion.number, deletion.contact_count, deletion.in_bin) == (2, 2, 2)
    assert deletion.completed_at is not None
    assert len(deleting.in_bin()) == 3
    admin = new_admin(session, world.workspace)
    deleting.run(deleting.start(deleting.question_all().scope, by=admin.id))
    assert len(live(session, world)) == 5


def test_one_that_took_nothing_leaves_no_deletion(session: Session, world: World, deleting: Deleting) -> None:
    contact = new_contact(session, world)
    asked = deleting.ask()
    edit_contact(
        session,
        workspace_id=world.id,
        contact_id=contact.id,
        details=Details(first_name="N"),
        now=deleting.now(),
    )

    job = deleting.begin(asked)
    deleting.run(job)

    assert job.counts == {"changed": 1}
    assert deleting.deletion(job) is None
    never_begun = deleting.begin(deleting.ask())
    cancel(session, deleting.lock, never_begun.id, by=world.admin)
    assert deleting.deletion(never_begun) is None
    assert deleting.is_live(contact)


def test_only_who_has_the_right_may_and_not_nothing(
    session: Session, world: World, deleting: Deleting
) -> None:
    new_contact(session, world)
    asked = deleting.ask()
    with pytest.raises(NotAllowed):
        deleting.begin(asked, by=world.member.id)
    with pytest.raises(NothingToDelete):
        deleting.begin((asked[0], 0))
    # The operator may.
    job = delete_work.start(
        session,
        deleting.lock,
        lambda *_: None,
        workspace_id=world.id,
        request=asked[0],
        total=asked[1],
        key="by-command",
        requested_by=None,
    )
    assert deleting.run(job) == "done"
    deletion = deleting.deletion(job)
    assert deletion is not None
    assert (deletion.source, deletion.user_id) == ("command", None)


def test_words_stand_apart_and_without_them_nothing_is_deleted(
    session: Session, world: World, deleting: Deleting
) -> None:
    contact = new_contact(session, world, "Zoë")

    job = deleting.begin(deleting.ask(q="zoe"))

    assert "zoe" not in str(job.request)
    scope = scope_of_job(job)
    assert isinstance(scope, delete_scope.AllMatching)
    assert scope.wanted.q == "zoe"
    session.execute(delete_rows(PrivateText).where(PrivateText.subject == job.audit_subject))
    session.expire_all()
    deleting.run(job)
    assert job.counts == {"gone": 1}
    assert deleting.is_live(contact)


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_undoing_an_import_deletes_what_it_added_and_nothing_has_changed_since(
    session: Session, world: World, deleting: Deleting, batch_size: int
) -> None:
    added = [new_contact(session, world) for _ in range(5)]
    free, edited, gone, twice, last = added
    updated, mine = new_contact(session, world), new_contact(session, world)
    job = ended_import(session, world, added, [updated])
    edit_contact(
        session,
        workspace_id=world.id,
        contact_id=edited.id,
        details=Details(first_name="N"),
        now=deleting.now(),
    )
    delete(session, world, gone, twice, at=deleting.now())
    deleting.restore(twice)
    foreseen = delete_scope.foresee_undo(session, world.id, job.id)

    undone = deleting.begin(deleting.ask_undo(job.id))
    deleting.run(undone, batch_size=batch_size)

    assert undone.counts == {"deleted": 2, "changed": 2, "gone": 1}
    assert (foreseen.going, foreseen.stayed) == (2, {"changed": 2, "gone": 1})
    assert undone.undo_of == job.id
    assert live(session, world) == {edited.id, twice.id, updated.id, mine.id}
    deletion = deleting.deletion(undone)
    assert deletion is not None
    assert (deletion.source, deletion.in_bin) == ("undone_import", 2)
    deleting.restore_all()
    assert deleting.is_live(free)
    assert deleting.is_live(last)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_primary_that_is_promoted_and_goes_hands_it_on(
    session: Session, world: World, deleting: Deleting, batch_size: int
) -> None:
    moment = deleting.now() - timedelta(days=9)
    first, second = (
        new_contact(session, world, "Zoë", created_at=moment + timedelta(hours=hour)) for hour in range(2)
    )
    staying = new_contact(session, world, created_at=moment + timedelta(hours=5))
    shared = new_deal(session, world, first, second, staying)
    own = new_deal(session, world, first, second)
    by_hand = new_deal(session, world, first, second)
    delete_from_catalogue(session, Deal, by_hand.id, workspace_id=world.id, by=None, now=moment)

    job = deleting.delete_all(q="zoe", batch_size=batch_size)

    deletion = deleting.deletion(job)
    assert deletion is not None
    session.expire_all()
    primaries = select(DealContact.contact_id).where(DealContact.deal_id == shared.id, DealContact.is_primary)
    assert session.scalars(primaries).all() == [staying.id]
    assert shared.deleted_at is None
    assert (own.deleted_at, own.deleted_by_deletion_id) == (deletion.created_at, deletion.id)
    assert by_hand.deleted_by_deletion_id is None
