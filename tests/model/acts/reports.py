"""What a job has done, as its page and the pages of its contacts tell it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from tests.model.acts.everyday import Everyday
from tests.model.links import Links
from tests.model.outcomes import Outcome
from tests.model.restoring import Restore
from tests.model.seen import model_notes, model_page_of, notes, page_of
from tests.model.things import Contact
from tests.model.told import is_modelled, kind_of
from tests.model.undoing import Undo
from tests.model.variety import events_of_undo, notable_events
from tests.support.restored import Rows, rows_of, rows_of_contact, version_in
from webapp import models
from webapp.models import RestoreLink, RestoreOutcome

# The outcome, the reason and the id of the other contact, by the id of the contact.
OutcomesById = Mapping[int, tuple[str, str | None, int | None]]


class Reports(Everyday):
    """The jobs of a story, and the check of the latest one."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # The latest job, and all restores with the rows from before them.
        self.job: Restore | Undo | None = None
        self.before: dict[Restore, dict[str, Rows]] = {}

    def check_job(self) -> None:
        """Check that the job has done what the model's has, in numbers and contact by contact."""
        job = self.job
        assert job
        row = self.session.get_one(models.Job, self.ids[job], populate_existing=True)
        assert row.state == job.state
        assert row.count("failed") == 0
        assert self.outcomes() == self.with_ids(job.outcomes)
        assert notes(self.session, self.world) == model_notes(self.business, self.ids)
        if isinstance(job, Restore):
            self.check_restore(job, row)
        else:
            self.check_undo(job, row)
        for contact in {contact.merged_into or contact for contact in job.outcomes}:
            if contact.is_live:
                page = page_of(self.session, self.world, self.ids[contact])
                assert page == model_page_of(self.business, contact, self.ids)

    def check_restore(self, job: Restore, row: models.Job) -> None:
        restored, merged = len(job.restored), len(job.merged)
        counts = row.count("restored"), row.count("merged"), row.count("skipped")
        assert counts == (restored, merged, len(job.outcomes) - restored - merged)
        if row.state == "done":
            # The report accounts for every contact in the dialog.
            assert row.processed == max(row.total or 0, len(job.outcomes))
        assert self.versions() == {self.ids[c]: 1 + writes for c, (writes, _) in job.left.items()}
        assert self.ledger() == {
            (effect, kind_of(thing), self.ids[thing]): n for (effect, thing), n in job.links.items()
        }
        for what in notable_events(self.business, job):
            self.note(what)

    def check_undo(self, job: Undo, row: models.Job) -> None:
        restore = job.restore
        assert (row.undo_of, row.total) == (self.ids[restore], len(restore.restored) + len(restore.merged))
        assert row.processed == len(job.outcomes)
        assert row.count("undone") == len(job.put_back)
        if row.state == "done":
            assert row.processed == row.total
        assert not self.ledger()
        self.check_law(job)
        for what in events_of_undo(job):
            self.note(what)

    def check_law(self, undo: Undo) -> None:
        """Check that the contacts that went back are what they were before the restore, but for those that
        have changed before they came back or since they went."""
        before, now = self.before[undo.restore], rows_of(self.session, self.world.id)
        for contact_id in (self.ids[contact] for contact in undo.put_back):
            was, is_now = rows_of_contact(before, contact_id), rows_of_contact(now, contact_id)
            if version_in(was) == version_in(is_now):
                assert is_now == was

    def with_ids(self, outcomes: dict[Contact, Outcome]) -> dict[int, tuple[str, str | None, int | None]]:
        return {
            self.ids[contact]: (outcome, reason, self.ids[other] if other else None)
            for contact, (outcome, reason, other) in outcomes.items()
        }

    def as_shown(self, links: Links) -> set[tuple[object, ...]]:
        """The links of the model as plan and report have them: each with how many there are of its kind and
        effect, and with the sum of their contacts."""
        items, totals = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for (effect, thing), contacts in links.items():
            items[effect, kind_of(thing)] += 1
            totals[effect, kind_of(thing)] += contacts
        return {
            (effect, kind, self.ids[thing], contacts, items[effect, kind], totals[effect, kind])
            for (effect, thing), contacts in links.items()
            for kind in [kind_of(thing)]
        }

    def outcomes(self) -> dict[int, tuple[str, str | None, int | None]]:
        rows = self.session.execute(
            select(
                RestoreOutcome.contact_id,
                RestoreOutcome.outcome,
                RestoreOutcome.reason,
                RestoreOutcome.other_contact_id,
            ).where(RestoreOutcome.job_id == self.ids[self.job])
        )
        return {contact: (outcome, reason, other) for contact, outcome, reason, other in rows}

    def versions(self) -> dict[int, int]:
        """Of the restored contacts, the versions as the job left them."""
        rows = self.session.execute(
            select(RestoreOutcome.contact_id, RestoreOutcome.version).where(
                RestoreOutcome.job_id == self.ids[self.job], RestoreOutcome.version.is_not(None)
            )
        )
        return {contact: version for contact, version in rows if version is not None}

    def ledger(self) -> dict[tuple[str, str, int], int]:
        """What the job has written about lists, tags, accounts and deals."""
        rows = self.session.execute(
            select(RestoreLink.effect, RestoreLink.kind, RestoreLink.item_id, RestoreLink.contacts).where(
                RestoreLink.job_id == self.ids[self.job]
            )
        )
        return {
            (effect, kind, item): contacts for effect, kind, item, contacts in rows if is_modelled(effect)
        }
