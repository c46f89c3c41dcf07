"""Which passwords a person may choose (NIST SP 800-63B, 3.1.1.2).

At least twelve characters of any kind, and none of those that are tried first. How soon that is, the library
zxcvbn estimates by its lists of common passwords, words and names, by keyboards, repetitions and dates.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from webapp.passwords import normal

SHORTEST, LONGEST = 12, 256
# A password that is found within so many guesses is common. Throttled, an attacker makes 100 guesses a day.
FEWEST_GUESSES = 10**8
# The library takes longer than a moment for longer ones, which are not among the common passwords anyway.
EXAMINED = 64
# What is on every page of this app is among the first tries, too.
OURS = frozenset({"contacts", "password"})
# So many characters must be the person's own beside their address, their name and their account's.
OWN = 8
_LETTERS = re.compile(r"[\W_]+")


class Flaw(StrEnum):
    """Why a password may not be chosen."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    # It contains half a character, or a NUL.
    UNREADABLE = "unreadable"
    PERSONAL = "personal"
    COMMON = "common"


def flaw_in(password: str, names: Iterable[str] = ()) -> Flaw | None:
    """What is wrong with the password; None if nothing is.

    :param names: what a stranger knows about the person: their address, their name, the names of their
        accounts
    """
    password = normal(password)
    if len(password) < SHORTEST:
        return Flaw.TOO_SHORT
    if len(password) > LONGEST:
        return Flaw.TOO_LONG
    if "\0" in password or any("\ud800" <= character <= "\udfff" for character in password):
        return Flaw.UNREADABLE
    parts = _parts(names)
    if not _is_own(password, parts):
        return Flaw.PERSONAL
    if not _is_own(password, parts | OURS) or _is_common(password):
        return Flaw.COMMON
    return None


def _is_own(password: str, parts: Iterable[str]) -> bool:
    """Whether enough of it is left without these parts."""
    left = _bare(password)
    # The longest first: a name can contain another one.
    for name in sorted(parts, key=len, reverse=True):
        left = left.replace(name, "")
    return len(left) >= min(OWN, len(_bare(password)))


def _parts(names: Iterable[str]) -> set[str]:
    """The names, their words, and what stands on both sides of an address's @, without signs and spaces."""
    parts: set[str] = set()
    for name in names:
        parts |= {_bare(name), *map(_bare, re.split(r"[\s@.]+", name))}
    return {part for part in parts if len(part) >= 4}


def _bare(text: str) -> str:
    return _LETTERS.sub("", normal(text).casefold())


def _is_common(password: str) -> bool:
    # Loaded when the first password is chosen: its lists take a tenth of a second and 15 MB.
    from zxcvbn import matching, scoring

    examined = password[:EXAMINED]
    found = scoring.most_guessable_match_sequence(examined, matching.omnimatch(examined))
    return bool(found["guesses"] < FEWEST_GUESSES)
