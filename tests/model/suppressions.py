"""The addresses that may not be written to, whatever the statuses of their contacts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from tests.model.things import Thing
from webapp.contacts.address import email_key
from webapp.marketing.consent import address_hash

UNSUBSCRIBE, BOUNCE, COMPLAINT = "unsubscribe", "bounce", "complaint"


@lru_cache
def hash_of(address: str) -> str:
    """By which the app finds the suppression of an address without naming it."""
    return address_hash(email_key(address) or "")


@dataclass
class Suppressions:
    # Each with its address, the list or, with None, all lists, and why.
    rows: set[tuple[str, Thing | None, str]] = field(default_factory=set)

    def hold_for(self, address: str | None, mailing_list: Thing) -> bool:
        return any(each == address and scope in (None, mailing_list) for each, scope, _ in self.rows)

    def are_final(self, address: str) -> bool:
        """Whether it bounces, or its owner has complained: no confirmation lifts that."""
        return any((address, None, why) in self.rows for why in (BOUNCE, COMPLAINT))

    def lift(self, address: str, mailing_list: Thing, others: Iterable[Thing]) -> bool:
        """The owner confirms one list: what it has unsubscribed from all lists holds on for the `others`.
        Returns whether anything was lifted."""
        of_all, of_this = (address, None, UNSUBSCRIBE), (address, mailing_list, UNSUBSCRIBE)
        lifted = self.rows & {of_all, of_this}
        if of_all in lifted:
            self.rows |= {(address, other, UNSUBSCRIBE) for other in others}
        self.rows -= lifted
        return bool(lifted)
