"""One line in the log for each request, whatever answers it: Flask, or WhiteNoise for static files.

It says what was asked for and what came of it, and not by whom: no network address, no query, and of a path
no text that is no number. Each line of a request carries its id, which the answer carries, too.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger("access")

CLEAN_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
PLACEHOLDER = re.compile(r"<(?:[^:<>]+:)?(\w+)>")
HIDDEN = "…"
PATH, ENDPOINT = "webapp.path", "webapp.endpoint"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# Is told of each request: method, endpoint, status, seconds.
Observer = Callable[[str, str, int, float], None]


def init_access_log(app: Flask, *observers: Observer) -> None:
    """Log every request. Call it last: what wraps the app before is then measured, too."""

    @app.before_request
    def name_the_route() -> None:
        if request.url_rule is not None:
            arguments = request.view_args or {}
            request.environ[ENDPOINT] = request.url_rule.endpoint
            request.environ[PATH] = PLACEHOLDER.sub(
                lambda found: _shown(arguments.get(found[1])), request.url_rule.rule
            )

    app.wsgi_app = AccessLog(app.wsgi_app, observers)  # type: ignore[method-assign]


def _shown(argument: object) -> str:
    """An id as it is. A text can be a token, or name a person."""
    return str(argument) if isinstance(argument, int) else HIDDEN


class AccessLog:
    """WSGI middleware."""

    def __init__(self, wsgi_app: "WSGIApplication", observers: Iterable[Observer]) -> None:
        self.wsgi_app, self.observers = wsgi_app, tuple(observers)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        began = monotonic()
        given = str(environ.get("HTTP_X_REQUEST_ID", ""))
        request_id = given if CLEAN_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        answer: dict[str, int] = {"status": 500, "bytes": 0}

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
            answer["status"] = int(status[:3])
            return start_response(status, [*headers, ("X-Request-Id", request_id)], *exc_info)

        def end() -> None:
            seconds = monotonic() - began
            self._tell(environ, request_id, answer["status"], answer["bytes"], seconds)
            structlog.contextvars.clear_contextvars()

        try:
            body = self.wsgi_app(environ, start)
        except BaseException:
            end()
            raise
        return _Body(body, answer, end)

    def _tell(
        self, environ: "WSGIEnvironment", request_id: str, status: int, size: int, seconds: float
    ) -> None:
        method = environ.get("REQUEST_METHOD", "")
        method = method if method in METHODS else "OTHER"
        endpoint = environ.get(ENDPOINT, "static" if _is_static(environ) else "none")
        log.info(
            "request",
            request=request_id,
            method=method,
            path=environ.get(PATH) or (environ["PATH_INFO"] if _is_static(environ) else f"/{HIDDEN}"),
            endpoint=endpoint,
            status=status,
            bytes=size,
            seconds=round(seconds, 4),
        )
        for observe in self.observers:
            observe(method, endpoint, status, seconds)


def _is_static(environ: "WSGIEnvironment") -> bool:
    return bool(re.fullmatch(r"/static/[\w./-]{1,200}", environ.get("PATH_INFO", "")))


class _Body:
    """The body of an answer, which is over when all of it was taken, or the server closes it before."""

    def __init__(self, body: Iterable[bytes], answer: dict[str, int], end: Callable[[], None]) -> None:
        self.body, self.answer, self.end, self.is_over = body, answer, end, False

    def __iter__(self) -> Iterator[bytes]:
        for part in self.body:
            self.answer["bytes"] += len(part)
            yield part
        self._end()

    def close(self) -> None:
        try:
            if callable(close := getattr(self.body, "close", None)):
                close()
        finally:
            self._end()

    def _end(self) -> None:
        if not self.is_over:
            self.is_over = True
            self.end()
