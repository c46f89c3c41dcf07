"""Who a request says it is from and for: the client's address, the scheme and the host."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Load balancers ask for these by an address, which TRUSTED_HOSTS need not name.
MONITORED = ("/healthz", "/readyz")


def init_hosts(app: Flask) -> None:
    """Believe as many proxies as there are, and never send a browser to the host that its request names.

    Each proxy appends the address that it was asked from to X-Forwarded-For, so the last PROXIES of them are
    its own and those of its neighbours; what stands before was sent by the client (docs/adr/0034).
    """
    if proxies := app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.before_request(redirect_within)
    inner = app.wsgi_app

    def answer_monitoring(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") in MONITORED:
            environ["HTTP_HOST"] = "localhost"
        return inner(environ, start_response)

    app.wsgi_app = answer_monitoring  # type: ignore[method-assign]


def redirect_within() -> ResponseReturnValue | None:
    """The router's own redirects, of `//` in a path, without its address of the host."""
    if not isinstance(request.routing_exception, RequestRedirect):
        return None
    there = urlsplit(request.routing_exception.new_url)
    return redirect(f"/{there.path.lstrip('/')}" + (f"?{there.query}" if there.query else ""), 308)
