"""The deletions of the demo, and the contacts that were added again since.

The story: colleagues have deleted a few contacts every few days. Some hours ago one of them meant to remove a
tag, and within minutes deleted all contacts with it, page by page: the leads of a trade fair. Then a list, a
tag and a firm's account were deleted. Some of the addresses were added again, before the accident or after.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.contacts.delete import delete_contacts
from webapp.contacts.load import add_contacts
from webapp.database import execute_update
from webapp.demo.amounts import SMALL_TOTAL, Amounts
from webapp.demo.catalogue import FAIR_TAG, GONE_LIST, GONE_TAG, NEWSLETTER, Catalogue
from webapp.demo.deals import Member
from webapp.models import WINDOW, Account, Contact, ContactTag, Deletion, MailingList, Tag, User
from webapp.models.mailing_list import SubscriptionStatus

# The small deletions, oldest first: how many days ago, and how many contacts. Nearly whole days, so that a
# demo created in office hours has deletions in office hours. On its first day the first three have less than
# a day, 1 day and 2 days left.
SMALL = (
    *((29.1, 1), (28.1, 3), (27.05, 12), (24.1, 1), (20.0, 24)),
    *((14.1, 7), (11.1, 2), (6.1, 18), (2.1, 5), (0.9, 1)),
)
# A page deletes at most 100 contacts. A large load has larger pages, so that they fit into nine minutes.
PAGE, MOST_PAGES = 100, 50
PAUSE, PAGES_WITHIN = timedelta(seconds=50), timedelta(minutes=9)
# The others: how many days ago.
FAIR_BEGUN, FAIR_DELETED, LIST_DELETED, TAG_DELETED, ACCOUNT_DELETED = 0.16, 0.15, 0.06, 0.055, 0.05


class Moments:
    """The time between the workspace's last deletion, if that is within the window, and now.

    Deletions are numbered in order of time, so a new one must not be dated before an existing one.
    """

    def __init__(self, session: Session, workspace_id: int) -> None:
        self._now = read_clock(session)
        last = session.scalar(
            select(func.max(Deletion.created_at)).where(Deletion.workspace_id == workspace_id)
        )
        self._span = max(timedelta(0), min(WINDOW, self._now - last) if last else WINDOW)

    def ago(self, days: float) -> datetime:
        """The moment this many days ago; scaled down if the time is shorter than the window."""
        return self._now - self._span * (timedelta(days=days) / WINDOW)


class Story:
    """The events of the story, to be called in the order of the methods, in the caller's transaction.

    `remembered` are the contacts of the small deletions and those whose address is taken, ordered by rank.
    The other contacts to delete have the fair's tag.
    """

    def __init__(
        self,
        session: Session,
        random: Random,
        workspace_id: int,
        catalogue: Catalogue,
        amounts: Amounts,
        remembered: Sequence[Member],
    ) -> None:
        self._session = session
        self._random = random
        self._workspace_id = workspace_id
        self._catalogue = catalogue
        self._amounts = amounts
        self._remembered = remembered
        self._moments = Moments(session, workspace_id)
        self._users = session.scalars(
            select(User).where(User.workspace_id == workspace_id).order_by(User.id)
        ).all()

    def delete_few(self) -> None:
        """The small deletions: each by the next colleague."""
        small = [member.id for member in self._remembered[: self._amounts.small]]
        self._random.shuffle(small)
        end = 0
        for turn, (days, size) in enumerate(SMALL):
            begin, end = end, end + size
            ids = small[begin * len(small) // SMALL_TOTAL : end * len(small) // SMALL_TOTAL]
            by = self._users[turn % len(self._users)].id if self._users else None
            self._delete(select(Contact.id).where(Contact.id.in_(ids)), by, days, "Selected one by one")

    def add_twins(self) -> None:
        """Add some of the deleted contacts again as leads of the fair, which are deleted later."""
        self._add_again(
            slice(self._amounts.twins),
            tags=[self._catalogue.tags[FAIR_TAG]],
            since=SMALL[-1][0],
            until=FAIR_BEGUN,
        )

    def delete_fair_leads(self, first_id: int) -> None:
        """The accident, by a user who may not restore: all contacts with the tag from `first_id` on."""
        may_not = [user for user in self._users if not user.may_restore]
        by = next((user.id for user in (*may_not, *self._users)), None)
        tagged = select(ContactTag.contact_id).where(
            ContactTag.tag_id == self._catalogue.tags[FAIR_TAG], ContactTag.contact_id >= first_id
        )
        pages = self._pages(tagged.subquery().c.contact_id)
        pause = min(PAUSE, PAGES_WITHIN / max(1, len(pages)))
        for place, (first, last) in enumerate(pages, 1):
            self._delete(
                tagged.where(ContactTag.contact_id.between(first, last)),
                by,
                FAIR_DELETED + (len(pages) - place) * (pause / timedelta(days=1)),
                f"With the tag “{FAIR_TAG}”, page {place} of {len(pages)}",
            )

    def _pages(self, contact: ColumnElement[int]) -> Sequence[tuple[int, int]]:
        """The first and the last id of each page of these contacts."""
        total = self._session.scalar(select(func.count(contact))) or 0
        size = max(PAGE, -(-total // MOST_PAGES))
        place = func.row_number().over(order_by=contact)
        numbered = select(contact.label("id"), ((place - 1) // size).label("page")).subquery()
        bounds = select(func.min(numbered.c.id), func.max(numbered.c.id)).group_by(numbered.c.page)
        return [(first, last) for first, last in self._session.execute(bounds.order_by(numbered.c.page))]

    def take_addresses(self) -> None:
        """Add other deleted contacts again; these stay live."""
        self._add_again(self._amounts.met_again, tags=[], since=FAIR_DELETED, until=0)

    def delete_associations(self, account_id: int | None) -> None:
        """Delete a list, a tag and an account, so that a restore does not bring them back."""
        for kind, gone, days in (
            (MailingList, self._catalogue.lists[GONE_LIST], LIST_DELETED),
            (Tag, self._catalogue.tags[GONE_TAG], TAG_DELETED),
            (Account, account_id, ACCOUNT_DELETED),
        ):
            at = self._moments.ago(days)
            execute_update(self._session, update(kind).where(kind.id == gone).values(deleted_at=at))

    def _delete(self, which: Select[int], by: int | None, days: float, description: str) -> None:
        delete_contacts(
            self._session,
            workspace_id=self._workspace_id,
            which=which,
            by=by,
            now=self._moments.ago(days),
            source="overview",
            description=description,
        )

    def _add_again(self, ranks: slice, *, tags: list[int], since: float, until: float) -> None:
        first, last = self._moments.ago(since), self._moments.ago(until)
        again = [
            replace(
                member.contact,
                created_at=first + self._random.random() * (last - first),
                lists=[(self._catalogue.lists[NEWSLETTER], SubscriptionStatus.SUBSCRIBED)],
                tags=tags,
            )
            for member in self._remembered[ranks]
        ]
        add_contacts(self._session, self._workspace_id, again)
