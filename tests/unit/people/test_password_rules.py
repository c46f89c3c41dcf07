"""Which passwords may be chosen."""

import pytest

from webapp.people.password_rules import Flaw, flaw_in

NAMES = ("ada.lovelace@engine.example", "Ada Lovelace", "Northwind Traders")


@pytest.mark.parametrize(
    "password",
    [
        "restore-demo",
        "correct horse battery staple",
        "summer is nice",
        "ваш парольздесь",
        "Großmutters Kuchen",
        "🐘🦒🐳🦉🐝🐢🦊🐙🦋🐞🐌🐜",
        "x7#kP0!qLm2z",
        "x7#kP0!qLm2z" * 21,
        "my cat likes northwind",
    ],
)
def test_these_are_good(password: str) -> None:
    assert flaw_in(password, NAMES) is None


@pytest.mark.parametrize(
    ("password", "flaw"),
    [
        ("x7#kP0!qLm2", Flaw.TOO_SHORT),
        # Twelve characters in its normal form, six of them typed; and the other way round.
        ("ﬁﬁﬁ", Flaw.TOO_SHORT),
        ("e\u0301" * 11, Flaw.TOO_SHORT),
        ("x7#kP0!qLm2z" * 22, Flaw.TOO_LONG),
        ("\ud800 horse battery", Flaw.UNREADABLE),
        ("horse\0battery staple", Flaw.UNREADABLE),
        ("123456789012", Flaw.COMMON),
        ("aaaaaaaaaaaa", Flaw.COMMON),
        ("qwertyuiop[]", Flaw.COMMON),
        ("Password1234", Flaw.COMMON),
        ("iloveyou1234", Flaw.COMMON),
        ("Passw0rd!2024", Flaw.COMMON),
        ("letmeinletmein", Flaw.COMMON),
        ("            ", Flaw.COMMON),
        ("ada.lovelace@engine.example", Flaw.PERSONAL),
        ("ADA.Lovelace@Engine.example1", Flaw.PERSONAL),
        ("lovelace-2026", Flaw.PERSONAL),
        ("NorthwindTraders!", Flaw.PERSONAL),
        ("northwind2026!", Flaw.PERSONAL),
        ("Contacts2026!", Flaw.COMMON),
    ],
)
def test_these_are_refused(password: str, flaw: Flaw) -> None:
    assert flaw_in(password, NAMES) is flaw
