"""Continuous restores: in each workspace one after the other; between two of them the restored contacts are
deleted again, by turns directly and as a job. Beside them, the other large jobs (`Turns`)."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.faults.before import Before, check_restore, read_before
from tests.faults.checker import Violation, check_history, named
from tests.faults.turns import Turns
from tests.support.deployment import Deployment
from tests.support.restoring import Restoring
from webapp.clock import read_clock
from webapp.contacts.delete import delete_contacts
from webapp.contacts.delete_scope import freeze_scope
from webapp.contacts.delete_work import start as delete_all
from webapp.contacts.wanted import Wanted
from webapp.database import write_transaction
from webapp.demo.load import add_load
from webapp.jobs.work import NotStarted
from webapp.models import Contact, Deletion, Job
from webapp.models.job import ACTIVE, JobState
from webapp.restoring.start import line_up, start

NOT_DONE = "a job that did not end as done"
HALF_DELETED = "a deletion that is not what its job says"


@dataclass
class BusyWorkspace:
    """A workspace, its latest job, and its state before that job."""

    world: World
    job_id: int = 0
    before: Before | None = None
    # Whether another restore was put in line behind that job.
    followed: bool = False
    # Its latest job that deletes, until that one is checked; and how often contacts were deleted.
    delete_job_id: int = 0
    deletions: int = 0


@dataclass
class Traffic:
    """The workspaces of a deployment with their restores; call `start_restores` again and again."""

    deployment: Deployment
    # Whether contacts are deleted by jobs, too.
    by_jobs: bool = False
    # The large jobs beside the restores, if there are any.
    turns: Turns | None = None
    workspaces: list[BusyWorkspace] = field(default_factory=list)
    # The violations of ended restores, each checked before anything else happened in its workspace.
    violations: list[Violation] = field(default_factory=list)

    def create_workspaces(self, workspaces: int, *, live: int, deleted: int) -> None:
        """Make workspaces with so many contacts each, on lists and deals, with twins and taken addresses."""
        with Session(self.deployment.engine) as session:
            transaction = partial(write_transaction, session)
            for seed in range(workspaces):
                with self.deployment.writing() as writing:
                    world = new_world(writing)
                add_load(session, world.id, live=live, deleted=deleted, seed=seed, transaction=transaction)
                self.workspaces.append(BusyWorkspace(world))

    def start_restores(self) -> None:
        """In each workspace whose restore has ended: check it, delete the restored contacts again, and
        start the next restore. Put another one in line behind each, which finds what is left by then."""
        active = self.active()
        if self.turns:
            self.turns.start_jobs(active)
        for workspace in self.workspaces:
            if workspace.delete_job_id in active:
                continue
            if workspace.job_id not in active:
                self._check(workspace)
                if self._deletes_by_a_job(workspace):
                    continue
                self._start_restore(workspace)
            elif not workspace.followed:
                self._line_up(workspace)

    def active(self) -> set[int]:
        with Session(self.deployment.engine) as session:
            return set(session.scalars(select(Job.id).where(Job.state.in_(ACTIVE))))

    def check(self) -> list[Violation]:
        """The violations of all restores so far. Call it when all jobs have ended."""
        for workspace in self.workspaces:
            self._check(workspace)
            if workspace.delete_job_id:
                self._check_deletion(workspace)
        large = self.turns.check() if self.turns else []
        with Session(self.deployment.engine) as session:
            return self.violations + large + check_history(session)

    def totals(self) -> tuple[Counter[str], int]:
        """How many jobs of each kind have been started, and how many contacts were restored."""
        with Session(self.deployment.engine) as session:
            jobs = session.scalars(select(Job)).all()
            return Counter(job.kind for job in jobs), sum(job.count("restored") for job in jobs)

    def _check(self, workspace: BusyWorkspace) -> None:
        if workspace.before is None:
            return
        with Session(self.deployment.engine) as session:
            job = session.get_one(Job, workspace.job_id)
            if job.state != JobState.DONE:
                self.violations.append(
                    Violation(
                        NOT_DONE,
                        f"{named(job.id, job.workspace_id)}, fence {job.fence}: {job.state}; "
                        f"{job.reason or job.error}",
                    )
                )
            self.violations += check_restore(session, workspace.job_id, workspace.before)
        workspace.before = None

    def _deletes_by_a_job(self, workspace: BusyWorkspace) -> bool:
        """Each second time, delete everything by a job; whether one has been started."""
        if workspace.delete_job_id:
            self._check_deletion(workspace)
            return False
        workspace.deletions += 1
        if not self.by_jobs or workspace.deletions % 2:
            return False
        deployment, world = self.deployment, workspace.world
        with Session(deployment.engine) as session:
            request = freeze_scope(session, Wanted(world.id), read_clock(session)).to_request()
            live = select(func.count()).where(Contact.workspace_id == world.id, Contact.deleted_at.is_(None))
            try:
                workspace.delete_job_id = delete_all(
                    session,
                    deployment.lock,
                    deployment.doorbell.ring,
                    workspace_id=world.id,
                    request=request,
                    total=session.scalar(live) or 0,
                    key=str(uuid4()),
                    requested_by=world.admin.id,
                ).id
            except NotStarted:
                # A restore is still in line, or a fault prevents it.
                return False
        return True

    def _check_deletion(self, workspace: BusyWorkspace) -> None:
        """A job that deletes is one deletion, complete, with as many contacts as the job counts."""
        with Session(self.deployment.engine) as session:
            job = session.get_one(Job, workspace.delete_job_id)
            deletion = session.scalar(select(Deletion).where(Deletion.job_id == job.id))
            counted = job.count("deleted")
            has = 0 if deletion is None else deletion.contact_count
            complete = deletion is None or deletion.completed_at is not None
            if job.state != JobState.DONE or counted != has or not complete:
                self.violations.append(
                    Violation(
                        HALF_DELETED,
                        f"{named(job.id, job.workspace_id)}, fence {job.fence}: {job.state}, counts "
                        f"{counted}; its deletion has {has} and is {'' if complete else 'not '}complete",
                    )
                )
        workspace.delete_job_id = 0

    def _start_restore(self, workspace: BusyWorkspace) -> None:
        self._delete_again(workspace)
        deployment, world = self.deployment, workspace.world
        with Session(deployment.engine) as session:
            scope = Restoring(session, world, deployment.lock).question_all().scope
            before = read_before(session, scope)
            try:
                workspace.job_id = start(
                    session,
                    deployment.lock,
                    deployment.doorbell.ring,
                    scope=scope,
                    requested_by=world.admin.id,
                ).id
            except NotStarted:
                # A fault prevents the start, as it would for a user; the next call tries again.
                return
            workspace.before, workspace.followed = before, False

    def _line_up(self, workspace: BusyWorkspace) -> None:
        deployment, world = self.deployment, workspace.world
        with Session(deployment.engine) as session:
            scope = Restoring(session, world, deployment.lock).question_all().scope
            try:
                line_up(
                    session,
                    deployment.lock,
                    deployment.doorbell.ring,
                    scope=scope,
                    requested_by=world.admin.id,
                )
            except NotStarted:
                # All is back already, or a fault prevents it.
                return
        workspace.followed = True

    def _delete_again(self, workspace: BusyWorkspace) -> None:
        with self.deployment.writing() as session:
            delete_contacts(
                session,
                workspace_id=workspace.world.id,
                which=select(Contact.id).where(Contact.restore_job_id == workspace.job_id),
                by=workspace.world.member.id,
                now=read_clock(session),
                source="traffic",
            )
            session.commit()
