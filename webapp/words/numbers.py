"""Numbers, amounts and enumerations in words."""

from collections.abc import Sequence


def number(value: int) -> str:
    """The number with its thousands separated."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """ "1 contact", "4,812 contacts". Of a noun of several words the last one takes the plural."""
    return f"{number(value)} {noun if value == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """The plural of a noun that this app uses: "contacts", "addresses"."""
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def joined(phrases: Sequence[str]) -> str:
    """The phrases as one enumeration: "a", "a and b", "a, b and c"."""
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def duration(seconds: float) -> str:
    """A time in seconds, or in minutes from two minutes on: "under a second", "45 seconds", "3 minutes"."""
    if round(seconds) == 0:
        return "under a second"
    return counted(round(seconds), "second") if seconds < 120 else counted(round(seconds / 60), "minute")


def remaining(seconds: float) -> str:
    """An estimate of the time left, rounded so that it does not jitter."""
    if seconds < 60:
        return f"about {counted(max(5, round(seconds / 5) * 5), 'second')} left"
    return f"about {counted(round(seconds / 60), 'minute')} left"
