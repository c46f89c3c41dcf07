"""Rule 6. The scope is frozen when the dialog opens; confirming starts exactly that. What was deleted
later, or again since, is not restored; by ids a changed plan is refused; by filters the report says what
differed."""

from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World, new_world
from tests.support.restoring import Restoring
from webapp.models import Contact, Deletion, Job
from webapp.restoring.report import reasons
from webapp.restoring.scope import Scope
from webapp.restoring.work import NothingToRestore, PlanChanged
from webapp.words.restoring import result
from webapp.worker.redis_lock import key

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
NO_LONGER_DELETED = ("skipped", "no_longer_deleted", None)
DELETED_AGAIN = ("skipped", "deleted_again", None)


def restore_otherwise(session: Session, contact: Contact) -> None:
    """Make the contact live without a restore job of this test."""
    deletion = session.get_one(Deletion, contact.deletion_id)
    deletion.in_bin -= 1
    contact.deleted_at = None
    session.flush()


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(hours=1)])
def test_a_contact_deleted_after_the_dialog_opened_is_not_restored_whatever_the_clock_says(
    ago: timedelta, session: Session, world: World, restoring: Restoring
) -> None:
    before, after = new_contact(session, world), new_contact(session, world)
    delete(session, world, before)
    scope = restoring.question_all().scope
    delete(session, world, after, ago=ago)

    job = restoring.confirm(scope)

    assert set(restoring.outcomes(job)) == {before.id}
    assert restoring.in_bin() == {after.id}


def test_a_contact_deleted_again_since_is_not_restored_by_filters(
    session: Session, world: World, restoring: Restoring
) -> None:
    again, once = new_contact(session, world), new_contact(session, world)
    delete(session, world, again, once)
    scope = restoring.question_all().scope
    restore_otherwise(session, again)
    delete(session, world, again)

    job = restoring.confirm(scope)

    assert set(restoring.outcomes(job)) == {once.id}
    assert restoring.in_bin() == {again.id}


def test_a_contact_deleted_again_between_start_and_run_is_not_restored_by_ids(
    session: Session, world: World, restoring: Restoring
) -> None:
    again, once = new_contact(session, world), new_contact(session, world)
    delete(session, world, again, once)
    job = restoring.start(restoring.question(again, once).scope)
    restore_otherwise(session, again)
    delete(session, world, again)

    restoring.run(job)

    assert restoring.outcomes(job) == {once.id: ("restored", None, None), again.id: DELETED_AGAIN}
    assert (job.count("restored"), job.count("skipped")) == (1, 1)
    assert restoring.in_bin() == {again.id}


@pytest.mark.parametrize(
    ("age", "comes_back"),
    [
        (30 * DAY - SECOND, True),
        (30 * DAY, True),
        (30 * DAY + MICROSECOND, False),
        (30 * DAY + SECOND, False),
    ],
)
def test_the_window_is_thirty_days_to_the_second(
    age: timedelta, comes_back: bool, session: Session, world: World, restoring: Restoring
) -> None:
    now = restoring.now()
    contact = new_contact(session, world)
    delete(session, world, contact, at=now - age)

    question = restoring.question_all(at=now)
    by_ids = restoring.question(contact, at=now)

    assert question.scope.expected == len(restoring.in_bin(at=now)) == int(comes_back)
    assert by_ids.can_restore_any == comes_back
    if comes_back:
        restoring.confirm(question.scope)
    else:
        with pytest.raises(NothingToRestore):
            restoring.confirm(question.scope)
    assert restoring.is_live(contact) == comes_back


def test_the_window_stays_where_it_was_when_the_dialog_opened(
    session: Session, world: World, restoring: Restoring
) -> None:
    opened = restoring.now() - timedelta(minutes=25)
    contact = new_contact(session, world)
    delete(session, world, contact, at=opened - 30 * DAY + SECOND)

    job = restoring.confirm(restoring.question(contact, at=opened).scope)

    assert Scope.from_dict(job.request).as_of == opened
    assert restoring.is_live(contact)


def test_the_filters_are_frozen_as_utc_times(session: Session, world: World, restoring: Restoring) -> None:
    now = restoring.now()
    contact = new_contact(session, world)
    delete(session, world, contact, at=now - DAY)
    day = (now - DAY).date()

    scope = restoring.question_all(at=now, since=day.isoformat(), to=day.isoformat()).scope

    assert scope.filters is not None
    assert scope.filters.since is not None
    assert scope.filters.before == scope.filters.since + DAY
    assert restoring.confirm(scope).count("restored") == 1


