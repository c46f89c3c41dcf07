"""Which live contacts the overview shows: its filters, as conditions on a contact and as sources of ids."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.contacts.matching import contact_matches, text_matches
from webapp.contacts.search import with_text
from webapp.models import (
    NOT_SUBSCRIBED,
    Contact,
    ContactTag,
    Job,
    RestoreOutcome,
    Subscription,
    live,
)
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.restore_outcome import Outcome, Reason

Id = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True)
class Wanted:
    """The filters of the overview: `q` is empty or a text with a word to search for, `restored_by` a restore
    job's id. `status` is one on the list."""

    workspace_id: int
    q: str = ""
    restored_by: int | None = None
    list_id: int | None = None
    status: SubscriptionStatus | None = None
    tag_id: int | None = None
    account_id: int | None = None

    @property
    def has_text(self) -> ColumnElement[bool] | None:
        """The condition on a row of `ContactSearch`."""
        return text_matches(self.q) if self.q else None

    def checks(self, contact_id: Id, account_id: Id, *, by_text: bool = True) -> list[ColumnElement[bool]]:
        """The conditions on one live contact: each looks it up by its id, so that no planner reads a whole
        list, tag or ledger instead."""
        found: list[Any] = []
        if self.list_id is not None:
            on_it = Subscription.contact_id == contact_id, Subscription.list_id == self.list_id
            status = Subscription.status == self.status if self.status else true()
            found.append(select(status).where(*on_it).scalar_subquery())
        if self.tag_id is not None:
            has_it = ContactTag.contact_id == contact_id, ContactTag.tag_id == self.tag_id
            found.append(select(true()).where(*has_it).scalar_subquery())
        if self.account_id is not None:
            found.append(account_id == self.account_id)
        if self.restored_by is not None:
            # By the job's ledger: the contact itself keeps only the latest job that has restored it.
            of_it = RestoreOutcome.job_id == self.restored_by, RestoreOutcome.contact_id == contact_id
            found.append(select(RestoreOutcome.outcome == Outcome.RESTORED).where(*of_it).scalar_subquery())
        if by_text and self.has_text is not None:
            found.append(contact_matches(contact_id, self.has_text))
        return found

    def sources(self) -> list[Select[int]]:
        """For each filter the ids of all contacts that it can find, live or not, by its index; last, all live
        contacts. The text has none: `webapp.contacts.search` knows how it is found."""
        found = []
        if self.restored_by is not None:
            of_it = RestoreOutcome.job_id == self.restored_by, RestoreOutcome.outcome == Outcome.RESTORED
            found.append(select(RestoreOutcome.contact_id).where(*of_it))
        if self.list_id is not None:
            on_it = select(Subscription.contact_id).where(Subscription.list_id == self.list_id)
            if self.status not in (None, SubscriptionStatus.SUBSCRIBED):
                on_it = on_it.where(Subscription.status == self.status, NOT_SUBSCRIBED)
            found.append(on_it)
        if self.tag_id is not None:
            found.append(select(ContactTag.contact_id).where(ContactTag.tag_id == self.tag_id))
        if self.account_id is not None:
            of_it = Contact.account_id == self.account_id, Contact.deleted_at.is_(None)
            found.append(select(Contact.id).where(*of_it))
        # Ordered, so that the planner counts in the index of this order and not in the whole table.
        newest = Contact.created_at.desc(), Contact.id.desc()
        return [*found, select(Contact.id).where(live(self.workspace_id)).order_by(*newest)]

    def ids(self) -> Select[int]:
        """The ids of all wanted contacts, unordered, at a cost that can be seconds."""
        source, *others = self.sources()
        if not others:
            return with_text(source.order_by(None), self.has_text)
        found = source.order_by(None).subquery()
        contact_id = found.c[0]
        lives = select(live(self.workspace_id)).where(Contact.id == contact_id).scalar_subquery()
        account = select(Contact.account_id).where(Contact.id == contact_id).scalar_subquery()
        return select(contact_id.label("id")).where(lives, *self.checks(contact_id, account))


@dataclass(frozen=True)
class Sizes:
    """How many ids each source has, up to one more than `most`."""

    numbers: list[int]
    most: int

    @property
    def shortest(self) -> int | None:
        """The place of the shortest source, if it has at most `most` ids."""
        place = min(range(len(self.numbers)), key=self.numbers.__getitem__)
        return place if self.numbers[place] <= self.most else None


def measure(session: Session, wanted: Wanted, most: int) -> Sizes:
    """Count the sources up to `most`, in one statement."""
    counts: list[ColumnElement[int]] = [
        select(func.count()).select_from(source.limit(most + 1).subquery()).scalar_subquery()
        for source in wanted.sources()
    ]
    if wanted.restored_by is not None:
        # Right after a restore the planner knows nothing of its ledger, and would read all of it to count.
        counts[0] = literal(min(_restored(session, wanted.restored_by), most + 1))
    numbers = [int(number) for number in session.execute(select(literal(0), *counts)).one()[1:]]
    return Sizes(numbers, most)


def _restored(session: Session, job_id: int) -> int:
    """How many contacts the restore has brought back, merged ones included, as it has counted them."""
    job = session.get_one(Job, job_id)
    return job.count(Outcome.RESTORED) + job.count(Reason.MERGED)
