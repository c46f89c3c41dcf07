"""Large acts beside restores: a file is imported, everything is deleted by a job, and what is deleted is
purged or deleted for ever."""

import csv
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from io import StringIO

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select

from tests.model import large as rules
from tests.model.acts.jobs import EXECUTIONS, Execution, Killed
from tests.model.acts.undoing import Undoing
from tests.model.choices import NEW_PEOPLE, NewPerson, any_contact, if_any
from tests.model.opening import KINDS as NAMED
from tests.model.restoring import bin_of
from tests.support.importing import Importing
from webapp import models
from webapp.contacts.delete_scope import freeze_scope
from webapp.contacts.delete_work import NothingToDelete
from webapp.contacts.delete_work import start as start_delete
from webapp.contacts.wanted import Wanted
from webapp.jobs.cancel import cancel
from webapp.jobs.claim import release_dead
from webapp.jobs.interruption import WORKER_DIED
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.jobs.start import AlreadyRunning
from webapp.models import User
from webapp.purging import erase_work
from webapp.purging import work as purge_work
from webapp.purging.scope import about_matching
from webapp.restoring.filters import Filters
from webapp.worker.kinds import KINDS

HEADER = ("Email", "First Name", "Last Name", "Phone", "Account", "Tags", *rules.COLUMNS.values())


