"""The firms that a workspace sells to: a wholesaler's customers and prospects."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from random import Random

from webapp.demo.catalogue import RELATIONS
from webapp.demo.countries import Country

RELATION_WEIGHTS = (55, 35, 10)
KEY_ACCOUNT_SHARE = 0.12
# Patterns of a firm's e-mail addresses: most have both names, some only the first.
ADDRESS_PATTERNS = ("{first}.{last}", "{first}.{last}", "{initial}.{last}", "{first}")
# Letters that NFKD does not decompose and that people type without the stroke in an address.
STROKES = str.maketrans({"ł": "l", "ø": "o", "ı": "i"})


@dataclass(frozen=True, eq=False)
class Firm:
    """`relation` is its relation to the workspace; `address_pattern` how its e-mail addresses begin."""

    name: str
    trade: str
    country: Country
    domain: str
    phone: str
    relation: str
    is_key_account: bool
    address_pattern: str


def firms(random: Random, markets: Sequence[tuple[Country, int]]) -> Iterator[Firm]:
    """An endless sequence of firms of these countries, by the countries' weights; repeats after the last."""
    countries = [country for country, _ in markets]
    weights = [weight for _, weight in markets]
    by_country = {country: cycle(list(_firms_of(random, country))) for country in countries}
    while True:
        yield next(by_country[random.choices(countries, weights)[0]])


def _firms_of(random: Random, country: Country) -> Iterator[Firm]:
    for name, trade, phone in _names(random, country):
        yield Firm(
            name=name,
            trade=trade,
            country=country,
            domain=f"{slug(name, country)}.example",
            phone=dialled(random, phone),
            relation=random.choices(RELATIONS, RELATION_WEIGHTS)[0],
            is_key_account=random.random() < KEY_ACCOUNT_SHARE,
            address_pattern=random.choice(ADDRESS_PATTERNS),
        )


def _names(random: Random, country: Country) -> list[tuple[str, str, str]]:
    """All names of firms in the country, with trade and telephone number: first those without a town."""
    plain = [
        (pattern.format(last=own, house=own), trade)
        for pattern, trade in country.firms
        for own in (country.people.last if "{last}" in pattern else country.houses)
    ]
    random.shuffle(plain)
    phones = [phone for _, phone in country.towns]
    found = [(name, trade, random.choice(phones)) for name, trade in plain]
    for town, phone in country.towns:
        found += [(f"{name}, {town}", trade, phone) for name, trade in plain]
    return found


def dialled(random: Random, pattern: str) -> str:
    """A telephone number with a random digit for each #."""
    return re.sub("#", lambda _: random.choice("0123456789"), pattern)


@cache
def slug(name: str, country: Country) -> str:
    """The name in the form for an address: lower-case ASCII letters, digits and hyphens."""
    plain = name.lower()
    for letter, typed in country.typed:
        plain = plain.replace(letter, typed)
    plain = unicodedata.normalize("NFKD", plain.translate(STROKES)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain)
