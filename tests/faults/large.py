"""The kinds of large jobs as faults meet them: how each is begun, and what is there of it at any time."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.bins import fill_bin
from tests.factories.contacts import new_contacts, new_deal
from tests.factories.people import World, new_world
from tests.support.deployment import Deployment
from tests.support.exporting import Exporting
from tests.support.importing import Importing
from webapp.clock import read_clock
from webapp.contacts import find
from webapp.contacts.delete_scope import freeze_scope
from webapp.contacts.delete_work import start as start_delete
from webapp.contacts.wanted import Wanted
from webapp.jobs.files import read_parts
from webapp.jobs.start import start
from webapp.models import Contact, Deletion, ImportLine, Job, StoredFile, live
from webapp.models.import_line import LineOutcome
from webapp.purging import erase_work
from webapp.purging import work as purge_work
from webapp.purging.scope import about_matching
from webapp.restoring.filters import Filters
from webapp.worker.kinds import EXPORT

LONG_AGO, HOUR = timedelta(days=32), timedelta(hours=1)


def begin_delete(deployment: Deployment, contacts: int) -> tuple[World, int]:
    """A workspace whose contacts share deals two by two, and the job that deletes all of them."""
    with deployment.writing() as session:
        world = new_world(session)
        people = new_contacts(session, world, contacts)
        for first, second in zip(people[:10], people[-10:], strict=True):
            new_deal(session, world, first, second)
        session.commit()
        wanted = Wanted(world.id)
        scope = freeze_scope(session, wanted, read_clock(session))
        job = start_delete(
            session,
            deployment.lock,
            deployment.doorbell.ring,
            workspace_id=world.id,
            request=scope.to_request(),
            total=find.count(session, wanted),
            key=str(uuid.uuid4()),
            requested_by=world.admin.id,
        )
        return world, job.id


def begin_import(deployment: Deployment, rows: int) -> tuple[World, int]:
    """An import of so many rows, each tenth of which is bad, and a repeated one at the end."""
    with deployment.writing() as session:
        world = new_world(session)
        importing = Importing(session, world, deployment.lock)
        lines = [f"{'bad' if n % 10 == 9 else f'p{n}@i.example'},P,,,Acme,VIP,News" for n in range(rows - 1)]
        request = importing.request(importing.bring(*lines, lines[0]))
        return world, importing.start(request, by=world.admin.id, ring=deployment.doorbell.ring).id


def begin_export(deployment: Deployment, contacts: int) -> tuple[World, int]:
    """An export of a bin of so many contacts."""
    world = deployment.new_world(contacts)
    with deployment.writing() as session:
        exporting = Exporting(session, world, deployment.lock)
        order = exporting.order(exporting.deleted())
        return world, start(session, deployment.lock, deployment.doorbell.ring, EXPORT, order).id


def begin_purge(deployment: Deployment, contacts: int) -> tuple[World, int]:
    """A purge of so many contacts."""
    world = new_bin(deployment, contacts, ago=LONG_AGO)
    with deployment.writing() as session:
        key, now, ring = str(uuid.uuid4()), read_clock(session), deployment.doorbell.ring
        job = purge_work.start(session, deployment.lock, ring, workspace_id=world.id, key=key, now=now)
        return world, job.id


def begin_erase(deployment: Deployment, contacts: int) -> tuple[World, int]:
    """A job that deletes all of a bin of so many contacts for ever."""
    world = new_bin(deployment, contacts, ago=HOUR)
    with deployment.writing() as session:
        question = about_matching(session, world.id, Filters(), read_clock(session))
        job = erase_work.start(
            session,
            deployment.lock,
            deployment.doorbell.ring,
            scope=question.scope,
            total=question.scope.expected,
            requested_by=world.admin.id,
        )
        return world, job.id


def new_bin(deployment: Deployment, contacts: int, *, ago: timedelta) -> World:
    """A workspace with so many contacts, deleted that long ago."""
    with deployment.writing() as session:
        world = new_world(session)
        fill_bin(session, world, contacts, ago=ago)
        session.commit()
    return world


def _deleted(session: Session, job: Job, _items: int) -> int:
    """How many contacts are in the deletion of the job; it is complete exactly when the job has ended."""
    deletion = session.scalar(select(Deletion).where(Deletion.job_id == job.id))
    if deletion is None:
        return 0
    gone = session.scalar(select(func.count()).where(Contact.deletion_id == deletion.id)) or 0
    assert deletion.contact_count == deletion.in_bin == gone == job.count("deleted")
    assert deletion.completed_at == job.finished_at
    return gone


def _imported(session: Session, job: Job, _items: int) -> int:
    """How many records have a line in the ledger; each added one has its contact."""
    outcomes = dict(
        session.execute(
            select(ImportLine.outcome, func.count())
            .where(ImportLine.job_id == job.id)
            .group_by(ImportLine.outcome)
        ).all()
    )
    contacts = session.scalar(select(func.count()).where(live(job.workspace_id)))
    assert contacts == outcomes.get(LineOutcome.ADDED, 0) == job.count("added")
    assert outcomes.get(LineOutcome.REJECTED, 0) == job.count("rejected")
    return sum(outcomes.values())


def _exported(session: Session, job: Job, _items: int) -> int:
    """How many rows the file has, beside its header; it is complete exactly when the job is done."""
    file = session.scalar(select(StoredFile).where(StoredFile.job_id == job.id))
    if file is None:
        return 0
    assert (file.completed_at is not None) == (job.state == "done")
    return b"".join(read_parts(session, file.id)).count(b"\r\n") - 1


def _gone(session: Session, job: Job, items: int) -> int:
    """How many contacts are gone for good; the deletion counts the others."""
    left = session.scalar(select(func.count()).where(Contact.workspace_id == job.workspace_id)) or 0
    assert session.scalar(select(Deletion.in_bin).where(Deletion.workspace_id == job.workspace_id)) == left
    return items - left


@dataclass(frozen=True)
class Large:
    """A kind of large job: `begin` makes a workspace and orders the job about so many items in it, `count`
    is how many of them are there as the job makes them."""

    name: str
    begin: Callable[[Deployment, int], tuple[World, int]]
    count: Callable[[Session, Job, int], int]

    def check_so_far(self, deployment: Deployment, job_id: int, items: int) -> Job:
        """Check that data, history and counts of the job agree."""
        with Session(deployment.engine, expire_on_commit=False) as session:
            job = session.get_one(Job, job_id)
            there = self.count(session, job, items)
        history = sum(batch.items for batch in deployment.history(job_id))
        assert there == job.processed == history
        return job

    def check_whole(self, deployment: Deployment, job_id: int, items: int) -> Job:
        """Check that the job is done with all of its items, each once."""
        job = self.check_so_far(deployment, job_id, items)
        assert (job.state, job.processed) == ("done", items)
        return job


LARGE = (
    Large("delete", begin_delete, _deleted),
    Large("import", begin_import, _imported),
    Large("export", begin_export, _exported),
    Large("purge", begin_purge, _gone),
    Large("erase", begin_erase, _gone),
)
