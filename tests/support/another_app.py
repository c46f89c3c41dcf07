"""A second app beside the shared one: with attempts limited, or without Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from webapp import create_app
from webapp.extensions import db


@contextmanager
def another_app(environ: dict[str, str], **changed: str) -> Iterator[Flask]:
    """An app of its own on the same database, with these settings changed and attempts limited."""
    app = create_app(environ | changed)
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()


def unused_redis_url(folder: Path) -> str:
    """The address of a Redis that does not run."""
    return f"unix://{folder}/no-server.sock"
