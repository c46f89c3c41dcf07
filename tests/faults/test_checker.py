"""The checker finds and names each kind of violation in corrupted histories, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Delete, Engine, Update, delete, insert, inspect, null, select, text, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete as delete_contacts
from tests.factories.contacts import (
    new_account,
    new_contact,
    new_contacts,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World, new_world
from tests.faults import before, checker
from tests.faults.before import Before, check_restore, read_before
from tests.faults.checker import check_history
from tests.support.restoring import Restoring
from webapp.models import (
    AuditEvent,
    Contact,
    ContactTag,
    Deal,
    DealContact,
    Deletion,
    Job,
    JobBatch,
    RestoreOutcome,
    Subscription,
)
from webapp.worker.connection import connect
from webapp.worker.redis_lock import RedisLock


@dataclass
class History:
    """A successful restore in small batches, and its workspace before."""

    session: Session
    world: World
    restoring: Restoring
    job: Job
    before: Before
    contacts: list[Contact]
    stayed: Contact

    @property
    def end(self) -> datetime:
        assert self.job.finished_at is not None
        return self.job.finished_at

    def batches(self) -> list[JobBatch]:
        return list(
            self.session.scalars(select(JobBatch).where(JobBatch.job_id == self.job.id).order_by(JobBatch.id))
        )

    def corrupt(self, statement: Update | Delete) -> None:
        self.session.execute(statement.execution_options(synchronize_session=False))
        self.session.expire_all()

    def corrupt_batch(self, place: int, **values: object) -> None:
        batch = self.batches()[place]
        self.corrupt(update(JobBatch).where(JobBatch.id == batch.id).values(**values))

    def corrupt_job(self, **values: object) -> None:
        self.corrupt(update(Job).where(Job.id == self.job.id).values(**values))

    def corrupt_contact(self, contact: Contact, **values: object) -> None:
        self.corrupt(update(Contact).where(Contact.id == contact.id).values(**values))

    def kinds(self) -> set[str]:
        """The kinds of violations in the database and in this restore."""
        said = check_history(self.session) + check_restore(self.session, self.job.id, self.before)
        assert all(any(word in violation.what for word in ("workspace", "deletion")) for violation in said)
        return {violation.kind for violation in said}


@pytest.fixture(scope="module")
def valid(engine: Engine, redis_url: str) -> Iterator[History]:
    """One history for all tests: each test's changes are rolled back."""
    with engine.connect().execution_options(writes=True) as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield new_history(session, RedisLock(connect(redis_url), lock_seconds=60, starting_seconds=10))
        transaction.rollback()


@pytest.fixture
def history(valid: History) -> Iterator[History]:
    connection = valid.session.get_bind()
    assert isinstance(connection, Connection)
    valid.session.commit()
    savepoint = connection.begin_nested()
    yield valid
    valid.session.rollback()
    savepoint.rollback()


def new_history(session: Session, lock: RedisLock) -> History:
    world = new_world(session)
    old_twin = new_contact(session, world, email="twin@example.com")
    delete_contacts(session, world, old_twin, ago=timedelta(days=3))
    account = new_account(session, world)
    contacts = [
        *new_contacts(session, world, 10),
        new_contact(session, world, email="twin@example.com", account=account),
        new_contact(session, world, email=None),
    ]
    mailing_list, tag = new_list(session, world), new_tag(session, world)
    for contact in contacts:
        subscribe(session, contact, mailing_list, "subscribed")
        put_tag(session, contact, tag)
    stays = new_contact(session, world)
    new_deal(session, world, contacts[0], stays, contacts[1])
    new_deal(session, world, contacts[2])
    delete_contacts(session, world, *contacts[:5], ago=timedelta(days=2))
    delete_contacts(session, world, *contacts[5:], ago=timedelta(days=1))
    taken = new_contact(session, world, email="taken@example.com")
    new_deal(session, world, stays, taken)
    delete_contacts(session, world, taken)
    new_contact(session, world, email="taken@example.com")
    restoring = Restoring(session, world, lock)
    scope = restoring.question_all().scope
    found = read_before(session, scope)
    job = restoring.confirm(scope, batch_size=4)
    assert (job.state, job.count("restored"), job.count("skipped")) == ("done", 12, 2)
    return History(session, world, restoring, job, found, contacts, taken)


def test_a_valid_history_has_no_violations(history: History) -> None:
    assert history.kinds() == set()


def test_restoring_deleting_and_restoring_again_is_valid(history: History) -> None:
    delete_contacts(history.session, history.world, *history.contacts, ago=timedelta(0))
    history.restoring.restore_all()
    assert check_history(history.session) == []


# The expected kind of violation, and the corruption of the history.
Corrupt = Callable[[History], None]


