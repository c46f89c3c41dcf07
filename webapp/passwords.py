"""Passwords, hashed with argon2 at its library's recommended cost (RFC 9106), and how many at once.

A hash takes 64 MiB, so each process computes a few at a time, and few requests wait for their turn. More than
that are refused: a queue would only move the memory, and keep the process's threads from other pages.
"""

import os
import unicodedata
from base64 import b64encode
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.gates import Gate

# A flood of strangers fills their own gate. People whose browser has signed in before, or who are signed in,
# go through another. Together they take 192 MiB at most.
STRANGERS = Gate(at_once=2, waiting=3, patience=3.0)
FAMILIAR = Gate(at_once=1, waiting=3, patience=5.0)

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


# Verified if no person has the address, so that the response takes as long in both cases.
UNKNOWN = _unknown()


def use_hasher(hasher: PasswordHasher) -> None:
    """Hash with another cost from now on: the tests do, because they sign in thousands of times."""
    global _hasher, UNKNOWN
    _hasher = hasher
    UNKNOWN = _unknown()


@dataclass(frozen=True)
class Checked:
    """Whether a password is the right one. `renewed` is its hash at today's cost, if the stored one has
    another cost."""

    matches: bool
    renewed: str | None = None


def check_password(password_hash: str | None, password: str, gate: Gate = STRANGERS) -> Checked:
    """Compare a password with the stored hash. For None, when there is no such person or no password, a hash
    is computed all the same. Raises TooBusy."""
    with gate.turn():
        try:
            _hasher.verify(password_hash or UNKNOWN, normal(password))
        except (InvalidHashError, VerificationError, UnicodeEncodeError):
            return Checked(False)
        if password_hash is None:
            return Checked(False)
        outdated = _hasher.check_needs_rehash(password_hash)
        return Checked(True, _hasher.hash(normal(password)) if outdated else None)


def hash_password(password: str, gate: Gate = STRANGERS) -> str:
    """The salted hash of the password, as it is stored. Raises TooBusy."""
    with gate.turn():
        return _hasher.hash(normal(password))


def normal(password: str) -> str:
    """The password in the form that is hashed. Keyboards of two systems can type one text in two forms; NIST
    SP 800-63B, 3.1.1.2 asks to make them one."""
    return unicodedata.normalize("NFKC", password)
