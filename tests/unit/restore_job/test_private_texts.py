"""The words of a restore's search can name a person: they stand in one table, apart from the job, and are
erased after the window.
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import Table, select, text, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.clock import fixed_clock
from tests.support.restoring import Restoring
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.jobs.private import erase, erase_old
from webapp.jobs.recover import adopt_jobs
from webapp.jobs.start import AnotherRequest
from webapp.models import WINDOW, AuditEvent, Job, PrivateText
from webapp.restoring.filters import ERASED
from webapp.restoring.request import scope_of
from webapp.restoring.scope import Scope
from webapp.worker.kinds import KINDS

TABLE = cast(Table, Job.__table__)
SECRET = "zebulon"


@pytest.fixture
def scope(store: Session, world: World, restoring: Restoring) -> Scope:
    """The confirmed scope of a search."""
    delete(store, world, new_contact(store, world, SECRET.title()), new_contact(store, world, "Ann"))
    store.commit()
    return restoring.question_all(q=SECRET).scope


def mentions(store: Session, job: Job) -> list[str]:
    """The tables whose rows about the job hold the word."""
    store.commit()
    where = {
        "restore_job": f"id = {job.id}",
        "audit_event": f"subject = '{job.audit_subject}'",
        "private_text": f"subject = '{job.audit_subject}'",
    }
    rows = {name: store.execute(text(f"SELECT * FROM {name} WHERE {about}")) for name, about in where.items()}
    return [name for name, found in rows.items() if SECRET in str([tuple(row) for row in found]).lower()]


def age(store: Session, job: Job, by: timedelta) -> None:
    """Move the clock for the job's text: it was written so long ago."""
    written = read_clock(store) - by
    store.execute(update(PrivateText).filter_by(subject=job.audit_subject).values(created_at=written))
    store.commit()


def is_kept(store: Session, job: Job) -> bool:
    store.rollback()
    return store.get(PrivateText, job.audit_subject) is not None


def test_a_job_restores_what_its_search_finds_and_stands_without_the_words(
    store: Session, scope: Scope, restoring: Restoring
) -> None:
    job = restoring.start(scope)
    assert mentions(store, job) == ["private_text"]
    assert scope_of(job) == scope

    assert restoring.run(job) == "done"

    assert job.counts == {"restored": 1}
    assert mentions(store, job) == ["private_text"]


def test_a_scope_without_words_has_no_text(store: Session, scope: Scope, restoring: Restoring) -> None:
    job = restoring.start(restoring.question_all().scope)

    assert not is_kept(store, job)
    assert not scope_of(job).is_forgotten


def test_a_confirmation_sent_twice_is_compared_with_its_words(scope: Scope, restoring: Restoring) -> None:
    job = restoring.start(scope)

    assert restoring.start(scope).id == job.id
    assert scope.filters is not None
    with pytest.raises(AnotherRequest):
        restoring.start(replace(scope, filters=replace(scope.filters, q="ann")))


def test_the_previous_release_reads_a_search_that_finds_nothing(scope: Scope, restoring: Restoring) -> None:
    """It does not know the table. Its reading: what stands in `search`, else in `q`, as a literal text."""
    request = restoring.start(scope).request

    assert (request["search"], request["filters"]["q"]) == (None, ERASED)
    read = Scope.from_dict(request)
    assert read.filters is not None
    assert (read.filters.q, read.filters.folding) == (ERASED, 0)


def test_texts_are_erased_after_the_window(store: Session, scope: Scope, restoring: Restoring) -> None:
    job = restoring.confirm(scope)
    ends = job.created_at + WINDOW
    store.commit()
    with fixed_clock(ends):
        erase_old(store)
    assert is_kept(store, job)

    with fixed_clock(ends + timedelta(microseconds=1)):
        assert erase_old(store) >= 1

    assert not is_kept(store, job)
    assert mentions(store, job) == []
    assert scope_of(job).is_forgotten
    assert restoring.start(scope).id == job.id, "the confirmation still leads to its job"


