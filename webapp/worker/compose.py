"""Turning a letter into what a mail server gets: RFC 5322, plain text, with the links of RFC 8058.

By the standard library's encoders, but not by its `EmailMessage`: that takes three times as long, and folds
an address in the middle of a link, in an encoding that no reader of such a header knows.
"""

import quopri
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, quote
from urllib.parse import urlsplit

import idna

from webapp.marketing.transport import Letter
from webapp.words.messages import text_of

CRLF = "\r\n"


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
    from_address, to_address = _for_server(letter.sender.email), _for_server(letter.to_email)
    unsubscribe = f"{public_url}/u/{letter.unsubscribe_token}" if letter.unsubscribe_token else None
    confirm = f"{public_url}/c/{letter.confirm_token}" if letter.confirm_token else None
    text = text_of(letter, unsubscribe_url=unsubscribe, confirm_url=confirm)
    headers = [
        f"Message-ID: <{letter.mark}@{urlsplit(public_url).hostname}>",
        f"Date: {format_datetime(letter.created_at)}",
        f"From: {_named(letter.sender.name, from_address)}",
        f"To: {_named(f'{letter.first_name} {letter.last_name}', to_address)}",
        f"Subject: {_encoded(text.subject, 'Subject')}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
    ]
    if unsubscribe is not None:
        headers.append(f"List-Unsubscribe: <{unsubscribe}>")
        headers.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    try:
        head = f"{CRLF.join(headers)}{CRLF}{CRLF}".encode()
        body = quopri.encodestring("\n".join(text.body.splitlines()).encode()).replace(b"\n", b"\r\n")
    except UnicodeEncodeError as error:
        raise NotComposed("half a character") from error
    needs_utf8 = not (from_address.isascii() and to_address.isascii())
    return Composed(from_address, to_address, head + body + b"\r\n", needs_utf8)


def _for_server(address: str) -> str:
    """The address with its domain in Punycode, as every server knows it."""
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(c in "<>" or c.isspace() or not c.isprintable() for c in address):
        raise NotComposed("not an address")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise NotComposed("not a domain") from error
    return f"{local}@{domain}"


def _named(name: str, address: str) -> str:
    name = _plain(name)
    if not name:
        return address
    return f'"{quote(name)}" <{address}>' if name.isascii() else f"{_encoded(name, 'From')} <{address}>"


def _encoded(text: str, header: str) -> str:
    """A text as a header's value, folded, and encoded where it is not ASCII (RFC 2047)."""
    text = _plain(text)
    try:
        charset = "us-ascii" if text.isascii() else "utf-8"
        return Header(text, charset, header_name=header).encode(linesep=CRLF)
    except UnicodeEncodeError as error:
        raise NotComposed("half a character") from error


def _plain(text: str) -> str:
    """On one line and without characters that steer, so that no text ends its header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
