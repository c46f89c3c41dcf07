"""A load of demo contacts: some live, some deleted at several moments of the last 30 days."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.catalogue.names import ids_by_name
from webapp.clock import read_clock
from webapp.contacts.load import NewContact, add_contacts, analyze
from webapp.database import lock_workspace
from webapp.demo.amounts import Amounts
from webapp.demo.catalogue import ensure_catalogue
from webapp.demo.countries import sold_to
from webapp.demo.deals import Member, add_deals
from webapp.demo.deletions import Story
from webapp.demo.firms import Firm, firms
from webapp.demo.marketing import add_marketing
from webapp.demo.people import Addresses, People
from webapp.demo.showcase import add_showcase, colleague_among
from webapp.models import WINDOW, Account, Contact, ContactTag, Deal, DealContact, Workspace

CHUNK = 5000

# How many contacts a firm has, with weights; and the probability of a private contact between two firms.
SIZES, SIZE_WEIGHTS = (1, 2, 3, 4, 5, 6, 8, 12), (25, 20, 18, 13, 10, 7, 5, 2)
PRIVATE_SHARE = 0.55
# The number of contacts of the firm whose account is deleted; less in a small load.
CLOSING_SIZE = 8

Transaction = Callable[[], AbstractContextManager[None]]


def add_load(
    session: Session,
    workspace_id: int,
    *,
    live: int,
    deleted: int,
    seed: int,
    transaction: Transaction,
    on_progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Add `live` live contacts and `deleted` deleted ones to the existing data.

    Each part runs in a `transaction()`: a real one, or a null context if the caller has begun one around the
    whole. A contact and its associations commit together. `on_progress` receives the number of contacts added
    so far.
    """
    amounts = Amounts(live, deleted)
    if amounts.at_first == 0:
        return
    with transaction():
        load = _Load(session, workspace_id, amounts, Random(seed))
    for start in range(0, amounts.at_first, CHUNK):
        stop = min(start + CHUNK, amounts.at_first)
        with transaction():
            load.add_part(range(start, stop))
        on_progress(stop)
    with transaction():
        # Without fresh statistics SQLite scans every deal for each deleted contact and takes three times as
        # long for 100,000 contacts.
        analyze(session, Contact, ContactTag, Deal, DealContact)
        load.delete_some()
    on_progress(live + deleted)


class _Load:
    def __init__(self, session: Session, workspace_id: int, amounts: Amounts, random: Random) -> None:
        self._session = session
        self._workspace_id = workspace_id
        self._amounts = amounts
        self._random = random
        self._now = read_clock(session)
        workspace = session.get_one(Workspace, workspace_id)
        markets = sold_to(workspace.timezone)
        self._firms = firms(random, markets)
        self._closing = next(self._firms)
        self._accounts: dict[str, int] = {}
        self._catalogue = ensure_catalogue(session, workspace_id)
        self._addresses = Addresses()
        self._people = People(
            random, self._catalogue, self._addresses, markets, now=self._now, zone=workspace.zone
        )
        # The contacts that the story needs again: one in sixty of the deleted.
        self._remembered: list[Member] = []
        self._colleague: Member | None = None
        self._first_id = self._last_id = 0

    def add_part(self, places: range) -> None:
        """Add the contacts at these positions, with their deals."""
        # The lock keeps two loads of one workspace from using the same addresses.
        lock_workspace(self._session, self._workspace_id)
        others = select(Contact.email_key).where(
            Contact.workspace_id == self._workspace_id,
            Contact.id > self._last_id,
            Contact.email_key.is_not(None),
        )
        self._addresses.mark_used(self._session.scalars(others.execution_options(yield_per=CHUNK)))
        ranks = [self._amounts.rank(place) for place in places]
        added = self._add(ranks, is_first=places.start == 0)
        together = list(zip(added, ranks, strict=True))
        add_deals(self._session, self._random, self._workspace_id, added)
        self._last_id = added[-1].id
        if places.start == 0:
            self._first_id = added[0].id
            self._colleague = colleague_among(
                one for one, rank in together if rank is None and one.firm is not self._closing
            )
            staying = [one for one, rank in together if not self._is_small(rank)]
            add_marketing(self._session, self._workspace_id, self._catalogue, staying, self._now)
        self._remembered += [
            one for one, rank in together if rank is not None and rank < self._amounts.met_again.stop
        ]

    def _add(self, ranks: list[int | None], *, is_first: bool) -> list[Member]:
        seats = self._seats(len(ranks))
        if is_first:
            closing = min(CLOSING_SIZE, len(seats) // 4)
            seats[len(seats) - closing :] = [self._closing] * closing
        new = {firm.name: None for firm in seats if firm and firm.name not in self._accounts}
        self._accounts |= ids_by_name(self._session, Account, self._workspace_id, new)
        contacts = [
            self._make_up(firm, self._accounts[firm.name] if firm else None, rank)
            for firm, rank in zip(seats, ranks, strict=True)
        ]
        ids = add_contacts(self._session, self._workspace_id, contacts)
        return [Member(*row) for row in zip(ids, contacts, seats, strict=True)]

    def _seats(self, count: int) -> list[Firm | None]:
        """The firm of each contact: firm after firm with all its contacts; None for a private contact."""
        random, seats = self._random, list[Firm | None]()
        while len(seats) < count:
            if random.random() < PRIVATE_SHARE:
                seats.append(None)
            else:
                seats += [next(self._firms)] * random.choices(SIZES, SIZE_WEIGHTS)[0]
        return seats[:count]

    def _make_up(self, firm: Firm | None, account_id: int | None, rank: int | None) -> NewContact:
        if rank is None:
            return self._people.contact(firm, account_id, least_age=timedelta(hours=1))
        return self._people.contact(
            firm,
            account_id,
            least_age=WINDOW,
            has_email=rank < self._amounts.met_again.stop,
            from_fair=not self._is_small(rank),
        )

    def _is_small(self, rank: int | None) -> bool:
        return rank is not None and rank < self._amounts.small

    def delete_some(self) -> None:
        """Play the story: what was deleted and which contacts were added again, small deletions first."""
        lock_workspace(self._session, self._workspace_id)
        story = Story(
            self._session,
            self._random,
            self._workspace_id,
            self._catalogue,
            self._amounts,
            self._remembered,
        )
        story.delete_few()
        story.add_twins()
        if self._amounts.showcase:
            add_showcase(
                self._session,
                self._random,
                self._workspace_id,
                self._catalogue,
                self._addresses,
                self._colleague,
                self._now,
            )
        story.delete_fair_leads(self._first_id)
        story.take_addresses()
        if self._amounts.deleted:
            story.delete_associations(self._accounts.get(self._closing.name))
