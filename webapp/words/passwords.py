"""Sentences about passwords and second factors."""

from collections.abc import Mapping

from webapp.people.password_rules import LONGEST, SHORTEST, Flaw

RULE = f"At least {SHORTEST} characters: several words are easy to remember and hard to guess."

FLAWS: Mapping[Flaw, str] = {
    Flaw.TOO_SHORT: f"Type at least {SHORTEST} characters.",
    Flaw.TOO_LONG: f"Type at most {LONGEST} characters.",
    Flaw.UNREADABLE: "This contains a character that cannot be typed. Type it again.",
    Flaw.PERSONAL: "This is little more than your address, your name or your account’s. Choose other words.",
    Flaw.COMMON: "This is easy to guess: it is common, or made of what is common. Choose other words.",
}

NO_MATCH = "This e-mail address and password do not belong together. Check both and try again."
WRONG_PASSWORD = "This is not your present password."  # noqa: S105 (a sentence)
SAME_PASSWORD = "This is the password that you have. Choose another one."  # noqa: S105 (a sentence)
BUSY = "Very many people are signing in right now. Try again in a few seconds."
WRONG_CODE = "This code is not right, or was used before. Wait for the next one and type it."
WRONG_RECOVERY_CODE = "This recovery code is not right, or was used before."


def too_many(seconds: int) -> str:
    """What is said where a limit refuses, which ends in so many seconds."""
    if seconds <= 60:
        return "Too many attempts. Wait a minute, then try again."
    minutes = -(-seconds // 60)
    if minutes <= 120:
        return f"Too many attempts. Wait {minutes} minutes, then try again."
    return f"Too many attempts. Wait {-(-minutes // 60)} hours, then try again."
