"""Passwords, hashed with argon2 at its library's recommended cost."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
# Verified against when nobody has the address, so that the answer takes as long either way.
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The password as it is stored: salted, and slow to guess."""
    return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one behind `password_hash`; False, after as long, where there is none."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
