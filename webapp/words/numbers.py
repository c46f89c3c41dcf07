"""Numbers, amounts and enumerations in words."""

from collections.abc import Sequence


def number(value: int) -> str:
    """The number with its thousands separated."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """ "1 contact", "4,812 contacts"; of a noun of several words the last one takes the plural."""
    return f"{number(value)} {noun if value == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """The plural of a noun of ours: "contacts", "addresses"."""
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def joined(phrases: Sequence[str]) -> str:
    """Phrases as one enumeration: "a", "a and b", "a, b and c"."""
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def remaining(seconds: float) -> str:
    """An estimate of the time left, rounded so that it does not jitter."""
    if seconds < 60:
        return f"about {counted(max(5, round(seconds / 5) * 5), 'second')} left"
    return f"about {counted(round(seconds / 60), 'minute')} left"
