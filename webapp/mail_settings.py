"""The settings of the mail server and of the links in messages, read from their URLs."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

# How a connection is encrypted.
REQUIRED, OFFERED, NEVER, FROM_THE_START = "required", "offered", "never", "from the start"
TLS = {"required": REQUIRED, "offered": OFFERED, "never": NEVER}
PORTS = {"smtp": 587, "smtps": 465}


class UnreadableUrl(ValueError):
    """The setting cannot be read; the message says what it should be, and repeats no password."""


@dataclass(frozen=True)
class MailServer:
    """Where messages are handed over. `tls` is one of the constants above."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = ""


def read_smtp_url(url: str) -> MailServer:
    """`smtp://user:password@host:port?tls=required`, or `smtps://…` for a connection that is encrypted from
    the start. Raises UnreadableUrl.

    With `tls=offered` the connection is encrypted if the server can do it, which is the default without a
    password. A password is sent over an encrypted connection only, unless the server is this machine.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnreadableUrl("must look like smtp://user:password@host:587.") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise UnreadableUrl(
            "must begin with smtp:// or smtps:// and name a host: smtp://user:password@host:587."
        )
    query = parse_qs(parts.query, keep_blank_values=True)
    if parts.path not in ("", "/") or parts.fragment or set(query) - {"tls"}:
        raise UnreadableUrl("may have ?tls=required, offered or never behind the host, and nothing else.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) is not bool(password):
        raise UnreadableUrl("must name a user and a password, or neither.")
    if parts.scheme == "smtps":
        if query:
            raise UnreadableUrl("needs no ?tls=: smtps:// is encrypted from the start.")
        tls = FROM_THE_START
    else:
        default = "required" if password and not _is_this_machine(parts.hostname) else "offered"
        name = query.get("tls", [default])[-1]
        if name not in TLS:
            raise UnreadableUrl("knows ?tls=required, ?tls=offered and ?tls=never.")
        tls = TLS[name]
    if password and tls in (OFFERED, NEVER) and not _is_this_machine(parts.hostname):
        raise UnreadableUrl("would send the password unencrypted. Use ?tls=required or smtps://.")
    return MailServer(parts.hostname, port or PORTS[parts.scheme], tls, user, password)


def read_public_url(url: str, *, production: bool) -> str:
    """The address under which people reach this app, without a slash at its end. Raises UnreadableUrl."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UnreadableUrl("must look like https://crm.example.com.") from None
    schemes = ("https",) if production else ("https", "http")
    if parts.scheme not in schemes or not parts.hostname or not url.isascii() or not url.isprintable():
        raise UnreadableUrl(f"must begin with {' or '.join(f'{s}://' for s in schemes)} and name a host.")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username or " " in url:
        raise UnreadableUrl("must be only the scheme and the host, such as https://crm.example.com.")
    return url.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
