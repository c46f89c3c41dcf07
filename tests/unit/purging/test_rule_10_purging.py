"""Rule 10: purging begins after 31 days and stands back while a job wants the bin."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World, new_world
from tests.support.faults import refusing_to_delete
from tests.support.purging import Belongings, carry_out_purge, purge, start_purge
from tests.support.restoring import Restoring
from webapp.clock import read_clock
from webapp.contacts.delete import BIN_JOBS
from webapp.models import AuditEvent, Contact, Deletion, Job
from webapp.purging.work import NothingToPurge
from webapp.restoring.report import all_outcomes
from webapp.restoring.undoing import Kept, judge
from webapp.words.contacts import name_of
from webapp.worker.redis_lock import RedisLock

MINUTE = timedelta(minutes=1)


def left(session: Session, world: World) -> set[int]:
    return set(session.scalars(select(Contact.id).where(Contact.workspace_id == world.id)))


def latest(session: Session, world: World) -> Job:
    newest = select(Job).where(Job.workspace_id == world.id).order_by(Job.id.desc()).limit(1)
    return session.scalars(newest.execution_options(populate_existing=True)).one()


def test_it_begins_after_31_days_and_not_before(session: Session, world: World, lock: RedisLock) -> None:
    live, fresh, at_30, before_31, after_31 = [new_contact(session, world) for _ in range(5)]
    for contact, ago in (
        (fresh, DAY),
        (at_30, 30 * DAY + MINUTE),
        (before_31, 31 * DAY - MINUTE),
        (after_31, 31 * DAY + MINUTE),
    ):
        delete(session, world, contact, ago=ago)
    other = new_world(session)
    elsewhere = new_contact(session, other)
    delete(session, other, elsewhere, ago=40 * DAY)
    kept = {live.id, fresh.id, at_30.id, before_31.id}

    assert purge(session, lock, world) == "done"

    assert left(session, world) == kept
    assert left(session, other) == {elsewhere.id}
    job = latest(session, world)
    assert (job.counts, job.total, job.reason, job.requested_by) == (
        {"failed": 0, "purged": 1},
        1,
        None,
        None,
    )


def test_the_audit_log_has_counts_and_no_data(session: Session, world: World, lock: RedisLock) -> None:
    delete(session, world, *new_contacts(session, world, 3, "Rumpelstiltskin"), ago=32 * DAY)

    purge(session, lock, world)

    job = latest(session, world)
    events = session.scalars(select(AuditEvent).where(AuditEvent.subject == job.audit_subject)).all()
    assert [event.action for event in events] == ["purge.requested", "purge.done"]
    assert events[1].detail["counts"] == {"failed": 0, "purged": 3}
    assert "Rumpel" not in str([event.detail for event in events])


def test_merged_contacts_are_purged_31_days_after_their_deletion(
    session: Session, world: World, lock: RedisLock
) -> None:
    live, merged = new_contact(session, world), new_contact(session, world)
    deletion = delete(session, world, merged, ago=32 * DAY)
    merged.merged_into_id, deletion.in_bin = live.id, 0

    purge(session, lock, world)

    session.expire_all()
    assert left(session, world) == {live.id}
    assert session.get_one(Deletion, deletion.id).in_bin == 0


@pytest.mark.parametrize("in_line", [False, True])
def test_while_a_job_wants_the_bin_it_leaves_everything_to_that_one(
    session: Session, world: World, lock: RedisLock, restoring: Restoring, in_line: bool
) -> None:
    old, held = new_contact(session, world), new_contact(session, world)
    delete(session, world, old, ago=32 * DAY)
    delete(session, world, held)
    job = restoring.start(restoring.question(held).scope)
    if in_line:
        # As if the active one had just ended and the one in line were not promoted yet.
        job.exclusive_group, job.waits_for_group = None, BIN_JOBS
        session.flush()

    assert purge(session, lock, world) == "done"

    assert old.id in left(session, world)
    purged = latest(session, world)
    assert (purged.processed, purged.reason) == (0, {"code": "stood_back"})


def test_a_restore_that_begins_between_two_batches_stops_it_and_the_next_purge_goes_on(
    session: Session, world: World, lock: RedisLock, restoring: Restoring
) -> None:
    delete(session, world, *new_contacts(session, world, 5), ago=32 * DAY)
    held = new_contact(session, world)
    delete(session, world, held)
    first = start_purge(session, lock, world)
    restoring.run_one_batch(session.get_one(Job, first), 2)
    restore = restoring.start(restoring.question(held).scope)

    assert carry_out_purge(session, lock, first, batch_size=2) == "done"
    assert len(left(session, world)) == 4

    restoring.run(restore)
    assert purge(session, lock, world, batch_size=2) == "done"
    assert left(session, world) == {held.id}


def test_what_expires_while_it_runs_is_left_to_the_next_one(
    session: Session, world: World, lock: RedisLock
) -> None:
    contacts = new_contacts(session, world, 2)
    delete(session, world, contacts[0], ago=32 * DAY)
    late = delete(session, world, contacts[1], ago=31 * DAY - MINUTE)
    job_id = start_purge(session, lock, world)
    session.get_one(Job, job_id).created_at -= 2 * MINUTE
    late.created_at = contacts[1].deleted_at = read_clock(session) - 31 * DAY - MINUTE
    late_id = contacts[1].id

    assert carry_out_purge(session, lock, job_id) == "done"

    assert left(session, world) == {late_id}


def test_where_there_is_nothing_none_begins(session: Session, world: World, lock: RedisLock) -> None:
    delete(session, world, new_contact(session, world), ago=31 * DAY - MINUTE)

    with pytest.raises(NothingToPurge):
        start_purge(session, lock, world)
    assert session.scalar(select(Job.id).where(Job.workspace_id == world.id)) is None


def test_a_contact_that_the_database_refuses_fails_alone(
    session: Session, world: World, lock: RedisLock
) -> None:
    contacts = new_contacts(session, world, 7)
    deletion = delete(session, world, *contacts, ago=32 * DAY)
    bad = contacts[3].id

    with refusing_to_delete(session, bad):
        assert purge(session, lock, world, batch_size=5) == "done"

    session.expire_all()
    assert left(session, world) == {bad}
    assert latest(session, world).counts == {"failed": 1, "purged": 6}
    assert session.get_one(Deletion, deletion.id).in_bin == 1


def test_purged_contacts_come_back_by_no_undo_and_stay_in_the_report_without_their_names(
    session: Session, world: World, lock: RedisLock, restoring: Restoring
) -> None:
    contact = new_contact(session, world)
    delete(session, world, contact)
    job = restoring.restore(contact)
    delete(session, world, contact, ago=32 * DAY)
    contact_id = contact.id
    purge(session, lock, world)

    (outcome,) = all_outcomes(session, job, size=10)
    assert (outcome.contact_id, name_of(outcome.contact)) == (contact_id, "Purged contact")
    (ending,) = judge(session, job, now=read_clock(session), limit=10)
    assert ending.reason == Kept.PURGED


def test_a_full_bin_is_purged_in_batches_with_everything(
    session: Session, world: World, lock: RedisLock, belongings: Belongings
) -> None:
    for _ in range(5):
        belongings.deleted()

    assert purge(session, lock, world, batch_size=2) == "done"

    assert left(session, world) == set()
    assert latest(session, world).counts == {"failed": 0, "purged": 5}
