"""Who a request says it is from and for: the client's address, the scheme and the host."""

from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import RequestRedirect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Load balancers ask for these by an address, which TRUSTED_HOSTS need not name.
MONITORED = ("/healthz", "/readyz")


def init_hosts(app: Flask) -> None:
    """Believe as many proxies as there are, and never send a browser to the host that its request names."""
    inner, proxies = app.wsgi_app, int(app.config["PROXIES"])

    def read_hosts(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if proxies:
            believe(environ, proxies)
        if environ.get("PATH_INFO") in MONITORED:
            environ["HTTP_HOST"] = "localhost"
        elif "HTTP_HOST" in environ:
            # Names of hosts are case-insensitive (RFC 3986, 3.2.2); what compares them here is not.
            environ["HTTP_HOST"] = environ["HTTP_HOST"].lower()
        return inner(environ, start_response)

    app.wsgi_app = read_hosts  # type: ignore[method-assign]
    app.before_request(redirect_within)


def believe(environ: "WSGIEnvironment", proxies: int) -> None:
    """Take the client's address and scheme from what the proxies have written (docs/adr/0034).

    Each of them appends the address that it was asked from, so the client's is the last but `proxies - 1`;
    what stands before was sent by the client itself. Nothing is unquoted, as Werkzeug's ProxyFix does: a
    quotation mark sent by the client would make one value of its own words and the proxy's.
    """
    addresses = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(addresses) >= proxies:
        with suppress(ValueError):
            environ["REMOTE_ADDR"] = str(ip_address(addresses[-proxies].strip()))
    scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip()
    if scheme in ("http", "https"):
        environ["wsgi.url_scheme"] = scheme


def redirect_within() -> ResponseReturnValue | None:
    """The router's own redirects, of `//` in a path, without its address of the host."""
    if not isinstance(request.routing_exception, RequestRedirect):
        return None
    there = urlsplit(request.routing_exception.new_url)
    return redirect(f"/{there.path.lstrip('/')}" + (f"?{there.query}" if there.query else ""), 308)
