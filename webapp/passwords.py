"""Passwords, hashed with argon2 at its library's recommended cost."""

import os
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def _unknown() -> str:
    """A hash at the usual cost that no password has.

    It is put together and not computed: that would cost each process, workers included, a quarter of a
    second when it starts.
    """
    salt, digest = (
        b64encode(os.urandom(size)).decode().rstrip("=") for size in (_hasher.salt_len, _hasher.hash_len)
    )
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"


# Verified against when no user has the address, so that the answer takes as long either way.
UNKNOWN = _unknown()


def hash_password(password: str) -> str:
    """The password as it is stored: salted, and slow to guess."""
    return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one behind `password_hash`; False, after as long, where there is none."""
    try:
        return _hasher.verify(password_hash or UNKNOWN, password) and password_hash is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