def add_batch(history: History, **values: object) -> None:
    job = history.job
    row = {"job_id": job.id, "fence": job.fence, "items": 0, "at": history.end}
    row |= {"cursor_before": job.cursor, "cursor_after": job.cursor}
    history.session.execute(insert(JobBatch), [row | values])


def swap_batches(history: History) -> None:
    first, second = history.batches()[:2]
    one, other = [
        {name: getattr(batch, name) for name in ("cursor_before", "cursor_after")}
        for batch in (first, second)
    ]
    history.corrupt_batch(0, **other)
    history.corrupt_batch(1, **one)


def repeat_a_batch(history: History) -> None:
    first = history.batches()[0]
    columns = ("cursor_before", "cursor_after")
    history.corrupt_batch(1, **{name: getattr(first, name) for name in columns})


def turn_a_batch(history: History) -> None:
    """It ends before its beginning; the next batch continues from there."""
    first, second = history.batches()[:2]
    history.corrupt_batch(1, cursor_after=first.cursor_before or history.job.cursor)
    history.corrupt_batch(1, cursor_before=second.cursor_after, cursor_after=second.cursor_before)


def start_another(history: History, *, state: str, ago: timedelta) -> None:
    """A second job of the workspace, without the index that forbids it."""
    history.session.execute(text("DROP INDEX uq_restore_job_active_group"))
    job = history.session.get_one(Job, history.job.id)
    values = {column.key: getattr(job, column.key) for column in inspect(Job).column_attrs}
    del values["id"]
    values |= {"uuid": "another", "idempotency_key": "another", "state": state, "finished_at": None}
    values |= {"created_at": history.end - ago, "cursor": None, "number": None, "counts": {}}
    history.session.execute(insert(Job), [values])


def two_active(history: History) -> None:
    start_another(history, state="running", ago=timedelta(seconds=-1))
    history.corrupt_job(state="running", finished_at=None)


def put_in_line(history: History, *names: str, **values: object) -> None:
    """Jobs in line without the index that forbids more than one."""
    history.session.execute(text("DROP INDEX uq_restore_job_in_line"))
    job = history.session.get_one(Job, history.job.id)
    copied = {column.key: getattr(job, column.key) for column in inspect(Job).column_attrs}
    del copied["id"]
    copied |= {"exclusive_group": null(), "waits_for_group": "restore", "state": "queued"}
    copied |= {"finished_at": None, "cursor": None, "number": None, "counts": {}, "fence": 0}
    for name in names:
        another = copied | {"uuid": name, "idempotency_key": name} | values
        history.session.execute(insert(Job).values(another))


def write_before_promotion(history: History) -> None:
    history.corrupt_job(promoted_at=history.end)


def end_twice(history: History) -> None:
    event = history.session.scalars(
        select(AuditEvent).where(
            AuditEvent.subject == f"restore_job:{history.job.id}", AuditEvent.action == "restore.done"
        )
    ).one()
    again = {name: getattr(event, name) for name in ("workspace_id", "user_id", "at", "action", "subject")}
    history.session.execute(insert(AuditEvent), [again | {"detail": {}}])


def restore_twice(history: History) -> None:
    """The first contact once more, in another job, without a deletion in between."""
    start_another(history, state="done", ago=timedelta(seconds=-1))
    job_id = history.session.scalars(select(Job.id).where(Job.uuid == "another")).one()
    contact = history.contacts[0]
    history.session.execute(
        insert(RestoreOutcome), [{"job_id": job_id, "contact_id": contact.id, "outcome": "restored"}]
    )
    history.session.execute(insert(JobBatch), [{"job_id": job_id, "fence": 1, "items": 1, "at": history.end}])
    history.corrupt(update(Job).where(Job.id == job_id).values(counts={"restored": 1}))
    history.corrupt_contact(contact, restore_job_id=job_id)


def restore_twice_and_delete(history: History) -> None:
    """Deleted since: the latest deletion hides nothing."""
    restore_twice(history)
    delete_contacts(history.session, history.world, history.contacts[0], ago=timedelta(0))


def lose_an_outcome(history: History) -> None:
    history.session.execute(
        delete(RestoreOutcome).where(
            RestoreOutcome.job_id == history.job.id, RestoreOutcome.contact_id == history.contacts[0].id
        )
    )


def restore_a_stranger(history: History) -> None:
    stranger = new_contact(history.session, history.world)
    row = {"job_id": history.job.id, "contact_id": stranger.id, "outcome": "restored"}
    history.session.execute(insert(RestoreOutcome), [row])


def detach(history: History) -> None:
    one = history.contacts[0]
    history.corrupt(
        update(DealContact)
        .where(DealContact.contact_id == one.id)
        .values(detached_at=history.job.created_at, detached_by_deletion_id=one.deletion_id)
    )


