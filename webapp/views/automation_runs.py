"""The runs of one automation, as the list on its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from webapp.clock import read_clock
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.extensions import db
from webapp.marketing.browse import run_ids, runs
from webapp.models import Automation, AutomationRun
from webapp.web.browse import PAGE_SIZE, Listing
from webapp.words.campaigns import cause_words, run_words
from webapp.words.contacts import name_of

NEWEST_FIRST = Keyset(AutomationRun.id)


@dataclass(frozen=True)
class RunRow:
    """`id` is the run's; `due_at` is set while it waits for its next step."""

    id: int
    name: str
    contact_id: int
    cause: str
    state: str
    created_at: datetime
    due_at: datetime | None


@dataclass(frozen=True)
class Runs(Listing):
    """The runs of `automation`, and what else its page shows."""

    endpoint = "automation"
    page_template = "automations/automation.html"
    results_template = "automations/_runs.html"
    noun = "run"
    filters: ClassVar[tuple[str, ...]] = ()
    order = NEWEST_FIRST

    automation: Automation
    trigger: str
    steps: list[Any]
    # How many contacts are in it now, in words; empty for none.
    under_way: str
    list_names: list[str]
    tag_names: list[str]

    @property
    def arguments(self) -> Mapping[str, Any]:
        return {"automation_id": self.automation.id}

    @property
    def errors(self) -> Mapping[str, str]:
        return {}

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        session, query = db.session(), runs(self.automation.id)
        wanted = run_ids(self.automation.id)
        page = self.order.read(
            session, query, self.order.ids(wanted), size=PAGE_SIZE, after=after, before=before
        )
        return page, Amount.on(page, PAGE_SIZE)

    def row(self, record: Any) -> RunRow:
        run, contact, cause = record
        return RunRow(
            id=run.id,
            name=name_of(contact),
            contact_id=contact.id,
            cause=cause_words(self.automation, cause),
            state=run_words(run),
            created_at=run.created_at,
            due_at=run.due_at if run.ended_at is None else None,
        )

    def page_context(self) -> dict[str, object]:
        return {"now": read_clock(db.session())}
