"""Passwords: checking one takes as long whether or not a user has the address."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from webapp.passwords import UNKNOWN, hash_password, password_matches


def test_a_password_matches_its_own_hash_only() -> None:
    stored = hash_password("right")

    assert password_matches(stored, "right")
    assert not password_matches(stored, "wrong")
    assert not password_matches("no hash", "right")
    assert not password_matches(None, "right")


def test_for_an_unknown_address_a_hash_of_the_same_cost_is_verified() -> None:
    """It is well-formed, so the whole hash is computed before the answer is no."""
    assert extract_parameters(UNKNOWN) == extract_parameters(hash_password("any"))
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(UNKNOWN, "any")
