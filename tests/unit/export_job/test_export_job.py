"""The export as a job: each row once, whatever happens, and a file only at the end."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete as delete_contacts,
)
from tests.factories.contacts import new_contact, new_contacts, new_list, new_tag, put_tag, subscribe
from tests.factories.people import World, new_user, new_world
from tests.support.exporting import Exporting, content_of, has_any_file, read_rows
from tests.support.faults import before_each_statement, crash_at
from tests.support.restoring import Restoring, expire_lease
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.exporting.outcomes import Report
from webapp.exporting.work import NothingToExport
from webapp.jobs.cancel import cancel
from webapp.jobs.work import NotAllowed
from webapp.models import GroupMembership, GroupRight, Job, JobBatch, PrivateText, Right, User, UserGroup
from webapp.models.mailing_list import SubscriptionStatus
from webapp.worker.kinds import EXPORT


def names(rows: list[dict[str, str]]) -> list[str]:
    return [row["Last Name"] for row in rows]


def numbers(*wanted: int) -> list[str]:
    return [f"Number {number:05}" for number in wanted]


def test_a_file_is_the_same_whatever_the_batches_and_has_each_contact_once(
    exporting: Exporting, store: Session, world: World
) -> None:
    """Created at one time, so that only the ids tell the places apart."""
    new_contacts(store, world, 7)
    # A batch that meets only contacts of others, and one that meets none at all.
    new_contacts(store, new_world(store), 3)
    expected = numbers(*range(6, -1, -1))

    for batch_size in (1, 3, 7, 1000):
        assert names(exporting.rows(exporting.live(), batch_size=batch_size)) == expected


def test_killed_at_any_statement_the_file_has_each_row_once(
    engine: Engine, store: Session, other: Session, exporting: Exporting, world: World
) -> None:
    contacts = new_contacts(store, world, 7)
    tag, news = new_tag(store, world), new_list(store, world)
    for contact in contacts:
        put_tag(store, contact, tag)
        subscribe(store, contact, news, "subscribed")
    job = exporting.start(exporting.live())
    crashes = 0

    for last_statement in range(1, 200):
        expire_lease(other, job.id)
        with crash_at(engine, store, last_statement) as crash:
            exporting.run(job, batch_size=2)
        crashes += crash.happened
        # A file that is not complete is not offered.
        has_ended = other.get_one(Job, job.id, populate_existing=True).has_ended
        assert (content_of(other, job) is not None) == has_ended
        if has_ended:
            break
        other.get_one(Job, job.id).claims_since_progress = 0
        other.commit()

    assert crashes > 15
    assert names(read_rows(store, job)) == numbers(*range(6, -1, -1))
    assert other.get_one(Job, job.id).counts == {"exported": 7}


def test_a_runner_that_was_overtaken_adds_no_part(
    store: Session, other: Session, exporting: Exporting, world: World
) -> None:
    new_contacts(store, world, 6)
    job = exporting.start(exporting.live())
    again = Exporting(other, world, exporting.lock)

    def overtake() -> bool:
        expire_lease(other, job.id)
        again.run(job, batch_size=2, should_stop=lambda: True)
        return False

    assert exporting.run(job, batch_size=2, should_stop=overtake) == "lost_lease"

    expire_lease(other, job.id)
    assert again.run(job, batch_size=2) == "done"
    assert names(read_rows(other, job)) == numbers(5, 4, 3, 2, 1, 0)


def test_an_export_that_is_cancelled_leaves_no_file(
    store: Session, other: Session, exporting: Exporting, world: World
) -> None:
    new_contacts(store, world, 4)
    job = exporting.start(exporting.live())
    exporting.run(job, batch_size=2, should_stop=lambda: True)
    assert has_any_file(other, job)
    other.rollback()

    cancel(other, exporting.lock, job.id, by=other.get_one(User, world.admin.id))
    expire_lease(other, job.id)
    assert exporting.run(job) == "cancelled"

    assert not has_any_file(other, job)


def test_an_export_whose_requester_has_lost_the_right_leaves_no_file(
    store: Session, other: Session, exporting: Exporting, world: World
) -> None:
    """A member of a group that may export."""
    new_contacts(store, world, 4)
    sales = store.scalar(select(UserGroup).filter_by(workspace_id=world.id, name="Sales"))
    assert sales is not None
    store.add(GroupRight(group_id=sales.id, right=Right.EXPORT))
    job = exporting.start(exporting.live(), by=world.member.id)
    exporting.run(job, batch_size=2, should_stop=lambda: True)

    with write_transaction(other):
        other.execute(delete(GroupRight).where(GroupRight.group_id == sales.id))
    store.expire_all()
    assert exporting.run(job) == "cancelled"

    assert not has_any_file(other, job)


def test_a_contact_at_which_every_process_dies_is_left_out_and_counted(
    store: Session, exporting: Exporting, world: World
) -> None:
    new_contacts(store, world, 3)
    job = exporting.start(exporting.live())
    exporting.run(job, batch_size=1, should_stop=lambda: True)
    job.one_by_one, job.claims_since_progress = 2, 3
    store.commit()

    assert exporting.run(job, batch_size=1) == "done"

    assert names(read_rows(store, job)) == numbers(2, 0)
    assert job.counts == {"exported": 2, "failed": 1}


def test_contacts_that_are_made_or_deleted_after_the_dialog_are_left_out(
    store: Session, exporting: Exporting, world: World
) -> None:
    contacts = new_contacts(store, world, 4)
    source = exporting.live()
    job = exporting.start(source)
    # Created earlier, as an import can say: what counts is when it came.
    new_contact(store, world, last_name="Later", created_at=read_clock(store) - timedelta(days=900))
    exporting.run(job, batch_size=2, should_stop=lambda: True)
    delete_contacts(store, world, contacts[0], contacts[3])
    store.commit()

    assert exporting.run(job) == "done"

    assert names(read_rows(store, job)) == numbers(3, 2, 1)


def test_deleted_contacts_are_those_of_the_frozen_scope(
    store: Session, exporting: Exporting, world: World
) -> None:
    contacts = new_contacts(store, world, 5)
    delete_contacts(store, world, *contacts[:2], by=world.admin.id, ago=timedelta(days=3))
    delete_contacts(store, world, contacts[2], ago=timedelta(days=31))
    source = exporting.deleted()
    job = exporting.start(source)
    delete_contacts(store, world, contacts[3])
    store.commit()

    exporting.run(job, batch_size=1)

    rows = read_rows(store, job)
    assert names(rows) == numbers(1, 0)
    assert [(row["Deleted By"], row["Days Left"]) for row in rows] == [(world.admin.name, "26")] * 2
    assert contacts[1].deleted_at is not None
    assert rows[0]["Deleted"] == contacts[1].deleted_at.isoformat()
    assert names(exporting.rows(exporting.deleted(q="00003"))) == numbers(3)


def test_each_filter_of_the_overview_holds(store: Session, exporting: Exporting, world: World) -> None:
    by_tag, by_list, by_word = new_contacts(store, world, 3)
    tag, news = new_tag(store, world), new_list(store, world)
    put_tag(store, by_tag, tag)
    subscribe(store, by_list, news, "bounced")
    subscribe(store, by_word, news, "subscribed")

    assert names(exporting.rows(exporting.live(tag_id=tag.id))) == numbers(0)
    assert names(exporting.rows(exporting.live(list_id=news.id, status=SubscriptionStatus.BOUNCED))) == (
        numbers(1)
    )
    assert names(exporting.rows(exporting.live(list_id=news.id), batch_size=1)) == numbers(2, 1)
    assert names(exporting.rows(exporting.live(q="NUMBER 00002"))) == numbers(2)


def test_a_search_that_is_no_longer_kept_exports_nothing(
    store: Session, exporting: Exporting, world: World
) -> None:
    """And not everything."""
    new_contacts(store, world, 3)
    delete_contacts(store, world, *new_contacts(store, world, 2))
    for source in (exporting.live(q="ann"), exporting.deleted(q="ann")):
        job = exporting.start(source)
        assert "ann" not in str(job.request)
        with write_transaction(store):
            store.execute(delete(PrivateText).where(PrivateText.subject == job.audit_subject))
        store.expire_all()
        assert EXPORT.source_of(job).is_forgotten

        assert exporting.run(job) == "done"

        assert read_rows(store, job) == []


def test_deleted_contacts_and_reports_are_for_admins_only(
    store: Session, exporting: Exporting, world: World
) -> None:
    contact = new_contact(store, world)
    delete_contacts(store, world, contact)
    sales = store.scalar(select(UserGroup).filter_by(workspace_id=world.id, name="Sales"))
    assert sales is not None
    stranger = new_user(store, world.workspace, "No Right")
    store.add(GroupRight(group_id=sales.id, right=Right.EXPORT))
    store.commit()
    restoring = Restoring(store, world, exporting.lock)
    report = Report.of(restoring.restore_all(), EXPORT.lines)

    exporting.start(exporting.live(), by=world.member.id)
    for source in (exporting.deleted(), report):
        with pytest.raises(NotAllowed):
            exporting.start(source, by=world.member.id)
    with pytest.raises(NotAllowed):
        exporting.start(exporting.live(), by=stranger.id)
    with pytest.raises(NotAllowed):
        exporting.start(exporting.live(), by=new_world(store).admin.id)
    # An admin, and no longer one when the next batch begins.
    job = exporting.start(exporting.deleted())
    with write_transaction(store):
        store.execute(delete(GroupMembership).where(GroupMembership.user_id == world.admin.id))
    store.expire_all()
    assert exporting.run(job) == "cancelled"


def test_the_report_of_another_workspace_is_none(store: Session, exporting: Exporting, world: World) -> None:
    elsewhere = new_world(store)
    delete_contacts(store, elsewhere, new_contact(store, elsewhere))
    job = Restoring(store, elsewhere, exporting.lock).restore_all()

    with pytest.raises(NothingToExport):
        exporting.start(Report.of(job, EXPORT.lines))


def test_a_batch_takes_a_handful_of_statements_for_any_number_of_contacts(
    engine: Engine, store: Session, exporting: Exporting, world: World
) -> None:
    asked: list[list[str]] = []
    for count in (2, 60):
        for contact in new_contacts(store, world, count):
            put_tag(store, contact, new_tag(store, world))
            subscribe(store, contact, new_list(store, world), "subscribed")
        job = exporting.start(exporting.live())
        asked.append([])
        with before_each_statement(engine, asked[-1].append):
            exporting.run(job)

    assert len(asked[0]) == len(asked[1]) < 45
    batches = store.scalars(select(JobBatch).where(JobBatch.job_id == job.id)).all()
    assert [batch.items for batch in batches] == [62]