@pytest.mark.parametrize("state", ["queued", "running", "in line"])
def test_the_text_of_a_job_that_still_needs_it_is_kept(
    state: str, store: Session, scope: Scope, restoring: Restoring
) -> None:
    job = restoring.start(scope)
    in_line = {"waits_for_group": "restore", "exclusive_group": None, "state": "queued"}
    store.execute(
        update(Job).filter_by(id=job.id).values(in_line if state == "in line" else {"state": state})
    )
    age(store, job, 2 * WINDOW)

    erase_old(store)

    assert is_kept(store, job)


def test_texts_are_erased_in_batches_the_oldest_first(
    store: Session, world: World, restoring: Restoring, scope: Scope
) -> None:
    erase_old(store)
    long_ago = read_clock(store) - 2 * WINDOW
    store.add_all(
        PrivateText(
            subject=f"test:{world.id}:{days}",
            workspace_id=world.id,
            text=SECRET,
            created_at=long_ago - timedelta(days=days),
        )
        for days in range(5)
    )
    store.commit()

    assert [erase_old(store, limit=2)] == [2]
    left = store.scalars(select(PrivateText.subject).filter_by(workspace_id=world.id))
    assert sorted(left) == [f"test:{world.id}:{days}" for days in (0, 1, 2)]
    assert [erase_old(store, limit=2), erase_old(store), erase_old(store)] == [2, 1, 0]


def test_the_texts_of_one_subject_are_erased_at_once(
    store: Session, other: Session, world: World, scope: Scope, restoring: Restoring
) -> None:
    job = restoring.confirm(scope)
    subject, workspace_id = job.audit_subject, world.id
    store.commit()

    with write_transaction(other):
        assert not erase(other, subject, workspace_id=workspace_id + 1), "of another workspace"
        assert erase(other, subject, workspace_id=workspace_id)
        assert not erase(other, subject, workspace_id=workspace_id)

    assert mentions(store, job) == []


@pytest.mark.parametrize("ended", [True, False])
def test_the_words_that_the_previous_release_stores_with_a_job_are_set_apart_once_it_has_ended(
    ended: bool, store: Session, scope: Scope, restoring: Restoring
) -> None:
    """It writes them into the request, and its scope and a sentence into columns of its own."""
    job = restoring.start(scope)
    with write_transaction(store):
        store.delete(store.get_one(PrivateText, job.audit_subject))
        old = {"request": scope.to_dict(), "scope": scope.to_dict(), "scope_words": SECRET, "scope_hash": "1"}
        store.execute(update(TABLE).where(TABLE.c.id == job.id).values(old))
    store.expire_all()
    assert scope_of(job) == scope
    if ended:
        assert restoring.run(job) == "done"

    for _ in range(2):
        adopt_jobs(store, KINDS)

    assert mentions(store, job) == (["private_text"] if ended else ["restore_job"])
    store.expire_all()
    assert scope_of(job) == scope
    if ended:
        kept = store.get_one(PrivateText, job.audit_subject)
        assert (json.loads(kept.text), kept.created_at) == ([SECRET, 1], job.created_at)
        assert store.scalar(select(TABLE.c.scope_hash).where(TABLE.c.id == job.id)) is None


def test_the_audit_events_of_a_restore_hold_ids_codes_and_counts(
    store: Session, world: World, scope: Scope, restoring: Restoring
) -> None:
    job = restoring.confirm(scope)

    about = select(AuditEvent.detail).filter_by(workspace_id=world.id, subject=job.audit_subject)

    assert store.scalars(about.order_by(AuditEvent.id)).all() == [
        {"number": 1, "total": 1},
        {"number": 1, "counts": {"restored": 1}, "reason": None},
    ]


def test_the_text_of_a_job_that_has_left_the_line_is_erased(
    store: Session, scope: Scope, restoring: Restoring
) -> None:
    job = restoring.start(scope)
    left = {"waits_for_group": "restore", "exclusive_group": None, "state": "cancelled"}
    store.execute(update(Job).filter_by(id=job.id).values(left))
    age(store, job, 2 * WINDOW)

    erase_old(store)

    assert not is_kept(store, job)
