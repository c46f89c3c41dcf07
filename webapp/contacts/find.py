"""Finding live contacts: the overview's pages, and one contact with all its associations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import Session

from webapp.contacts.address import email_key
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.matching import contact_matches, text_matches
from webapp.contacts.search import SCAN_LIMIT, Amount, Search, all_matches, with_text
from webapp.models import (
    Account,
    Contact,
    ContactTag,
    Deal,
    DealContact,
    MailingList,
    RestoreOutcome,
    Subscription,
    Tag,
    live,
)
from webapp.models.base import filter_only
from webapp.models.restore_outcome import Outcome

NEWEST_FIRST = Keyset(Contact.created_at, Contact.id)


@dataclass(frozen=True)
class Wanted:
    """The filters of the overview: `q` is empty or a text with a word to search for, `restored_by` a restore
    job's id, and `restored` how many contacts that job has restored."""

    workspace_id: int
    q: str = ""
    restored_by: int | None = None
    restored: int = 0

    @property
    def has_text(self) -> ColumnElement[bool] | None:
        """The condition on a row of `ContactSearch`."""
        return text_matches(self.q) if self.q else None

    @property
    def by_a_short_job(self) -> bool:
        return self.restored_by is not None and self.restored <= SCAN_LIMIT

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions on a wanted contact, except the text. The contacts of a short job are found by the
        job, all others by walking the live contacts."""
        if self.restored_by is None:
            return [live(self.workspace_id)]
        # By the job's ledger: the contact itself keeps only the latest job that has restored it.
        restored = select(RestoreOutcome.contact_id).where(
            RestoreOutcome.job_id == self.restored_by, RestoreOutcome.outcome == Outcome.RESTORED
        )
        if self.by_a_short_job:
            return [Contact.id.in_(restored), filter_only(live(self.workspace_id))]
        of_this = restored.where(RestoreOutcome.contact_id == Contact.id).exists()
        return [live(self.workspace_id), filter_only(of_this)]

    def ids(self) -> Select[int]:
        """The ids of the wanted live contacts, unordered."""
        return with_text(select(Contact.id).where(*self.conditions()), self.has_text)


def read_page(
    session: Session,
    wanted: Wanted,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """One page of live contacts, newest first, each with its account's name unless that is deleted."""
    has_text = wanted.has_text
    ids = NEWEST_FIRST.ids(wanted.ids()) if has_text is None else _search(session, wanted, has_text).ids
    rows = _rows(wanted.workspace_id)
    return NEWEST_FIRST.read(session, rows, ids, size=size, after=after, before=before)


def read_selected(session: Session, workspace_id: int, ids: list[int]) -> Page:
    """The live contacts among `ids`, on one page."""
    return NEWEST_FIRST.read_all(session, _rows(workspace_id).where(Contact.id.in_(ids)))


def _rows(workspace_id: int) -> Select[Contact, str]:
    """Live contacts with their accounts' names, for a statement that adds the ids."""
    query = select(Contact, Account.name).where(filter_only(live(workspace_id)))
    return query.outerjoin(Account, (Account.id == Contact.account_id) & Account.deleted_at.is_(None))


def _search(session: Session, wanted: Wanted, has_text: ColumnElement[bool]) -> Search:
    without_text = replace(wanted, q="")
    found = all_matches(has_text, wanted.workspace_id, Contact.created_at, *wanted.conditions())
    return Search(
        has_text=has_text,
        order=NEWEST_FIRST,
        candidates=without_text.ids().with_only_columns(Contact.id, Contact.created_at.label("moment")),
        matches=select(found.c.id, found.c.value.label("moment")).where(found.c.value.is_not(None)),
        is_short=wanted.by_a_short_job or _count_up_to(session, without_text, SCAN_LIMIT).exact,
    )


def count_quickly(session: Session, wanted: Wanted, page: Page, size: int) -> Amount:
    """How many live contacts are wanted, as far as a request has time to count; `page` is one of their
    pages."""
    if wanted.q or page.total is not None:
        return Amount.on(page, size)
    return _count_up_to(session, wanted, SCAN_LIMIT)


def _count_up_to(session: Session, wanted: Wanted, most: int) -> Amount:
    some = wanted.ids().limit(most + 1)
    if not wanted.by_a_short_job:
        # Ordered, so that the planner counts in the index of this order and not in the whole table.
        some = some.order_by(*NEWEST_FIRST.order)
    number = session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return Amount(min(number, most), exact=number <= most)


def count(session: Session, wanted: Wanted) -> int:
    """How many live contacts are wanted; it can take seconds."""
    return session.scalar(select(func.count()).select_from(wanted.ids().subquery())) or 0


def filter_selection(session: Session, wanted: Wanted, ids: list[int]) -> list[int]:
    """The live and wanted contacts among `ids`."""
    if not ids:
        return []
    query = select(Contact.id).where(Contact.id.in_(ids), filter_only(and_(*wanted.conditions())))
    if wanted.has_text is not None:
        query = query.where(filter_only(contact_matches(Contact.id, wanted.has_text)))
    return list(session.scalars(query))


def with_address(session: Session, workspace_id: int, email: str | None) -> Contact | None:
    """The live contact that has this address, in whatever spelling."""
    if (key := email_key(email)) is None:
        return None
    return session.scalar(select(Contact).where(Contact.email_key == key, live(workspace_id)))


@dataclass(frozen=True)
class Profile:
    """A live contact and its associations, without deleted lists, tags, accounts and deals."""

    contact: Contact
    account_name: str | None
    subscriptions: Sequence[Row[MailingList, Subscription]]
    tags: Sequence[Tag]
    deals: Sequence[Row[Deal, DealContact]]


def profile(session: Session, workspace_id: int, contact_id: int) -> Profile | None:
    """The live contact `contact_id` of the workspace with its associations; None if there is none."""
    found = session.execute(_rows(workspace_id).where(Contact.id == contact_id)).one_or_none()
    if found is None:
        return None
    contact, account_name = found
    return Profile(
        contact=contact,
        account_name=account_name,
        subscriptions=session.execute(
            select(MailingList, Subscription)
            .join(Subscription, Subscription.list_id == MailingList.id)
            .where(Subscription.contact_id == contact_id, MailingList.deleted_at.is_(None))
            .order_by(MailingList.name)
        ).all(),
        tags=session.scalars(
            select(Tag)
            .join(ContactTag, ContactTag.tag_id == Tag.id)
            .where(ContactTag.contact_id == contact_id, Tag.deleted_at.is_(None))
            .order_by(Tag.name)
        ).all(),
        deals=session.execute(
            select(Deal, DealContact)
            .join(DealContact, DealContact.deal_id == Deal.id)
            .where(
                DealContact.contact_id == contact_id,
                DealContact.detached_at.is_(None),
                Deal.deleted_at.is_(None),
            )
            .order_by(Deal.title, Deal.id)
        ).all(),
    )
