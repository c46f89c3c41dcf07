"""The log of a development machine."""

import logging
import sys

from flask import Flask


def test_a_logged_traceback_shows_no_values_of_variables(app: Flask) -> None:
    """They contain names and addresses."""
    address = "ann@private.example"
    try:
        int(address.partition("@")[2].partition(".")[2] and "no number")
    except ValueError:
        record = logging.LogRecord("any", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    [ours] = [handler for handler in logging.getLogger().handlers if getattr(handler, "ours", False)]

    logged = ours.format(record)

    assert "ValueError: invalid literal" in logged
    assert address not in logged
