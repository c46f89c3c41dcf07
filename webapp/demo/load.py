"""A load of demo contacts: some live, some deleted at several moments of the last 30 days."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from random import Random

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.contacts.load import NewContact, add_contacts
from webapp.database import lock_workspace
from webapp.demo.amounts import Amounts
from webapp.demo.deals import add_deals, add_marketing
from webapp.demo.deletions import delete_in_turn
from webapp.demo.people import People, ensure_catalogue
from webapp.models import Contact

CHUNK = 5000

Transaction = Callable[[], AbstractContextManager[None]]


def add_load(
    session: Session, workspace_id: int, *, live: int, deleted: int, seed: int, transaction: Transaction
) -> None:
    """Put in `live` live contacts and `deleted` deleted ones, on top of what is there.

    Each part of the work runs in a `transaction()`: a real one, or nothing where the caller has begun one
    around the whole. Whatever is committed is whole: a contact comes with all that hangs on it.
    """
    amounts = Amounts(live, deleted)
    if amounts.at_first == 0:
        return
    with transaction():
        load = _Load(session, workspace_id, amounts, Random(seed))
    for start in range(0, amounts.at_first, CHUNK):
        with transaction():
            load.put_in(range(start, min(start + CHUNK, amounts.at_first)))
    with transaction():
        # Without fresh statistics SQLite visits every deal for each deleted contact, and takes three times as
        # long for 100,000 contacts.
        session.execute(text("ANALYZE"))
        load.delete_some()


class _Load:
    def __init__(self, session: Session, workspace_id: int, amounts: Amounts, random: Random) -> None:
        self._session = session
        self._workspace_id = workspace_id
        self._amounts = amounts
        self._random = random
        self._now = read_clock(session)
        self._catalogue = ensure_catalogue(session, workspace_id)
        self._people = People(random, self._catalogue, self._now)
        # Those whose ids or addresses are needed again: a few, however big the load.
        self._remembered: list[tuple[int, NewContact]] = []
        self._first_id = 0

    def put_in(self, places: range) -> None:
        """Put in the contacts of these places, with their deals."""
        # The lock keeps two loads of one workspace from giving out the same numbers.
        lock_workspace(self._session, self._workspace_id)
        numbers = self._numbers()
        ranks = [self._amounts.rank(place) for place in places]
        contacts = [self._make_up(next(numbers), rank) for rank in ranks]
        ids = add_contacts(self._session, self._workspace_id, contacts)
        added = list(zip(ids, contacts, strict=True))
        add_deals(self._session, self._random, self._workspace_id, added)
        if places.start == 0:
            self._first_id = ids[0]
            staying = [one for one, rank in zip(added, ranks, strict=True) if not self._is_small(rank)]
            add_marketing(self._session, self._workspace_id, staying, self._now)
        self._remembered += [
            one
            for one, rank in zip(added, ranks, strict=True)
            if rank is not None and rank < self._amounts.met_again.stop
        ]

    def _numbers(self) -> Iterator[int]:
        """Numbers that no address in the database carries: each contact's is at most its id."""
        return count((self._session.scalar(select(func.max(Contact.id))) or 0) + 1)

    def _make_up(self, number: int, rank: int | None) -> NewContact:
        if rank is None:
            return self._people.contact(number, is_old=False)
        return self._people.contact(
            number,
            is_old=True,
            has_email=rank < self._amounts.met_again.stop,
            tags=() if self._is_small(rank) else (self._catalogue.fair_tag,),
        )

    def _is_small(self, rank: int | None) -> bool:
        return rank is not None and rank < self._amounts.small

    def delete_some(self) -> None:
        """Delete what is to be deleted, the small deletions first."""
        delete_in_turn(
            self._session,
            self._workspace_id,
            random=self._random,
            catalogue=self._catalogue,
            amounts=self._amounts,
            remembered=self._remembered,
            first_id=self._first_id,
        )
