"""Logging: one event per line, as JSON in production and as key=value elsewhere, with the context's
values."""

import logging
import uuid

import structlog
from flask import Flask, request

from webapp.characters import escape_controls

MANY_LINES = {"exception", "stack"}
NO_BREAKS = {ord(char): f"\\u{ord(char):04x}" for char in "\n\r"}
CLEAN_REQUEST_ID = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")


def init_logs(app: Flask) -> None:
    """Send all logs through structlog to standard error, and add a request id to the lines of a request."""
    level = logging.getLevelNamesMapping().get(str(app.config.get("LOG_LEVEL", "INFO")), logging.INFO)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if app.config["PRODUCTION"]
        # The default formatter of tracebacks shows the values of variables, and takes a second for each.
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _one_line,
            _harmless(renderer),
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not getattr(h, "ours", False)]
    handler.ours = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(level)
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )

    @app.before_request
    def bind_request() -> None:
        structlog.contextvars.clear_contextvars()
        given = request.headers.get("X-Request-Id", "")
        known = given if 0 < len(given) <= 64 and set(given) <= CLEAN_REQUEST_ID else uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request=known)


def _one_line(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Keep texts from outside on the line of their event. A traceback has several lines."""
    return {
        name: value if name in MANY_LINES or not isinstance(value, str) else value.translate(NO_BREAKS)
        for name, value in event.items()
    }


def _harmless(renderer: structlog.typing.Processor) -> structlog.typing.Processor:
    """`renderer`, whose lines cannot move a terminal's cursor, or show a text in another order."""
    return lambda *event: escape_controls(str(renderer(*event)))
