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
from webapp.models import Contact, Deletion, ImportLine, Job, JobBatch, StoredFile, live
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


# What disagrees in the data of a job, as sentences, and how many items are there as the job makes them.
Found = tuple[list[str], int]


def _deleted(session: Session, job: Job, _items: int) -> Found:
    """One deletion has the contacts; it is complete exactly when the job has ended."""
    deletion = session.scalar(select(Deletion).where(Deletion.job_id == job.id))
    if deletion is None:
        return [], 0
    gone = session.scalar(select(func.count()).where(Contact.deletion_id == deletion.id)) or 0
    counts = {deletion.contact_count, deletion.in_bin, gone, job.count("deleted")}
    return _unless(
        (len(counts) == 1, f"the deletion, its contacts and the job count {counts}"),
        (deletion.completed_at == job.finished_at, f"the deletion is complete at {deletion.completed_at}"),
    ), gone


def _imported(session: Session, job: Job, _items: int) -> Found:
    """Each record has one line in the ledger, and each added one its contact."""
    lines = select(ImportLine.outcome, func.count()).where(ImportLine.job_id == job.id)
    outcomes = dict(session.execute(lines.group_by(ImportLine.outcome)).all())
    added, rejected = (outcomes.get(each, 0) for each in (LineOutcome.ADDED, LineOutcome.REJECTED))
    contacts = session.scalar(select(func.count()).where(live(job.workspace_id)))
    return _unless(
        (contacts == added == job.count("added"), f"{contacts} contacts, {added} lines added"),
        (rejected == job.count("rejected"), f"{rejected} lines rejected"),
    ), sum(outcomes.values())


def _exported(session: Session, job: Job, _items: int) -> Found:
    """The file has each row once, below its header; it is complete exactly when the job is done."""
    file = session.scalar(select(StoredFile).where(StoredFile.job_id == job.id))
    if file is None:
        return [], 0
    rows = b"".join(read_parts(session, file.id)).splitlines()
    return _unless(
        ((file.completed_at is not None) == (job.state == "done"), f"its file is of {file.completed_at}"),
        (len(rows) == len(set(rows)), f"only {len(set(rows))} of {len(rows)} rows differ"),
    ), len(rows) - 1


def _gone(session: Session, job: Job, items: int) -> Found:
    """What is not gone is what the deletion counts as still there."""
    left = session.scalar(select(func.count()).where(Contact.workspace_id == job.workspace_id)) or 0
    in_bin = session.scalar(select(Deletion.in_bin).where(Deletion.workspace_id == job.workspace_id))
    return _unless((in_bin == left, f"{left} are left, the deletion has {in_bin}")), items - left


def _unless(*laws: tuple[bool, str]) -> list[str]:
    return [what for holds, what in laws if not holds]


@dataclass(frozen=True)
class Large:
    """A kind of large job: `begin` makes a workspace and orders the job about so many items in it, `look` is
    what is there of them."""

    name: str
    begin: Callable[[Deployment, int], tuple[World, int]]
    look: Callable[[Session, Job, int], Found]

    def faults(self, session: Session, job_id: int, items: int, *, whole: bool = True) -> list[str]:
        """Where data, history and counts of the job disagree; if it is to be `whole`, also where it is not
        done with all of its items."""
        job = session.get_one(Job, job_id, populate_existing=True)
        wrong, there = self.look(session, job, items)
        history = session.scalar(select(func.sum(JobBatch.items)).where(JobBatch.job_id == job_id)) or 0
        return wrong + _unless(
            (
                there == job.processed == history,
                f"{there} are there, it counts {job.processed}, its batches {history}",
            ),
            (not whole or (job.state, there) == ("done", items), f"{job.state} with {there} of {items}"),
        )

    def check(self, deployment: Deployment, job_id: int, items: int, *, whole: bool = True) -> Job:
        """Check that there is no such fault; returns the job."""
        with Session(deployment.engine) as session:
            assert self.faults(session, job_id, items, whole=whole) == []
        return deployment.job(job_id)


LARGE = (
    Large("delete", begin_delete, _deleted),
    Large("import", begin_import, _imported),
    Large("export", begin_export, _exported),
    Large("purge", begin_purge, _gone),
    Large("erase", begin_erase, _gone),
)
