"""Secrets that must be read again, encrypted at rest: those of second factors (docs/adr/0037).

A copy of the database alone gives no codes: the key is derived from the deployment's SECRET_KEY, which is not
in it. Its former values open what they have locked.
"""

import base64
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken


class Vault:
    """Locks with the last of `keys`, and opens with each."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernets = [_fernet(key) for key in keys]

    def lock(self, secret: str) -> str:
        """The secret as it is stored."""
        return self._fernets[-1].encrypt(secret.encode()).decode()

    def open(self, stored: str, *, within: int | None = None) -> str | None:
        """The stored secret; None if none of the keys has locked it, or none within so many seconds."""
        for fernet in reversed(self._fernets):
            try:
                return fernet.decrypt(stored.encode(), ttl=within).decode()
            except InvalidToken:
                continue
        return None

    def is_current(self, stored: str) -> bool:
        """Whether the present key has locked it."""
        try:
            self._fernets[-1].decrypt(stored.encode())
        except InvalidToken:
            return False
        return True


def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.digest(key.encode(), b"second factor", "sha256")))
