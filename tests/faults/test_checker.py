"""The checker calls each kind of violation by its name, in histories spoilt by hand, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Delete, Engine, Update, delete, insert, inspect, select, text, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete as put_in_bin
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
from tests.faults.before import Before, check_restore, remember
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
class Past:
    """A restore that went well, in small batches, and how it found its workspace."""

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

    def spoil(self, statement: Update | Delete) -> None:
        self.session.execute(statement.execution_options(synchronize_session=False))
        self.session.expire_all()

    def spoil_batch(self, place: int, **values: object) -> None:
        batch = self.batches()[place]
        self.spoil(update(JobBatch).where(JobBatch.id == batch.id).values(**values))

    def spoil_job(self, **values: object) -> None:
        self.spoil(update(Job).where(Job.id == self.job.id).values(**values))

    def spoil_contact(self, contact: Contact, **values: object) -> None:
        self.spoil(update(Contact).where(Contact.id == contact.id).values(**values))

    def kinds(self) -> set[str]:
        """What the checker says, of everything in the database and of this restore."""
        said = check_history(self.session) + check_restore(self.session, self.job.id, self.before)
        assert all(any(word in violation.what for word in ("workspace", "deletion")) for violation in said)
        return {violation.kind for violation in said}


@pytest.fixture(scope="module")
def sound(engine: Engine, redis_url: str) -> Iterator[Past]:
    """One for all: whatever a test does to it is taken back."""
    with engine.connect().execution_options(writes=True) as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield new_past(session, RedisLock(connect(redis_url), lock_seconds=60, starting_seconds=10))
        transaction.rollback()


@pytest.fixture
def past(sound: Past) -> Iterator[Past]:
    connection = sound.session.get_bind()
    assert isinstance(connection, Connection)
    sound.session.commit()
    savepoint = connection.begin_nested()
    yield sound
    sound.session.rollback()
    savepoint.rollback()


def new_past(session: Session, lock: RedisLock) -> Past:
    world = new_world(session)
    old_twin = new_contact(session, world, email="twin@example.com")
    put_in_bin(session, world, old_twin, ago=timedelta(days=3))
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
    put_in_bin(session, world, *contacts[:5], ago=timedelta(days=2))
    put_in_bin(session, world, *contacts[5:], ago=timedelta(days=1))
    taken = new_contact(session, world, email="taken@example.com")
    new_deal(session, world, stays, taken)
    put_in_bin(session, world, taken)
    new_contact(session, world, email="taken@example.com")
    restoring = Restoring(session, world, lock)
    scope = restoring.question_all().scope
    found = remember(session, scope)
    job = restoring.confirm(scope, batch_size=4)
    assert (job.state, job.count("restored"), job.count("skipped")) == ("done", 12, 2)
    return Past(session, world, restoring, job, found, contacts, taken)


def test_a_valid_history_has_no_violations(past: Past) -> None:
    assert past.kinds() == set()


def test_restoring_deleting_and_restoring_again_is_valid(past: Past) -> None:
    put_in_bin(past.session, past.world, *past.contacts, ago=timedelta(0))
    past.restoring.restore_all()
    assert check_history(past.session) == []


# What is done to the history, and by which name it must be called.
Spoil = Callable[[Past], None]


def add_batch(past: Past, **values: object) -> None:
    job = past.job
    row = {"job_id": job.id, "fence": job.fence, "items": 0, "at": past.end}
    row |= {"cursor_before": job.cursor, "cursor_after": job.cursor}
    past.session.execute(insert(JobBatch), [row | values])


def swap_batches(past: Past) -> None:
    first, second = past.batches()[:2]
    one, other = [
        {name: getattr(batch, name) for name in ("cursor_before", "cursor_after")}
        for batch in (first, second)
    ]
    past.spoil_batch(0, **other)
    past.spoil_batch(1, **one)


def repeat_a_batch(past: Past) -> None:
    first = past.batches()[0]
    columns = ("cursor_before", "cursor_after")
    past.spoil_batch(1, **{name: getattr(first, name) for name in columns})


def turn_a_batch(past: Past) -> None:
    """Its end lies before its beginning; the next batch goes on from there."""
    first, second = past.batches()[:2]
    past.spoil_batch(1, cursor_after=first.cursor_before or past.job.cursor)
    past.spoil_batch(1, cursor_before=second.cursor_after, cursor_after=second.cursor_before)


def start_another(past: Past, *, state: str, ago: timedelta) -> None:
    """A second job of the workspace, past the index that forbids it."""
    past.session.execute(text("DROP INDEX uq_restore_job_active_group"))
    job = past.session.get_one(Job, past.job.id)
    values = {column.key: getattr(job, column.key) for column in inspect(Job).column_attrs}
    del values["id"]
    values |= {"uuid": "another", "idempotency_key": "another", "state": state, "finished_at": None}
    values |= {"created_at": past.end - ago, "cursor": None, "number": None, "counts": {}}
    past.session.execute(insert(Job), [values | {"old_restored": 0, "old_skipped": 0}])


def two_active(past: Past) -> None:
    start_another(past, state="running", ago=timedelta(seconds=-1))
    past.spoil_job(state="running", finished_at=None)


def end_twice(past: Past) -> None:
    event = past.session.scalars(
        select(AuditEvent).where(
            AuditEvent.subject == f"restore_job:{past.job.id}", AuditEvent.action == "restore.done"
        )
    ).one()
    again = {name: getattr(event, name) for name in ("workspace_id", "user_id", "at", "action", "subject")}
    past.session.execute(insert(AuditEvent), [again | {"detail": {}}])


def restore_twice(past: Past) -> None:
    """The first contact once more, in a job of its own, without having been deleted in between."""
    start_another(past, state="done", ago=timedelta(seconds=-1))
    job_id = past.session.scalars(select(Job.id).where(Job.uuid == "another")).one()
    contact = past.contacts[0]
    past.session.execute(
        insert(RestoreOutcome), [{"job_id": job_id, "contact_id": contact.id, "outcome": "restored"}]
    )
    past.session.execute(insert(JobBatch), [{"job_id": job_id, "fence": 1, "items": 1, "at": past.end}])
    past.spoil(update(Job).where(Job.id == job_id).values(counts={"restored": 1}))
    past.spoil_contact(contact, restore_job_id=job_id)


def restore_twice_and_delete(past: Past) -> None:
    """Deleted since: the latest deletion covers up for nothing."""
    restore_twice(past)
    put_in_bin(past.session, past.world, past.contacts[0], ago=timedelta(0))


def lose_an_outcome(past: Past) -> None:
    past.session.execute(
        delete(RestoreOutcome).where(
            RestoreOutcome.job_id == past.job.id, RestoreOutcome.contact_id == past.contacts[0].id
        )
    )


def restore_a_stranger(past: Past) -> None:
    stranger = new_contact(past.session, past.world)
    row = {"job_id": past.job.id, "contact_id": stranger.id, "outcome": "restored"}
    past.session.execute(insert(RestoreOutcome), [row])


def detach(past: Past) -> None:
    one = past.contacts[0]
    past.spoil(
        update(DealContact)
        .where(DealContact.contact_id == one.id)
        .values(detached_at=past.job.created_at, detached_by_deletion_id=one.deletion_id)
    )


def attach(past: Past) -> None:
    past.spoil(
        update(DealContact)
        .where(DealContact.contact_id == past.stayed.id)
        .values(detached_at=None, detached_by_deletion_id=None)
    )


def make_primary(past: Past) -> None:
    deal = select(DealContact.deal_id).where(DealContact.contact_id == past.contacts[0].id)
    past.spoil(update(DealContact).where(DealContact.deal_id.in_(deal)).values(is_primary=False))
    past.spoil(
        update(DealContact).where(DealContact.contact_id == past.contacts[0].id).values(is_primary=True)
    )


def leave_out_a_winner(past: Past) -> None:
    past.spoil(
        update(RestoreOutcome)
        .where(RestoreOutcome.job_id == past.job.id, RestoreOutcome.contact_id == past.contacts[5].id)
        .values(outcome="skipped", reason="email_taken")
    )


def bring_a_deal_back(past: Past) -> None:
    past.spoil(update(Deal).where(Deal.workspace_id == past.world.id).values(deleted_at=None))


SPOILT: list[tuple[str, Spoil]] = [
    (checker.OVERLAP, swap_batches),
    (checker.OVERLAP, repeat_a_batch),
    (checker.OVERLAP, turn_a_batch),
    (checker.FENCE_SHRINKS, lambda past: past.spoil_batch(0, fence=2)),
    (checker.FENCE_AHEAD, lambda past: past.spoil_batch(-1, fence=7)),
    (checker.AFTER_THE_END, lambda past: add_batch(past, at=past.end + timedelta(seconds=1))),
    (checker.CURSOR, lambda past: past.spoil_job(cursor=[past.end.isoformat(), past.contacts[3].id])),
    (checker.CURSOR, lambda past: past.spoil_job(cursor=None)),
    (checker.SUMS, lambda past: past.spoil_batch(0, items=5)),
    (checker.SUMS, lambda past: past.spoil_job(counts={"restored": 13, "skipped": 1})),
    (checker.SUMS, lambda past: past.spoil_job(counts={"restored": 12, "skipped": 2, "failed": 1})),
    (checker.SUMS, lose_an_outcome),
    (checker.TWO_AT_ONCE, two_active),
    (checker.TWO_AT_ONCE, lambda past: start_another(past, state="queued", ago=timedelta(seconds=1))),
    (checker.ENDED_TWICE, end_twice),
    (checker.RESTORED_TWICE, restore_twice),
    (checker.RESTORED_TWICE, restore_twice_and_delete),
    (
        checker.HALF_RESTORED,
        lambda past: past.spoil_contact(past.contacts[0], deleted_at=past.job.created_at),
    ),
    (checker.HALF_RESTORED, lambda past: past.spoil_contact(past.contacts[0], restore_job_id=None)),
    (checker.HALF_RESTORED, detach),
    (checker.HALF_RESTORED, lose_an_outcome),
    (checker.HALF_SKIPPED, lambda past: past.spoil_contact(past.stayed, deleted_at=None, email_key=None)),
    (checker.HALF_SKIPPED, attach),
    (
        checker.IN_BIN,
        lambda past: past.spoil(
            update(Deletion).where(Deletion.id == past.contacts[0].deletion_id).values(in_bin=1)
        ),
    ),
    (before.SELECTION, lose_an_outcome),
    (before.SELECTION, restore_a_stranger),
    (before.TWINS, leave_out_a_winner),
    (before.CONTACTS, lambda past: past.spoil_contact(past.contacts[0], version=9)),
    (before.CONTACTS, lambda past: past.spoil_contact(past.stayed, created_at=past.job.created_at)),
    (before.PLACES, detach),
    (before.PLACES, attach),
    (before.PLACES, make_primary),
    (before.PLACES, bring_a_deal_back),
    (
        before.LINKS,
        lambda past: past.spoil(
            update(Subscription)
            .where(Subscription.contact_id == past.contacts[0].id)
            .values(status="unsubscribed")
        ),
    ),
    (
        before.LINKS,
        lambda past: past.spoil(delete(ContactTag).where(ContactTag.contact_id == past.contacts[0].id)),
    ),
]


@pytest.mark.parametrize(("kind", "spoil"), SPOILT)
def test_each_violation_is_found_and_named(past: Past, kind: str, spoil: Spoil) -> None:
    spoil(past)
    assert kind in past.kinds()
