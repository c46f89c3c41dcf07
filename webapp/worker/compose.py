"""Turning a letter into what a mail server gets: RFC 5322, plain text, with the links of RFC 8058.

By the standard library's encoders, but not by its `EmailMessage`: that takes three times as long, and folds
an address in the middle of a link, in an encoding that no reader of such a header knows.
"""

import quopri
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, quote
from urllib.parse import urlsplit

import idna

from webapp.marketing.transport import Letter
from webapp.words.messages import Text, text_of

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
    unsubscribe = f"{public_url}/u/{letter.unsubscribe_token}" if letter.unsubscribe_token else None
    confirm = f"{public_url}/c/{letter.confirm_token}" if letter.confirm_token else None
    more = []
    if unsubscribe is not None:
        more.append(f"List-Unsubscribe: <{unsubscribe}>")
        more.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return put_together(
        text_of(letter, unsubscribe_url=unsubscribe, confirm_url=confirm),
        message_id=f"{letter.mark}@{urlsplit(public_url).hostname}",
        date=letter.created_at,
        sender=(letter.sender.name, letter.sender.email),
        to=(f"{letter.first_name} {letter.last_name}", letter.to_email),
        more_headers=more,
    )


def put_together(
    text: Text,
    *,
    message_id: str,
    date: datetime,
    sender: tuple[str, str],
    to: tuple[str, str],
    more_headers: Sequence[str] = (),
) -> Composed:
    """A message with this text; `sender` and `to` are a name, perhaps empty, and an address. Raises
    NotComposed."""
    from_address, to_address = _for_server(sender[1]), _for_server(to[1])
    headers = [
        f"Message-ID: <{message_id}>",
        f"Date: {format_datetime(date)}",
        f"From: {_named(sender[0], from_address)}",
        f"To: {_named(to[0], to_address)}",
        f"Subject: {_encoded(text.subject, 'Subject')}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        *more_headers,
    ]
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
