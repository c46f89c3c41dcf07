"""Users who write while a restore runs: one on the pages, another through the domain."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.support.web import Wire, status
from webapp.clock import read_clock
from webapp.contacts.edit import Details, edit_contact
from webapp.contacts.load import NewContact, create_contacts
from webapp.database import write_transaction


@dataclass
class Writers:
    """One deletes `deleted` on the pages, another edits `edited` and adds contacts; all are live contacts."""

    engine: Engine
    wire: Wire
    workspace_id: int
    edited: int
    deleted: list[int]

    def write_while(self, goes_on: Callable[[], bool]) -> list[float]:
        """Write while `goes_on` returns True; each opens a page before each change. Returns how many
        seconds each write took. Raises AssertionError if one failed."""

        def write(*acts: Callable[[], None]) -> list[float]:
            took = []
            for act, _ in zip(cycle(acts), self.deleted.copy()):
                if not goes_on():
                    break
                assert status(self.wire.get(f"/contacts/{self.edited}")) == 200
                began = perf_counter()
                act()
                took.append(perf_counter() - began)
            return took

        with ThreadPoolExecutor() as people:
            on_pages = people.submit(write, self.delete)
            beside = people.submit(write, self.edit, self.add)
        return on_pages.result() + beside.result()

    def delete(self) -> None:
        """A person may delete 60 times a minute (`webapp/web/rates.py`), and this one is quicker."""
        answer = self.wire.post("/contacts/delete", f"selected={self.deleted.pop()}")
        assert status(answer) in (303, 429)

    def edit(self) -> None:
        with Session(self.engine) as session, write_transaction(session):
            assert edit_contact(
                session,
                workspace_id=self.workspace_id,
                contact_id=self.edited,
                details=Details(first_name="Eva"),
                now=read_clock(session),
            )

    def add(self) -> None:
        with Session(self.engine) as session, write_transaction(session):
            now = read_clock(session)
            create_contacts(session, self.workspace_id, [NewContact(created_at=now, first_name="Nel")], now)
