"""E-mail addresses: what one may contain, and the key by which two spellings are one address.

What an address may contain is decided by the library email-validator, by syntax alone: no look-up goes over
the network, because only a message can prove that an address exists (docs/adr/0015).
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import email_validator
import regex
from email_validator import EmailNotValidError, validate_email

from webapp.characters import without_invisible

# Without this, the library refuses the names that a company uses in its own network: root@localhost.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()

# In bytes (RFC 5321), which the column's characters can hold.
LONGEST = 254
# What most addresses look like. The library accepts them all, in seventy times the time.
_PLAIN = re.compile(
    r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@[a-z0-9]{1,63}(\.[a-z0-9]{1,63}){0,5}", re.ASCII | re.IGNORECASE
)

# Sets an emoji in colour.
_EMOJI_STYLE = regex.compile(r"(?<=\p{Extended_Pictographic})\uFE0F")


class NotAnAddress(ValueError):
    """A text that cannot be an e-mail address; the message says why, as a clause."""


class Address(NamedTuple):
    """An e-mail address as it is shown, and its key. Both are None if there is none."""

    email: str | None
    key: str | None


def read_address(text: str | None) -> Address:
    """The address that a person has typed, without spaces around it; an empty text is no address.

    Raises NotAnAddress. Everything that takes an address goes through this function.
    """
    email = (text or "").strip()
    if not email:
        return Address(None, None)
    if reason := why_not_an_address(email):
        raise NotAnAddress(reason)
    return Address(email, email_key(email))


def email_key(email: str | None) -> str | None:
    """The key of an address: two addresses with one key are one person's. None for an empty one.

    Case and composition are folded, and invisible characters dropped. A domain in Punycode has the key of the
    domain in its own letters. Python does this, because the two databases lower-case and trim differently. A
    text that is no address has a key, too: it was stored before it was refused.
    """
    text = " ".join((email or "").split())
    if text.isascii():
        text = text.lower()
    else:
        # Compose after lower-casing: in Unicode "ǰ" is one letter, its capital only two.
        text = " ".join(unicodedata.normalize("NFC", without_invisible(text).lower()).split())
    local, at, domain = text.rpartition("@")
    if at and ("xn--" in domain or not domain.isascii()):
        text = f"{local}@{_domain_key(domain)}"
    return text or None


def why_not_an_address(text: str) -> str | None:
    """Why `text` cannot be an e-mail address, as a clause; None if it can.

    A domain without a dot is valid within a company. Dots anywhere before the @ are accepted: providers in
    Japan have given such addresses to their customers.
    """
    if len(text) <= LONGEST and _PLAIN.fullmatch(text):
        return None
    if reason := _visible_fault(text):
        return reason
    local, _, domain = text.partition("@")
    return _syntax_fault(re.sub(r"\.+", ".", local).strip(".") or local, domain)


def _visible_fault(text: str) -> str | None:
    """What a person would notice first."""
    if "@" not in text:
        return "it has no @"
    if any(character.isspace() for character in text):
        return "it contains a space"
    styled = _EMOJI_STYLE.sub("", text)
    if styled != (visible := without_invisible(styled)):
        hidden = next(
            character for character in styled if character not in visible and not without_invisible(character)
        )
        return f"it contains a character that cannot be seen (U+{ord(hidden):04X})"
    if text.count("@") > 1:
        return "it has more than one @"
    if text.startswith("@"):
        return "nothing stands before the @"
    if text.endswith("@"):
        return "nothing stands after the @"
    return None


def _syntax_fault(local: str, domain: str) -> str | None:
    if _is_valid(f"{local}@{domain}"):
        return None
    if len(f"{local}@{domain}".encode("utf-8", "surrogatepass")) > LONGEST:
        return "it is too long"
    for place, part, alone in (("before", local, "{}@x"), ("after", domain, "x@{}")):
        for character in part:
            if not _needs_others(character) and not _is_valid(alone.format(character)):
                return f"“{character}” cannot stand {place} the @"
    if not _is_valid(f"x@{domain}"):
        return f"“{domain}” cannot be a domain"
    return f"“{local}” cannot stand before the @"


def _needs_others(character: str) -> bool:
    """Whether the character is valid only between or after others: a dot, a hyphen, an accent."""
    return character in ".-" or unicodedata.category(character).startswith("M")


def _is_valid(text: str) -> bool:
    try:
        _validate(text)
    except EmailNotValidError:
        return False
    return True


@lru_cache(1024)
def _domain_key(domain: str) -> str:
    try:
        return _validate(f"x@{domain}").domain
    except EmailNotValidError:
        return domain


def _validate(text: str) -> email_validator.ValidatedEmail:
    return validate_email(text, check_deliverability=False, globally_deliverable=False)
