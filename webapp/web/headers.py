"""The security headers, on every response: also on files, and on what the server answers by itself."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": over HTTPS the CSRF check needs the referrer of a form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Pages show personal data: no cache may keep them, and the back button must not show them after sign-out.
    "Cache-Control": "no-store",
}
# Browsers heed it over HTTPS only.
ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


def init_headers(app: Flask) -> None:
    """Add the headers to each response that does not set them itself. Must be the outermost layer. The server
    finds them in the app's configuration."""
    inner = app.wsgi_app
    ours = app.config["SECURITY_HEADERS"] = HEADERS | (ONLY_HTTPS if app.config["PRODUCTION"] else {})

    def add_headers(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            added = ours | (ONLY_HTTPS if environ["wsgi.url_scheme"] == "https" else {})
            missing = [(name, value) for name, value in added.items() if name.lower() not in given]
            return start_response(status, [*headers, *missing], *error)

        return inner(environ, start)

    app.wsgi_app = add_headers  # type: ignore[method-assign]
