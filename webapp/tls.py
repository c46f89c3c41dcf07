"""TLS to the database and to Redis: certificates are checked unless the URL says otherwise (docs/adr/0039).

Everything is said in the URLs, which the drivers read. A server on this machine, on a loopback address or a
socket, needs no TLS. On a dyno, whose add-ons have certificates that they have signed themselves, connections
are encrypted and certificates not checked, unless TLS_CA_FILE names who has signed them.
"""

import ipaddress
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from sqlalchemy import make_url

# Where systems keep the authorities that they trust, beside where Python's own OpenSSL looks.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class NoAuthorities(Exception):
    """There is no file of authorities on this machine."""


def database_with_tls(url: str, *, ca_file: str | None, on_dyno: bool, environ: Mapping[str, str]) -> str:
    """The URL of a PostgreSQL database with `sslmode`, and `sslrootcert` where certificates are checked.

    :param environ: libpq reads PGHOST and PGSSLMODE from it, where the URL leaves them out
    :raises NoAuthorities: if certificates have to be checked and no authority is known
    """
    parsed = make_url(url)
    named = parsed.query.get("host") or parsed.host or environ.get("PGHOST") or ""
    hosts = [each for part in ([named] if isinstance(named, str) else named) for each in part.split(",")]
    more: dict[str, str] = {}
    if "sslmode" in parsed.query or "PGSSLMODE" in environ:
        if ca_file:
            more["sslrootcert"] = ca_file
    elif all(map(is_here, hosts)):
        return url
    elif on_dyno and not ca_file:
        more["sslmode"] = "require"
    else:
        more |= {"sslmode": "verify-full", "sslrootcert": ca_file or _authorities()}
    return _with_query(url, {name: value for name, value in more.items() if name not in parsed.query})


def redis_with_tls(url: str, *, ca_file: str | None, on_dyno: bool) -> str:
    """The URL of a Redis with `ssl_cert_reqs`, if it is one with TLS (`rediss://`)."""
    parts = urlsplit(url)
    if parts.scheme != "rediss":
        return url
    more = {"ssl_cert_reqs": "none" if on_dyno and not ca_file else "required"}
    if ca_file:
        more["ssl_ca_certs"] = ca_file
    said = parse_qs(parts.query, keep_blank_values=True)
    return _with_query(url, {name: value for name, value in more.items() if name not in said})


def is_here(host: str) -> bool:
    """Whether a host is this machine: without a name or with a path it is a socket."""
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _authorities() -> str:
    """The file of the authorities that this machine trusts."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.cafile, *BUNDLES):
        if path and Path(path).is_file():
            return path
    raise NoAuthorities


def _with_query(url: str, more: Mapping[str, str]) -> str:
    if not more:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(more)}"
