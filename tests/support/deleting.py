"""A delete job from its dialog to its end, in the test's session and at times that the test chooses."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tests.support.restoring import Restoring
from webapp.contacts import delete_work, find
from webapp.contacts.delete_scope import AddedByImport, AllMatching, foresee_undo, freeze_scope
from webapp.contacts.wanted import Wanted
from webapp.models import Deletion, Job


@dataclass
class Deleting(Restoring):
    """What a user and the worker do, without pages and queue."""

    def scope(self, **filters: Any) -> AllMatching:
        """The dialog for what these filters match."""
        self.session.commit()
        return freeze_scope(self.session, Wanted(self.world.id, **filters), self.now())

    def ask(self, **filters: Any) -> tuple[Mapping[str, Any], int]:
        """The same as a request, with the number that the dialog shows."""
        scope = self.scope(**filters)
        return scope.to_request(), find.count(self.session, scope.wanted)

    def ask_undo(self, import_id: int) -> tuple[Mapping[str, Any], int]:
        """The dialog before an import is undone."""
        foreseen = foresee_undo(self.session, self.world.id, import_id)
        return AddedByImport(import_id).to_request(), foreseen.total

    def begin(self, asked: tuple[Mapping[str, Any], int], *, by: int | None = None) -> Job:
        """Confirm what was asked."""
        self.session.commit()
        request, total = asked
        return delete_work.start(
            self.session,
            self.lock,
            lambda _, job_id: self.rung.append(job_id),
            workspace_id=self.world.id,
            request=request,
            total=total,
            key=str(uuid.uuid4()),
            requested_by=self.world.admin.id if by is None else by,
        )

    def delete_all(self, *, batch_size: int = 1000, **filters: Any) -> Job:
        """From the dialog to the end; returns the job as it ended."""
        job = self.begin(self.ask(**filters))
        self.run(job, batch_size=batch_size)
        return job

    def deletion(self, job: Job) -> Deletion | None:
        """The deletion of the job, as it is stored."""
        of_it = select(Deletion).where(Deletion.job_id == job.id)
        return self.session.scalar(of_it.execution_options(populate_existing=True))
