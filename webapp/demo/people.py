"""Generating contacts: their names, addresses, lists, tags and creation times."""

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
# The age of the oldest contacts, and the age from which contacts come from the previous CRM.
THREE_YEARS, OLD_SYSTEM_LEFT = 3 * 365 * DAY, 2 * 365 * DAY
# When the trade fair was, and for how many days.
FAIR_AGO, FAIR_DAYS = 200 * DAY, 3
# Older contacts have all confirmed their subscriptions.
CONFIRMED_WITHIN = 90 * DAY

FROM_AFAR_SHARE = 0.14
# 16 MiB. With two million addresses less than one in a hundred shares its bit with another.
BITS = 27
ROLE_ADDRESSES = ("info", "office", "orders", "kitchen", "hello")
# Lists with the percentage of contacts on them.
FOR_ALL = ((NEWSLETTER, 72), (OFFERS, 38), (TASTINGS, 18), (RECIPES, 20), (GONE_LIST, 22))
FOR_FIRMS = (*FOR_ALL, (PRICES, 45))


class Addresses:
    """Generates e-mail addresses, each once; one gets a number only if two people of a domain share a name.

    Stores one bit for each used address, at a checksum of it, so that the memory does not grow. An address
    whose bit is set by another counts as used, and the next number is tried.
    """

    def __init__(self) -> None:
        self._used = bytearray(2**BITS // 8)

    def mark_used(self, addresses: Iterable[str]) -> None:
        """Mark these addresses, in lower case, as used."""
        for address in addresses:
            self._use(address)

    def new(self, domain: str, *preferred: str) -> str:
        """The first unused one of `preferred` at the domain; if all are used, the last with a number."""
        for name in preferred:
            if self._use(address := f"{name}@{domain}"):
                return address
        number = 2
        while not self._use(address := f"{preferred[-1]}{number}@{domain}"):
            number += 1
        return address

    def _use(self, address: str) -> bool:
        """Mark the address as used; return whether it was unused."""
        checksum = crc32(address.encode())
        byte, bit = checksum // 8 % len(self._used), 1 << checksum % 8
        was_unused = not self._used[byte] & bit
        self._used[byte] |= bit
        return was_unused


class People:
    """Generates contacts one by one; the same ones for the same seed."""

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
        # One offset for all years: an hour's difference in an old Created Date does not matter.
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
        """A contact of `firm`, or a private one, created at least `least_age` ago.

        With `has_email` it surely has an address, with `from_fair` the fair's tag.
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
            # A shared address of the firm, without a person's name.
            first = last = ""
            email = self._addresses.new(firm.domain, *random.sample(ROLE_ADDRESSES, 3))
        else:
            email = self._address(first, last, firm, country)
            if kind < 0.07:
                # Capitals as people type them; searches and comparisons use lower case.
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
            preferred = [f"{one}.{two}", f"{one}{two}", f"{two}.{one}"]
            self._random.shuffle(preferred)
            return self._addresses.new(self._random.choice(country.mailboxes), *preferred)
        return self._addresses.new(
            firm.domain, firm.address_pattern.format(first=one, last=two, initial=one[0]), f"{one}.{two}"
        )

    def _phone(self, firm: Firm | None, country: Country) -> str:
        if firm and self._random.random() < 0.75:
            return firm.phone
        return dialled(self._random, country.mobile)

    def _subscriptions(self, firm: Firm | None, created_at: datetime) -> list[tuple[int, SubscriptionStatus]]:
        """An address bounces on all lists or on none; only new contacts can be unconfirmed."""
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
        self, firm: Firm | None, created_at: datetime, from_fair: bool, is_person: bool
    ) -> Iterable[str]:
        random = self._random
        if firm:
            yield firm.relation
            if firm.is_key_account:
                yield KEY_ACCOUNT
            if is_person and random.random() < 0.6:
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
        """A creation time: more contacts from year to year, those of firms within office hours.

        Most of the fair's leads were added at the fair, the others earlier or later.
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
