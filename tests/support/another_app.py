"""A second app beside the shared one: with the sign-in limit on, or without Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from webapp import create_app
from webapp.extensions import db, limiter


@contextmanager
def another_app(environ: dict[str, str], **changed: str) -> Iterator[Flask]:
    """An app of its own on the same database, with these settings changed and the sign-in limit on."""
    shared = dict(vars(limiter))
    limiter.enabled = True
    app = create_app(environ | changed)
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()
        # The limiter is one object for the whole process, so its state is put back.
        vars(limiter).clear()
        vars(limiter).update(shared)


def unused_redis_url(folder: Path) -> str:
    """The address of a Redis that does not run."""
    return f"unix://{folder}/no-server.sock"
