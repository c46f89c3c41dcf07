"""The firms that a workspace sells to: a wholesaler's customers, and those who may become some."""

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
# How a firm writes its people's addresses: most with both names, the small ones with the first.
WRITTEN = ("{first}.{last}", "{first}.{last}", "{initial}.{last}", "{first}")
# What NFKD leaves whole although people type it in an address without its stroke.
STROKES = str.maketrans({"ł": "l", "ø": "o", "ı": "i"})


@dataclass(frozen=True, eq=False)
class Firm:
    """`relation` is what it is to the workspace; `written` how its addresses begin."""

    name: str
    trade: str
    country: Country
    domain: str
    phone: str
    relation: str
    is_key_account: bool
    written: str


def firms(random: Random, markets: Sequence[tuple[Country, int]]) -> Iterator[Firm]:
    """Firms of these countries without end, by the countries' weights; the same again once all have been."""
    countries = [country for country, _ in markets]
    weights = [weight for _, weight in markets]
    there = {country: cycle(list(_firms_of(random, country))) for country in countries}
    while True:
        yield next(there[random.choices(countries, weights)[0]])


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
            written=random.choice(WRITTEN),
        )


def _names(random: Random, country: Country) -> list[tuple[str, str, str]]:
    """Each name that a firm of the country can have, with trade and telephone: first those without a town."""
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
    """The telephone number with a digit for each #."""
    return re.sub("#", lambda _: random.choice("0123456789"), pattern)


@cache
def slug(name: str, country: Country) -> str:
    """The name as it stands in an address: lower-case ASCII letters, digits and hyphens."""
    plain = name.lower()
    for letter, typed in country.typed:
        plain = plain.replace(letter, typed)
    plain = unicodedata.normalize("NFKD", plain.translate(STROKES)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain)
