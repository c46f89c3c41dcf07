"""The signed texts in links that work once."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from itsdangerous import BadSignature, Signer

from webapp.numbers import whole_number

_SALT = "one-time-link"
_NONCE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class LinkName:
    """What a token says: a link's row, and the nonce that only its row has."""

    link_id: int
    nonce: str


def to_token(link_id: int, nonce: str, keys: Sequence[str]) -> str:
    """The token of a link, signed with the last of the keys."""
    return _signer(keys).sign(f"{link_id}.{nonce}").decode()


def read_token(token: str, keys: Sequence[str]) -> LinkName | None:
    """What a token says; None if none of the keys has signed it."""
    try:
        text = _signer(keys).unsign(token).decode()
    except (BadSignature, UnicodeError):
        return None
    number, _, nonce = text.partition(".")
    link_id = whole_number(number)
    return LinkName(link_id, nonce) if link_id is not None and _NONCE.fullmatch(nonce) else None


def _signer(keys: Sequence[str]) -> Signer:
    return Signer(list(keys), salt=_SALT, key_derivation="hmac", digest_method=hashlib.sha256)
