"""Turning a letter into what a mail server gets: RFC 5322, plain text, with the links of RFC 8058."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime
from urllib.parse import urlsplit

import idna

from webapp.marketing.transport import Letter
from webapp.words.messages import text_of

# Eight bits are not everywhere possible, so a text that needs them is encoded.
_ASCII = SMTP.clone(cte_type="7bit")
_UTF8 = SMTPUTF8.clone(cte_type="8bit")


class NotComposed(ValueError):
    """The letter cannot be made into a message; the message says why."""


@dataclass(frozen=True)
class Composed:
    """A message as a mail server gets it: from whom, to whom, and its bytes with CRLF.

    `needs_utf8`: an address is not ASCII before its @, which a server must know how to handle (RFC 6531).
    """

    from_address: str
    to_address: str
    content: bytes
    needs_utf8: bool


def compose(letter: Letter, public_url: str) -> Composed:
    """The message of a letter, with links that begin with `public_url`. Raises NotComposed."""
    try:
        return _compose(letter, public_url)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # The library refuses what would break out of a header, by several exceptions.
        raise NotComposed(f"{type(error).__name__}: {error}") from error


def _compose(letter: Letter, public_url: str) -> Composed:
    unsubscribe = f"{public_url}/u/{letter.unsubscribe_token}" if letter.unsubscribe_token else None
    confirm = f"{public_url}/c/{letter.confirm_token}" if letter.confirm_token else None
    text = text_of(letter, unsubscribe_url=unsubscribe, confirm_url=confirm)
    from_address, to_address = _for_server(letter.sender.email), _for_server(letter.to_email)
    needs_utf8 = not (from_address.isascii() and to_address.isascii())
    policy: EmailPolicy[EmailMessage] = _UTF8 if needs_utf8 else _ASCII
    message = EmailMessage(policy=policy)
    message["From"] = _named(letter.sender.name, from_address)
    message["To"] = _named(f"{letter.first_name} {letter.last_name}", to_address)
    message["Subject"] = _plain(text.subject)
    message["Date"] = format_datetime(letter.created_at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.body, charset="utf-8")
    return Composed(
        from_address, to_address, _marks(letter, unsubscribe, public_url) + message.as_bytes(), needs_utf8
    )


def _marks(letter: Letter, unsubscribe: str | None, public_url: str) -> bytes:
    """The headers with addresses of ours, which are ASCII and short enough for a line. The library would fold
    them in the middle, and write the halves in an encoding that no reader of these headers knows."""
    lines = [f"Message-ID: <{letter.mark}@{urlsplit(public_url).hostname}>"]
    if unsubscribe is not None:
        lines.append(f"List-Unsubscribe: <{unsubscribe}>")
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _for_server(address: str) -> str:
    """The address with its domain in Punycode, as every server knows it."""
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(c.isspace() or not c.isprintable() for c in address):
        raise NotComposed("not an address")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}@{domain}"


def _named(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=_plain(name), username=local, domain=domain)


def _plain(text: str) -> str:
    """On one line, and without characters that steer."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
