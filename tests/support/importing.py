"""An import from its file to its end, in the test's session, without pages and queue."""

import csv
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from webapp.clock import read_clock
from webapp.importing.fields import COLUMNS
from webapp.importing.records import RecordWriter, StoredRecord
from webapp.importing.start import start
from webapp.jobs.files import complete, new_file
from webapp.jobs.lock import Lock
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.models import Contact, ImportLine, Job, live
from webapp.worker.kinds import KINDS

FIELDS = {name: str(field) for field, name in COLUMNS.items()}
FIELDS |= {"Full Name": "full_name", "Status": "status", "Opted Out": "opted_out"}


@dataclass
class Importing:
    """What a person who imports and the worker do."""

    session: Session
    world: World
    lock: Lock
    header: str = "Email,First Name,Last Name,Phone,Account,Tags,Lists"

    def bring(self, *lines: str, name: str = "people.csv", header: str = "") -> int:
        """Store a file of these lines, below the header; returns its id."""
        # The app may have written since the test has read: SQLite lets no old snapshot write.
        self.session.commit()
        now = read_clock(self.session)
        file = new_file(self.session, workspace_id=self.world.id, name=name, now=now)
        writer = RecordWriter(self.session, file)
        for line, cells in enumerate(csv.reader(StringIO("\n".join([header or self.header, *lines]))), 1):
            writer.write(StoredRecord(line, line, tuple(cells)))
        writer.close()
        complete(file, now)
        self.session.commit()
        return file.id

    def request(self, file_id: int, *, header: str = "", **request: Any) -> dict[str, Any]:
        columns = (header or self.header).split(",")
        mapping = {str(at): FIELDS[name] for at, name in enumerate(columns) if name in FIELDS}
        return {"file_id": file_id, "mapping": mapping, "agreed": True, "wake": True} | request

    def start(
        self,
        request: dict[str, Any],
        *,
        by: int | None = None,
        key: str = "",
        ring: Callable[[str, int], None] = lambda _kind, _job_id: None,
    ) -> Job:
        return start(
            self.session,
            self.lock,
            ring,
            workspace_id=self.world.id,
            requested_by=by,
            key=key or str(uuid.uuid4()),
            request=request,
        )

    def ordered(self, *lines: str, header: str = "", by: int | None = None, **request: Any) -> Job:
        """An import of these lines that has not begun."""
        file_id = self.bring(*lines, header=header)
        return self.start(self.request(file_id, header=header, **request), by=by)

    def run(self, job: Job, *, batch_size: int = 1000, should_stop: bool | Callable[[], bool] = False) -> str:
        self.session.commit()
        return carry_out(
            self.session,
            self.lock,
            KINDS,
            job.id,
            settings=BatchSettings(30, batch_size),
            should_stop=should_stop if callable(should_stop) else lambda: should_stop,
        )

    def imported(self, *lines: str, header: str = "", batch_size: int = 1000, **request: Any) -> Job:
        """The import of these lines, as it ended."""
        job = self.ordered(*lines, header=header, **request)
        self.run(job, batch_size=batch_size)
        self.session.refresh(job)
        return job

    def lines(self, job: Job) -> Sequence[ImportLine]:
        found = select(ImportLine).where(ImportLine.job_id == job.id).order_by(ImportLine.line)
        return self.session.scalars(found, execution_options={"populate_existing": True}).all()

    def contacts(self) -> Sequence[Contact]:
        """The live contacts, as they are stored."""
        found = select(Contact).where(live(self.world.id)).order_by(Contact.id)
        return self.session.scalars(found, execution_options={"populate_existing": True}).all()

    def contact(self, email_key: str) -> Contact:
        [found] = [contact for contact in self.contacts() if contact.email_key == email_key]
        return found
