"""What no restore, merge or undo does: start something (rule 4), or make someone mailable (rule 9)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from tests.model.acts.reports import Reports
from tests.model.restoring import Restore
from tests.model.undoing import Undo
from webapp.marketing.consent import mailable_for
from webapp.models import (
    Automation,
    AutomationRun,
    Campaign,
    CampaignSend,
    Contact,
    Subscription,
    Suppression,
    live,
)

# To none of these a restore writes.
OUTSIDE = (Automation, AutomationRun, Campaign, CampaignSend, Suppression)
PENDING = ("queued", "waiting", "pending")


@dataclass(frozen=True)
class Outside:
    """The rows outside of contacts, by table and id, and each contact with the lists it is mailable for."""

    rows: dict[tuple[str, int], Row[Any]]
    mailable: set[tuple[int, int]]


class Laws(Reports):
    """Compares the moments before and after a job with plain queries. Of the model they only take what was
    mailable when it was deleted."""

    def read_outside(self) -> Outside:
        connection = self.session.connection()
        rows = {
            (model.__tablename__, row.id): row
            for model in OUTSIDE
            for row in connection.execute(select(model).where(model.workspace_id == self.world.id))
        }
        mailable = (
            select(Contact.id, Subscription.list_id)
            .join(Subscription, Subscription.contact_id == Contact.id)
            .where(live(self.world.id), mailable_for(Subscription.list_id))
        )
        return Outside(rows, {(contact, list_id) for contact, list_id in connection.execute(mailable)})

    def check_laws(self, job: Restore | Undo, before: Outside) -> None:
        now = self.read_outside()
        if isinstance(job, Restore):
            assert now.rows == before.rows, "a restore has started something"
        else:
            assert now.rows.keys() == before.rows.keys(), "an undo has started something"
            for place, row in now.rows.items():
                was = before.rows[place]
                assert row == was or (was.state in PENDING and row.state == "ended"), "not only ended"
        self.check_consent(job, before, now)

    def check_consent(self, job: Restore | Undo, before: Outside, now: Outside) -> None:
        """By the model, too, the stricter of stored status and suppression holds."""
        marketing, ids = self.business.marketing, self.ids
        deletions = job.deletions if isinstance(job, Restore) else {}
        at_deletion = {
            (ids[contact], ids[each])
            for contact, deletion in deletions.items()
            for owner, each in deletion.mailable
            if owner is contact
        }
        assert now.mailable - before.mailable <= at_deletion, "someone became mailable who was not"
        expected = {(ids[contact], ids[each]) for contact, each in marketing.mailable(self.business.live)}
        assert now.mailable == expected
        if at_deletion - now.mailable:
            self.note("a contact is held back that was mailable when it was deleted")