class Large(Undoing):
    """Large jobs, each carried out in one act: at once, interrupted, or cancelled."""

    @rule(
        people=st.lists(NEW_PEOPLE, min_size=1, max_size=4),
        updates=st.booleans(),
        agreed=st.booleans(),
        wake=st.booleans(),
        even_if_deleted=st.booleans(),
        on_a_list=st.booleans(),
        execution=EXECUTIONS,
    )
    def import_a_file(
        self,
        people: list[NewPerson],
        updates: bool,
        agreed: bool,
        wake: bool,
        even_if_deleted: bool,
        on_a_list: bool,
        execution: Execution,
    ) -> None:
        """Also beside a restore that was left."""
        rows = [person for person in people if person.email]
        live = [thing for thing in self.business.things if thing.kind == "list" and not thing.deleted]
        on = live[-1] if live and on_a_list else None
        job = Importing(self.session, self.world, self.lock).ordered(
            *map(_line, rows),
            header=",".join(HEADER),
            by=self.world.admin.id,
            existing="update" if updates else "skip",
            agreed=agreed,
            wake=wake,
            even_if_deleted=even_if_deleted,
            **({"list_id": self.ids[on], "list_name": on.name} if on else {}),
        )
        done = self.carry_out_large(job.id, execution, may_cancel=False)
        asked = rules.Import(rows, updates, agreed, wake, even_if_deleted, on)
        counts, added = rules.carry_out(self.business, asked)
        assert done.counts == counts
        for outcome in counts:
            self.note(f"a row is imported: {outcome}")
        lines = select(models.ImportLine.contact_id).where(
            models.ImportLine.job_id == job.id, models.ImportLine.outcome == "added"
        )
        ids = self.session.scalars(lines.order_by(models.ImportLine.line))
        self.ids.update(zip(added, filter(None, ids), strict=True))
        for thing in self.business.things:
            if thing not in self.ids:
                kind = NAMED[thing.kind]
                here = kind.workspace_id == self.world.id, kind.deleted_at.is_(None)
                [self.ids[thing]] = self.session.scalars(
                    select(kind.id).where(kind.name == thing.name, *here)
                )

    @if_any(any_contact)
    @rule(what=st.sampled_from(("delete", "erase", "purge")), execution=EXECUTIONS)
    def remove_many(self, what: str, execution: Execution) -> None:
        """All that is there: one way is refused beside a restore or undo that was left, as the others are."""
        self.let_the_clock_tick()
        if what == "delete":
            self.delete_by_a_job(execution)
        elif what == "erase":
            self.erase(execution)
        elif not (self.job and self.job.is_active):
            self.purge(execution)

    def delete_by_a_job(self, execution: Execution) -> None:
        """All live contacts, or those that it has come to."""
        scope = freeze_scope(self.session, Wanted(self.world.id), self.now)
        live = sorted(self.business.live, key=lambda contact: (contact.created_at, contact.number))
        begin = partial(
            start_delete,
            self.session,
            self.lock,
            lambda *_: None,
            workspace_id=self.world.id,
            request=scope.to_request(),
            total=len(live),
            key=str(uuid.uuid4()),
            requested_by=self.world.admin.id,
        )
        if not live:
            self.refused("a job that deletes", begin, NothingToDelete)
        elif self.job and self.job.is_active:
            self.refused("a job that deletes", begin, AlreadyRunning)
        else:
            row = self.carry_out_large(begin().id, execution)
            deleted = row.count("deleted")
            assert row.state == "cancelled" or deleted == len(live)
            self.business.delete(live[:deleted], self.world.admin.name)
            self.note("contacts are deleted by a job")

    def erase(self, execution: Execution) -> None:
        """The whole bin, the last deleted first, or those that it has come to."""
        question = about_matching(self.session, self.world.id, Filters(), self.now)
        in_bin = bin_of(self.business)
        assert question.scope.expected == len(in_bin)
        begin = partial(
            erase_work.start,
            self.session,
            self.lock,
            lambda *_: None,
            scope=question.scope,
            total=question.scope.expected + question.merged,
            requested_by=self.world.admin.id,
        )
        if self.job and self.job.is_active:
            self.refused("deleting for ever", begin, AlreadyRunning)
        elif not in_bin:
            self.refused("deleting for ever", begin, erase_work.NothingToErase)
        else:
            row = self.carry_out_large(begin().id, execution)
            erased = row.count("erased")
            assert row.state == "cancelled" or erased == len(in_bin)
            gone = rules.vanish(self.business, in_bin[:erased])
            assert row.count("erased_with_others") == len(gone) - erased
            self.note("a contact is deleted for ever")

    def purge(self, execution: Execution) -> None:
        """Where something is deleted, as soon as the oldest of it is to go: not a moment before."""
        if self.business.gone:
            oldest = min(contact.deletion.at for contact in self.business.gone if contact.deletion)
            self.pass_time(max(oldest + rules.KEPT - self.now, timedelta(0)))
            if not rules.expired(self.business):
                self.refused("a purge", self.ordered_purge(), purge_work.NothingToPurge)
                self.tick()
        begin = self.ordered_purge()
        expired = rules.expired(self.business)
        if not expired:
            self.refused("a purge", begin, purge_work.NothingToPurge)
            return
        row = self.carry_out_large(begin().id, execution, may_cancel=False)
        assert (row.state, row.count("purged")) == ("done", len(rules.vanish(self.business, expired)))
        self.note("a contact is purged")

    def ordered_purge(self) -> Callable[[], models.Job]:
        return partial(
            purge_work.start,
            self.session,
            self.lock,
            lambda *_: None,
            workspace_id=self.world.id,
            key=str(uuid.uuid4()),
            now=self.now,
        )

    def carry_out_large(self, job_id: int, execution: Execution, *, may_cancel: bool = True) -> models.Job:
        """Let the worker carry the job out, with what happens to it after some batches."""
        run = partial(carry_out, self.session, self.lock, KINDS, job_id)
        finish = partial(run, settings=BatchSettings(30, execution.then))
        died = {"code": WORKER_DIED, "signal": 9}
        release = partial(release_dead, self.session, job_id, runner="unknown", error=died)
        calls = 0

        def should_stop() -> bool:
            nonlocal calls
            calls += 1
            if calls == execution.batches:
                match execution.event:
                    case "killed":
                        raise Killed
                    case "overtaken":
                        release()
                        finish()
                    case "cancelled" if may_cancel:
                        by = self.session.get_one(User, self.world.admin.id)
                        cancel(self.session, self.lock, job_id, by=by)
                    case "released" | "left" | "queued":
                        return True
            return False

        try:
            run(settings=BatchSettings(30, execution.batch_size), should_stop=should_stop)
        except Killed:
            release()
        # Of a job that has ended there is nothing to do.
        finish()
        row = self.session.get_one(models.Job, job_id, populate_existing=True)
        assert row.has_ended
        assert row.count("failed") == 0
        return row


def _line(person: NewPerson) -> str:
    """The person as a row of a file."""
    by_status = [";".join(name for name, said in person.lists if said == status) for status in rules.COLUMNS]
    cells = [person.email, person.first_name, person.last_name, person.phone, person.account or ""]
    line = StringIO()
    csv.writer(line, lineterminator="").writerow([*cells, ";".join(person.tags), *by_status])
    return line.getvalue()