def taken_meanwhile(session: Session, world: World, contact: Contact) -> None:
    new_contact(session, world, email=contact.email)


def gone_meanwhile(session: Session, _world: World, contact: Contact) -> None:
    restore_otherwise(session, contact)


def deleted_again_meanwhile(session: Session, world: World, contact: Contact) -> None:
    restore_otherwise(session, contact)
    delete(session, world, contact)


@pytest.mark.parametrize("happening", [taken_meanwhile, gone_meanwhile, deleted_again_meanwhile])
def test_by_ids_a_changed_plan_is_refused_and_nothing_is_changed(
    happening: object, session: Session, world: World, restoring: Restoring, redis: Redis
) -> None:
    one, other = new_contact(session, world), new_contact(session, world)
    delete(session, world, one, other)
    scope = restoring.question(one, other).scope
    happening(session, world, one)  # type: ignore[operator]

    with pytest.raises(PlanChanged):
        restoring.start(scope)

    assert session.scalar(select(func.count()).where(Job.workspace_id == world.id)) == 0
    assert redis.get(key("restore", world.id)) is None
    assert restoring.rung == []
    assert not restoring.is_live(other)


def test_by_ids_a_freed_address_changes_the_plan_too(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact = new_contact(session, world)
    delete(session, world, contact)
    holder = new_contact(session, world, email=contact.email)
    scope = restoring.question(contact).scope
    delete(session, world, holder)

    with pytest.raises(PlanChanged):
        restoring.start(scope)


def test_by_filters_the_report_names_the_differences(
    session: Session, world: World, restoring: Restoring
) -> None:
    one, other = new_contact(session, world), new_contact(session, world)
    delete(session, world, one, other)
    scope = restoring.question_all().scope
    new_contact(session, world, email=one.email)

    job = restoring.confirm(scope)

    assert (job.total, job.count("restored"), job.count("skipped")) == (2, 1, 1)


def test_by_filters_the_report_accounts_for_a_contact_that_was_deleted_again(
    session: Session, world: World, restoring: Restoring
) -> None:
    again, *others = new_contacts(session, world, 3)
    delete(session, world, again, *others)
    scope = restoring.question_all().scope
    restoring.restore(again)
    delete(session, world, again)

    job = restoring.confirm(scope)

    assert job.counts == {"restored": 2, "deleted_again": 1}
    assert (job.total, job.processed) == (3, 3)
    assert reasons(session, job) == [("deleted_again", 1)]
    assert result(job) == "2 contacts restored, 1 deleted again."


def test_by_filters_the_report_accounts_for_contacts_that_are_no_longer_deleted(
    session: Session, world: World, restoring: Restoring
) -> None:
    one, *others = new_contacts(session, world, 5)
    delete(session, world, one, *others)
    scope = restoring.question_all().scope
    restoring.restore(*others)

    job = restoring.confirm(scope)

    assert (job.total, job.processed) == (5, 5)
    assert reasons(session, job) == [("no_longer_deleted", 4)]
    assert result(job) == "1 contact restored, 4 no longer deleted."


def test_an_incomplete_deletion_is_not_restorable(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact = new_contact(session, world)
    deletion = delete(session, world, contact)
    deletion.completed_at = deletion.number = None
    session.flush()

    assert restoring.in_bin() == set()
    assert not restoring.question(contact).any_in_bin
    with pytest.raises(NothingToRestore):
        restoring.restore_all()
    assert not restoring.is_live(contact)


def test_a_merged_contact_is_not_in_the_bin(session: Session, world: World, restoring: Restoring) -> None:
    merged, into = new_contact(session, world), new_contact(session, world)
    delete(session, world, merged)
    merged.merged_into_id = into.id
    session.flush()

    assert restoring.in_bin() == set()
    assert not restoring.question(merged).any_in_bin


def test_a_contact_of_another_workspace_is_not_restored(
    session: Session, world: World, restoring: Restoring
) -> None:
    elsewhere = new_world(session)
    foreign, own = new_contact(session, elsewhere), new_contact(session, world)
    delete(session, elsewhere, foreign)
    delete(session, world, own)

    job = restoring.restore(own, foreign)

    assert restoring.outcomes(job) == {own.id: ("restored", None, None), foreign.id: NO_LONGER_DELETED}
    assert not restoring.is_live(foreign)
