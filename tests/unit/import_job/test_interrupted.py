"""An import that is interrupted, refused, repeated or done twice at once: each record once."""

import uuid
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_list
from tests.factories.people import World, new_world
from tests.support.faults import crash_at
from tests.support.importing import Importing
from tests.support.restoring import expire_lease
from webapp.clock import read_clock
from webapp.contacts.load import create_contacts
from webapp.importing import adding, records
from webapp.importing.work import (
    FILE_GONE,
    NoSuchColumn,
    NoSuchFile,
    NoSuchList,
    NothingToFindBy,
    NotUnderstood,
    came_without_list,
)
from webapp.jobs.cancel import cancel
from webapp.jobs.run import LOST_LEASE
from webapp.jobs.start import AnotherRequest
from webapp.jobs.work import NotAllowed, NotStarted
from webapp.models import (
    AuditEvent,
    Contact,
    ContactSearch,
    ContactTag,
    GroupMembership,
    GroupRight,
    Job,
    JobBatch,
    Right,
    StoredFile,
    Subscription,
    Tag,
)
from webapp.models.import_line import LineOutcome
from webapp.models.job import JobState
from webapp.words.isolation import isolated
from webapp.words.jobs import sentence_of
from webapp.worker.kinds import KINDS

MOST_STATEMENTS = 300
# Each third statement: all of them take ten times as long, and found nothing more.
STRIDE = 3


def lines(number: int) -> list[str]:
    """A row to add, one to update, a bad one, one that repeats the first, and another to add."""
    return [
        f"new{number}@k.example,New,,,Acme,VIP,News",
        "there@k.example,,,,,VIP;New,News",
        "nope",
        f"new{number}@k.example,Again",
        f"last{number}@k.example,Last,,,,VIP,News",
    ]


def test_killed_at_any_statement_each_record_is_imported_once(
    store: Session, engine: Engine, world: World, importing: Importing
) -> None:
    there = new_contact(store, world, email="there@k.example").id
    tried = 0
    for number in range(1, MOST_STATEMENTS, STRIDE):
        tried += 1
        expected = {"added": 2, "updated": 1, "rejected": 2} if number == 1 else None
        # It is to be put on a list, too, which is deleted before it begins.
        gone = new_list(store, world, f"Gone {number}")
        store.commit()
        job_id = importing.ordered(*lines(number), existing="update", list_id=gone.id).id
        gone.deleted_at = read_clock(store)
        store.commit()
        with crash_at(engine, store, number) as crash:
            importing.run(store.get_one(Job, job_id), batch_size=4)
        if not crash.happened:
            break
        expire_lease(store, job_id)
        job = store.get_one(Job, job_id, populate_existing=True)
        importing.run(job, batch_size=4)

        store.refresh(job)
        # The contact of the second row is as the row says from the first file on.
        expected = expected or {"added": 2, "unchanged": 1, "rejected": 2}
        assert (job.state, {name: n for name, n in job.counts.items() if n}) == (JobState.DONE, expected), (
            number
        )
        assert came_without_list(job) == expected["added"] + expected.get("updated", 0), number
        found = importing.lines(job)
        assert [line.line for line in found] == [2, 3, 4, 5, 6], number
        added = [line.contact_id for line in found if line.outcome is LineOutcome.ADDED]
        for table in (ContactSearch, ContactTag, Subscription):
            rows = select(func.count()).select_from(table).where(table.contact_id.in_(added))
            assert store.scalar(rows) == 2, (number, table)
        batches = store.scalars(select(JobBatch).where(JobBatch.job_id == job_id).order_by(JobBatch.id)).all()
        assert sum(batch.items for batch in batches) == 5
    else:
        pytest.fail("the import never got to its end")
    assert tried > 10
    assert store.get_one(Contact, there, populate_existing=True).version == 2
    imported = select(func.count()).where(
        AuditEvent.workspace_id == world.id, AuditEvent.action == "contacts.imported"
    )
    assert store.scalar(imported) == tried


def _no_files(store: Session, world: World) -> bool:
    return store.scalar(select(StoredFile.id).where(StoredFile.workspace_id == world.id).limit(1)) is None