def attach(history: History) -> None:
    history.corrupt(
        update(DealContact)
        .where(DealContact.contact_id == history.stayed.id)
        .values(detached_at=None, detached_by_deletion_id=None)
    )


def make_primary(history: History) -> None:
    deal = select(DealContact.deal_id).where(DealContact.contact_id == history.contacts[0].id)
    history.corrupt(update(DealContact).where(DealContact.deal_id.in_(deal)).values(is_primary=False))
    history.corrupt(
        update(DealContact).where(DealContact.contact_id == history.contacts[0].id).values(is_primary=True)
    )


def leave_out_a_winner(history: History) -> None:
    history.corrupt(
        update(RestoreOutcome)
        .where(RestoreOutcome.job_id == history.job.id, RestoreOutcome.contact_id == history.contacts[5].id)
        .values(outcome="skipped", reason="email_taken")
    )


def bring_a_deal_back(history: History) -> None:
    history.corrupt(update(Deal).where(Deal.workspace_id == history.world.id).values(deleted_at=None))


SPOILT: list[tuple[str, Corrupt]] = [
    (checker.OVERLAP, swap_batches),
    (checker.OVERLAP, repeat_a_batch),
    (checker.OVERLAP, turn_a_batch),
    (checker.FENCE_SHRINKS, lambda history: history.corrupt_batch(0, fence=2)),
    (checker.FENCE_AHEAD, lambda history: history.corrupt_batch(-1, fence=7)),
    (checker.AFTER_THE_END, lambda history: add_batch(history, at=history.end + timedelta(seconds=1))),
    (
        checker.CURSOR,
        lambda history: history.corrupt_job(cursor=[history.end.isoformat(), history.contacts[3].id]),
    ),
    (checker.CURSOR, lambda history: history.corrupt_job(cursor=None)),
    (checker.SUMS, lambda history: history.corrupt_batch(0, items=5)),
    (checker.SUMS, lambda history: history.corrupt_job(counts={"restored": 13, "skipped": 1})),
    (checker.SUMS, lambda history: history.corrupt_job(counts={"restored": 12, "skipped": 2, "failed": 1})),
    (checker.SUMS, lose_an_outcome),
    (checker.TWO_AT_ONCE, two_active),
    (checker.TWO_AT_ONCE, lambda history: start_another(history, state="queued", ago=timedelta(seconds=1))),
    (checker.TWO_IN_LINE, lambda history: put_in_line(history, "one", "another")),
    (checker.BEFORE_PROMOTION, lambda history: put_in_line(history, "one", fence=1)),
    (checker.BEFORE_PROMOTION, write_before_promotion),
    (checker.ENDED_TWICE, end_twice),
    (checker.RESTORED_TWICE, restore_twice),
    (checker.RESTORED_TWICE, restore_twice_and_delete),
    (
        checker.HALF_RESTORED,
        lambda history: history.corrupt_contact(history.contacts[0], deleted_at=history.job.created_at),
    ),
    (
        checker.HALF_RESTORED,
        lambda history: history.corrupt_contact(history.contacts[0], restore_job_id=None),
    ),
    (checker.HALF_RESTORED, detach),
    (checker.HALF_RESTORED, lose_an_outcome),
    (
        checker.HALF_SKIPPED,
        lambda history: history.corrupt_contact(history.stayed, deleted_at=None, email_key=None),
    ),
    (checker.HALF_SKIPPED, attach),
    (
        checker.IN_BIN,
        lambda history: history.corrupt(
            update(Deletion).where(Deletion.id == history.contacts[0].deletion_id).values(in_bin=1)
        ),
    ),
    (before.SELECTION, lose_an_outcome),
    (before.SELECTION, restore_a_stranger),
    (before.TWINS, leave_out_a_winner),
    (before.CONTACTS, lambda history: history.corrupt_contact(history.contacts[0], version=9)),
    (
        before.CONTACTS,
        lambda history: history.corrupt_contact(history.stayed, created_at=history.job.created_at),
    ),
    (before.PLACES, detach),
    (before.PLACES, attach),
    (before.PLACES, make_primary),
    (before.PLACES, bring_a_deal_back),
    (
        before.LINKS,
        lambda history: history.corrupt(
            update(Subscription)
            .where(Subscription.contact_id == history.contacts[0].id)
            .values(status="unsubscribed")
        ),
    ),
    (
        before.LINKS,
        lambda history: history.corrupt(
            delete(ContactTag).where(ContactTag.contact_id == history.contacts[0].id)
        ),
    ),
]


@pytest.mark.parametrize(("kind", "corrupt"), SPOILT)
def test_each_violation_is_found_and_named(history: History, kind: str, corrupt: Corrupt) -> None:
    corrupt(history)
    assert kind in history.kinds()
