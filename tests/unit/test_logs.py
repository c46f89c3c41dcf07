"""The log: what it shows, and what nothing in a request can do to it."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from flask import Flask

from tests.support.another_app import another_app


def our_handler() -> logging.Handler:
    [ours] = [handler for handler in logging.getLogger().handlers if getattr(handler, "ours", False)]
    return ours


@contextmanager
def lines() -> Iterator[list[str]]:
    """What is logged inside the block, line by line."""
    logged, found = io.StringIO(), list[str]()
    copy = logging.StreamHandler(logged)
    copy.setFormatter(our_handler().formatter)
    logging.getLogger().addHandler(copy)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(copy)
        found += logged.getvalue().removesuffix("\n").split("\n")


# A line break and what it would be taken for, a terminal's sequence, its short form, another direction.
NASTY = "/a\n2026-01-01 [info] signed_in\x1b[2J\x9b1A\x7f\u202e\r"


@pytest.mark.parametrize("production", [True, False])
def test_a_text_from_outside_stays_on_its_line(production: bool, environ: dict[str, str], app: Flask) -> None:
    with another_app(environ, APP_ENV="production" if production else ""), lines() as logged:
        structlog.get_logger().warning("request_failed", path=NASTY)
        logging.getLogger("library").warning("no %s", NASTY)

    assert len(logged) == 2
    for line in logged:
        assert line.isprintable(), line
        assert "signed_in" in line
    if production:
        assert [json.loads(line)["event"][:4] for line in logged] == ["requ", "no /"]


def test_a_logged_traceback_shows_no_values_of_variables(app: Flask) -> None:
    """They contain names and addresses."""
    address = "ann@private.example"
    try:
        int(address.partition("@")[2].partition(".")[2] and "no number")
    except ValueError:
        record = logging.LogRecord("any", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())

    logged = our_handler().format(record)

    assert "ValueError: invalid literal" in logged
    assert address not in logged