def test_a_row_that_the_database_refuses_is_rejected_alone(
    store: Session, world: World, importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = new_contact(store, world, email="there@r.example").id

    def refuses(session: Session, workspace_id: int, new: list[Any], *rest: Any, **options: Any) -> list[int]:
        ids = create_contacts(session, workspace_id, new, *rest, **options)
        if any(contact.email == "bad3@r.example" for contact in new):
            raise IntegrityError("INSERT", {}, Exception("not this one"))
        return ids

    monkeypatch.setattr(adding, "create_contacts", refuses)
    names = ["a1", "a2", "bad3", "a4"]
    job = importing.imported(
        *(f"{name}@r.example,,,,,Tag {name}," for name in names), "there@r.example,Anna", existing="update"
    )

    assert job.counts == {"added": 3, "updated": 1, "rejected": 1}
    assert [line.reason for line in importing.lines(job) if line.reason] == [{"code": "refused"}]
    assert importing.contacts()[0].id == there
    # What the refused row alone named is not left behind.
    tags = store.scalars(select(Tag.name).where(Tag.workspace_id == world.id).order_by(Tag.name)).all()
    assert tags == ["Tag a1", "Tag a2", "Tag a4"]


def test_two_imports_of_one_file_at_once_add_no_contact_twice(
    store: Session, engine: Engine, world: World, importing: Importing
) -> None:
    rows = [f"p{number}@two.example,P,,,Acme,T{number % 3},News" for number in range(60)]
    jobs = [importing.ordered(*order).id for order in (rows, rows[::-1])]
    store.commit()
    ends: list[str] = []

    def carry(job_id: int) -> None:
        with Session(engine) as session:
            mine = Importing(session, world, importing.lock)
            ends.append(mine.run(session.get_one(Job, job_id), batch_size=7))

    threads = [Thread(target=carry, args=[job_id]) for job_id in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert ends == [JobState.DONE, JobState.DONE]
    counts = [store.get_one(Job, job_id, populate_existing=True).counts for job_id in jobs]
    assert sum(count.get("added", 0) for count in counts) == 60
    assert sum(count.get("already_there", 0) for count in counts) == 60
    assert len(importing.contacts()) == 60
    assert len(store.scalars(select(Tag).where(Tag.workspace_id == world.id)).all()) == 3


def test_a_stale_runner_writes_nothing(
    store: Session, engine: Engine, world: World, importing: Importing
) -> None:
    job = importing.ordered("a@s.example", "b@s.example")
    importing.run(job, batch_size=1, should_stop=True)
    assert job.count("added") == 1
    taken: list[str] = []
    write = importing.run

    def overtaken() -> bool:
        # Between two batches another runner takes the job over, and ends it.
        if not taken:
            taken.append("by another")
            with Session(engine) as session:
                expire_lease(session, job_id)
                other = Importing(session, world, importing.lock)
                taken.append(other.run(session.get_one(Job, job_id)))
        return False

    job = importing.ordered("c@s.example", "d@s.example", "e@s.example")
    job_id = job.id
    ending = write(job, batch_size=1, should_stop=overtaken)

    assert (ending, taken[1]) == (LOST_LEASE, JobState.DONE)
    store.refresh(job)
    assert job.counts == {"added": 3}
    assert [line.line for line in importing.lines(job)] == [2, 3, 4]


def test_a_cancelled_import_keeps_what_it_has_done_and_its_file_is_erased(
    store: Session, world: World, importing: Importing
) -> None:
    job = importing.ordered("a@x.example", "b@x.example", by=world.admin.id)
    importing.run(job, batch_size=1, should_stop=True)
    cancel(store, importing.lock, job.id, by=world.admin)
    assert importing.run(job) == JobState.CANCELLED

    assert [contact.email for contact in importing.contacts()] == ["a@x.example"]
    assert _no_files(store, world)
    event = store.scalars(
        select(AuditEvent).filter_by(workspace_id=world.id, action="contacts.imported")
    ).one()
    assert (event.user_id, event.detail) == (world.admin.id, {"contacts": 1, "updated": 0})


def test_an_import_whose_day_is_over_stops_and_says_why(
    store: Session, world: World, importing: Importing
) -> None:
    job = importing.ordered("a@y.example", "b@y.example")
    importing.run(job, batch_size=1, should_stop=True)
    store.execute(
        update(StoredFile).where(StoredFile.workspace_id == world.id).values(expires_at=read_clock(store))
    )
    assert importing.run(job) == JobState.CANCELLED

    store.refresh(job)
    assert job.reason == {"code": FILE_GONE}
    assert job.counts == {"added": 1}


def test_a_file_that_is_erased_within_a_batch_does_not_end_the_import_as_done(
    store: Session, importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its day ends between the look for the file and the reading of its next part."""
    monkeypatch.setattr(records, "PART_SIZE", 1)
    job = importing.ordered("a@z.example", "b@z.example")
    importing.run(job, batch_size=1, should_stop=True)
    store.execute(delete(StoredFile).where(StoredFile.id == job.request["file_id"]))
    store.refresh(job)

    step = KINDS["import"].batch(store, job, size=10, careful=False)

    assert (step.cursor, step.items, step.is_last) == (job.cursor, 0, False)


def test_an_import_of_a_member_who_may_no_longer_import_stops_and_says_so(
    store: Session, world: World, importing: Importing
) -> None:
    group = store.scalars(
        select(GroupMembership.group_id).where(GroupMembership.user_id == world.member.id)
    ).one()
    right = GroupRight(group_id=group, right=Right.IMPORT)
    store.add(right)
    store.commit()
    job = importing.ordered("a@lost.example", "b@lost.example", by=world.member.id)
    importing.run(job, batch_size=1, should_stop=True)
    store.delete(right)
    assert importing.run(job) == JobState.CANCELLED

    store.refresh(job)
    assert job.counts == {"added": 1}
    assert (
        sentence_of(job.reason, {world.member.id: "Max"})
        == f"{isolated('Max')} may no longer import contacts."
    )


class TestBadOrders:
    def test_nothing_is_started(
        self, store: Session, world: World, other: Session, importing: Importing
    ) -> None:
        file_id = importing.bring("a@z.example", header="Email,Phone")
        request = importing.request(file_id, header="Email,Phone")
        elsewhere = Importing(other, new_world(other), importing.lock)
        theirs = elsewhere.bring("a@z.example")
        their_list = new_list(other, elsewhere.world)
        other.commit()
        store.commit()
        deleted_list = new_list(store, world)
        deleted_list.deleted_at = read_clock(store)
        store.commit()
        list_ids = their_list.id, deleted_list.id
        refusals: list[tuple[type[NotStarted], dict[str, Any]]] = [
            (NoSuchFile, {"file_id": theirs}),
            (NoSuchFile, {"file_id": 2**62}),
            (NoSuchColumn, {"mapping": {"2": "phone", "0": "email"}}),
            (NoSuchColumn, {"mapping": {"-1": "phone", "0": "email"}}),
            (NoSuchColumn, {"mapping": {"0": "e-mail"}}),
            (NothingToFindBy, {"mapping": {"1": "phone"}}),
            (NothingToFindBy, {"mapping": {}}),
            (NotUnderstood, {"existing": "replace"}),
            *((NoSuchList, {"list_id": list_id}) for list_id in (*list_ids, 2**62)),
        ]
        for refusal, changes in refusals:
            with pytest.raises(refusal):
                importing.start(request | changes)
        with pytest.raises(NotAllowed):
            importing.start(request, by=world.member.id)
        store.execute(
            update(StoredFile)
            .where(StoredFile.id == file_id)
            .values(expires_at=read_clock(store) - timedelta(seconds=1))
        )
        store.commit()
        with pytest.raises(NoSuchFile):
            importing.start(request)
        assert store.scalar(select(func.count()).where(Job.workspace_id == world.id)) == 0

    def test_the_same_order_again_is_the_same_job_also_after_its_end(
        self, store: Session, world: World, importing: Importing
    ) -> None:
        request, key = importing.request(importing.bring("a@q.example")), str(uuid.uuid4())
        job = importing.start(request, key=key)
        importing.run(job)

        assert importing.start(request, key=key).id == job.id
        with pytest.raises(AnotherRequest):
            importing.start(request | {"existing": "update"}, key=key)
        # Column names and the file's name can name a person: they stand apart.
        assert "people.csv" not in str(job.request)
        assert "Email" not in str(job.request)
