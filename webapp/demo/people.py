"""Making up contacts: who they are and where, what lists and tags they carry, when they came."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from random import Random
from zlib import crc32
from zoneinfo import ZoneInfo

from webapp.contacts.load import NewContact
from webapp.demo.catalogue import (
    FAIR_TAG,
    GONE_LIST,
    GONE_TAG,
    INTERESTS,
    KEY_ACCOUNT,
    NEWSLETTER,
    OFFERS,
    ONLINE_SHOP,
    PRICES,
    RECIPES,
    ROLES,
    TASTING_GUEST,
    TASTINGS,
    Catalogue,
)
from webapp.demo.countries import Country
from webapp.demo.firms import Firm, dialled, slug
from webapp.demo.names import FROM_AFAR, Names
from webapp.models.mailing_list import SubscriptionStatus

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# How long the workspace has had contacts; the older ones came from the system that it had before.
THREE_YEARS, OLD_SYSTEM_LEFT = 3 * 365 * DAY, 2 * 365 * DAY
# Three days of a trade fair, so long ago.
FAIR_AGO, FAIR_DAYS = 200 * DAY, 3
# Somebody who has not confirmed in this time hardly ever does.
CONFIRMED_WITHIN = 90 * DAY

FROM_AFAR_SHARE = 0.14
# 16 MiB. Of two million addresses not one in a hundred finds its bit taken by another.
BITS = 27
ROLE_ADDRESSES = ("info", "office", "orders", "kitchen", "hello")
# On which lists people are, and how many of a hundred.
FOR_ALL = ((NEWSLETTER, 72), (OFFERS, 38), (TASTINGS, 18), (RECIPES, 20), (GONE_LIST, 22))
FOR_FIRMS = (*FOR_ALL, (PRICES, 45))


class Addresses:
    """Gives out e-mail addresses, each once: a number only where two people of a domain share a name.

    What is given out is kept as one bit for each, found by a checksum, so that millions take no more memory
    than one. An address whose bit another has taken counts as given out, and the next number is tried.
    """

    def __init__(self) -> None:
        self._given = bytearray(2**BITS // 8)

    def know(self, given: Iterable[str]) -> None:
        """Take these addresses, in lower case, for given out."""
        for address in given:
            self._take(address)

    def give(self, domain: str, *wishes: str) -> str:
        """The first free one of `wishes` at the domain; where all are given out, the last with a number."""
        for wish in wishes:
            if self._take(address := f"{wish}@{domain}"):
                return address
        number = 2
        while not self._take(address := f"{wishes[-1]}{number}@{domain}"):
            number += 1
        return address

    def _take(self, address: str) -> bool:
        """Give the address out; whether it was free."""
        checksum = crc32(address.encode())
        place, bit = checksum // 8 % len(self._given), 1 << checksum % 8
        was_free = not self._given[place] & bit
        self._given[place] |= bit
        return was_free


class People:
    """Makes up one contact after the other; the same ones for the same seed."""

    def __init__(
        self,
        random: Random,
        catalogue: Catalogue,
        addresses: Addresses,
        markets: Sequence[tuple[Country, int]],
        *,
        now: datetime,
        zone: ZoneInfo,
    ) -> None:
        self._random = random
        self._lists = catalogue.lists
        self._tags = catalogue.tags
        self._addresses = addresses
        self._countries = [country for country, weight in markets for _ in range(weight)]
        self._now = now
        # One offset for all years: nobody minds an hour in a Created Date of last summer.
        self._offset = now.astimezone(zone).utcoffset() or timedelta(0)

    def contact(
        self,
        firm: Firm | None,
        account_id: int | None,
        *,
        least_age: timedelta,
        has_email: bool = False,
        from_fair: bool = False,
    ) -> NewContact:
        """Somebody of `firm`, or somebody who buys for themselves; at least so old.

        `has_email` gives an address for certain; `from_fair` the fair's tag.
        """
        random = self._random
        created_at = self._moment(firm, least_age, from_fair)
        country = firm.country if firm else random.choice(self._countries)
        names: Names = random.choice(FROM_AFAR) if random.random() < FROM_AFAR_SHARE else country.people
        first, last = random.choice(names.first), random.choice(names.last)
        kind = random.random()
        if kind < 0.03 and not has_email:
            email = None
        elif firm and kind < 0.06:
            # Nobody's own: the address that everybody of the firm reads.
            first = last = ""
            email = self._addresses.give(firm.domain, *random.sample(ROLE_ADDRESSES, 3))
        else:
            email = self._address(first, last, firm, country)
            if kind < 0.07:
                # As people type it; it is found and compared in lower case all the same.
                email = email.title()
        return NewContact(
            created_at=created_at,
            email=email,
            first_name=first,
            last_name=last,
            phone=self._phone(firm, country) if email is None or random.random() < 0.6 else "",
            account_id=account_id,
            lists=self._subscriptions(firm, created_at) if email else (),
            tags=[self._tags[name] for name in self._carried(firm, created_at, from_fair, bool(first))],
        )

    def _address(self, first: str, last: str, firm: Firm | None, country: Country) -> str:
        one, two = slug(first, country), slug(last, country)
        if firm is None:
            wishes = [f"{one}.{two}", f"{one}{two}", f"{two}.{one}"]
            self._random.shuffle(wishes)
            return self._addresses.give(self._random.choice(country.mailboxes), *wishes)
        return self._addresses.give(
            firm.domain, firm.written.format(first=one, last=two, initial=one[0]), f"{one}.{two}"
        )

    def _phone(self, firm: Firm | None, country: Country) -> str:
        if firm and self._random.random() < 0.75:
            return firm.phone
        return dialled(self._random, country.mobile)

    def _subscriptions(self, firm: Firm | None, created_at: datetime) -> list[tuple[int, SubscriptionStatus]]:
        """An address bounces everywhere or nowhere; only who came lately still has to confirm."""
        random = self._random
        bounces = random.random() < 0.04
        confirms = self._now - created_at > CONFIRMED_WITHIN or random.random() < 0.7
        found = []
        for name, share in FOR_FIRMS if firm else FOR_ALL:
            chance = random.random()
            if chance * 100 < share:
                if bounces:
                    status = SubscriptionStatus.BOUNCED
                elif not confirms:
                    status = SubscriptionStatus.UNCONFIRMED
                elif chance * 800 < share:
                    status = SubscriptionStatus.UNSUBSCRIBED
                else:
                    status = SubscriptionStatus.SUBSCRIBED
                found.append((self._lists[name], status))
        return found

    def _carried(
        self, firm: Firm | None, created_at: datetime, from_fair: bool, is_somebody: bool
    ) -> Iterable[str]:
        random = self._random
        if firm:
            yield firm.relation
            if firm.is_key_account:
                yield KEY_ACCOUNT
            if is_somebody and random.random() < 0.6:
                yield random.choice(ROLES)
        else:
            yield ONLINE_SHOP
        if random.random() < 0.3:
            yield random.choice(INTERESTS)
        if random.random() < 0.06:
            yield TASTING_GUEST
        if self._now - created_at > OLD_SYSTEM_LEFT:
            yield GONE_TAG
        if from_fair:
            yield FAIR_TAG

    def _moment(self, firm: Firm | None, least_age: timedelta, from_fair: bool) -> datetime:
        """When somebody came: more of them from year to year, those of firms within office hours.

        Of the fair's leads most are written down at the fair, the others were known before.
        """
        random = self._random
        at_fair = from_fair and random.random() < 0.7
        if at_fair:
            age = FAIR_AGO - random.randrange(FAIR_DAYS) * DAY
        else:
            age = least_age + (THREE_YEARS - least_age) * (1 - random.random() ** 0.5)
        latest = self._now - least_age + self._offset
        midnight = datetime.combine((self._now - age + self._offset).date(), time(), latest.tzinfo)
        opens, hours = (8.5, 9) if firm or at_fair else (7, 15.5)
        moment = midnight + (opens + random.random() * hours) * HOUR
        if moment > latest:
            moment -= DAY
        if firm and not at_fair and moment.weekday() > 4:
            moment -= (moment.weekday() - 4) * DAY
        return moment - self._offset
