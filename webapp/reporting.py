"""Error reports to the service that SENTRY_DSN names; without the setting there are none (docs/adr/0040).

A report says where the code failed: the type of the error, the frames, the id of the request or the job. It
has no data of people: no message of an error, which can hold what was typed or stored, no values of
variables, and of a request only the name of its route.
"""

import sys
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# What an event may have. Breadcrumbs, request, user, extra, contexts, modules and the rest go.
KEPT = ("event_id", "timestamp", "platform", "level", "exception", "environment", "release", "tags")
OF_AN_ERROR = ("type", "module", "stacktrace", "mechanism")
OF_A_FRAME = (
    *("filename", "abs_path", "function", "module", "lineno", "in_app"),
    *("context_line", "pre_context", "post_context"),
)
# Ids and names from our own code.
TAGS = ("request", "job", "kind", "workspace", "attempt")
# Seconds that a process which is about to end waits for its report to leave.
PATIENCE = 2.0


def init_reporting(app: Flask) -> None:
    """Report from this process from now on, if the setting says where to."""
    dsn = app.config["SENTRY_DSN"]
    if dsn is None:
        return
    # Here, because importing it is a tenth of the app's start, and few deployments need it.
    import sentry_sdk

    sentry_sdk.init(
        dsn,
        environment="production" if app.config["PRODUCTION"] else "development",
        # Each of them collects data, or reports what our own code takes care of. Ours are `report` below.
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        before_send=without_data,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
    )


def report(error: BaseException, *, now: bool = False, **tags: str) -> None:
    """Report an error that was not expected. Does nothing without SENTRY_DSN, and never fails.

    `tags` are names from our own code. The ids that the log's lines have here go along. `now` waits until the
    report has left, or for PATIENCE seconds: for a process that is about to end.
    """
    sentry_sdk: Any = sys.modules.get("sentry_sdk")
    if sentry_sdk is None:
        # Without the setting it was never loaded, and an error is no moment to load more.
        return
    known = structlog.contextvars.get_contextvars()
    with sentry_sdk.new_scope() as scope:
        for name, value in ({name: known[name] for name in TAGS if name in known} | tags).items():
            scope.set_tag(name, str(value))
        scope.capture_exception(error)
    if now:
        sentry_sdk.flush(PATIENCE)


def without_data(event: "Event", _hint: "Hint") -> "Event":
    """The event with nothing in it that can be about a person."""
    given: dict[str, Any] = dict(event)
    found = {name: given[name] for name in KEPT if name in given}
    errors = (found.get("exception") or {}).get("values") or []
    found["exception"] = {"values": [_bare(error) for error in errors]}
    return found  # type: ignore[return-value]  # a part of an event is one


def _bare(error: dict[str, Any]) -> dict[str, Any]:
    bare = {name: error[name] for name in OF_AN_ERROR if name in error}
    frames = (bare.get("stacktrace") or {}).get("frames") or []
    bare["stacktrace"] = {
        "frames": [{name: frame[name] for name in OF_A_FRAME if name in frame} for frame in frames]
    }
    return bare
