"""Passwords, hashed with argon2 at its library's recommended cost."""

import os
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def _unknown() -> str:
    """A hash at the usual cost that belongs to no password.

    It is assembled from random bytes: computing one would take a quarter of a second at every process start.
    """
    salt, digest = (
        b64encode(os.urandom(size)).decode().rstrip("=") for size in (_hasher.salt_len, _hasher.hash_len)
    )
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"


# Verified if no user has the address, so that the response takes as long in both cases.
UNKNOWN = _unknown()


def hash_password(password: str) -> str:
    """The salted hash of the password, as it is stored."""
    return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether `password` matches `password_hash`; False for None, after the same time."""
    try:
        return _hasher.verify(password_hash or UNKNOWN, password) and password_hash is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
