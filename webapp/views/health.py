"""For whoever watches the app: is the process up, and can it work?"""

from flask import current_app
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp.extensions import db
from webapp.jobs.services import services


def healthz() -> ResponseReturnValue:
    """The process answers."""
    return {"ok": True}


def readyz() -> ResponseReturnValue:
    """Database and Redis answer too; 503 with the name of what does not."""
    checks = {"database": _database(), "redis": _redis()}
    ready = all(checks.values())
    if not ready:
        current_app.logger.warning("not ready: %s", checks)
    return {"ok": ready, **checks}, 200 if ready else 503


def _database() -> bool:
    try:
        db.session.execute(text("SELECT 1 FROM restore_job LIMIT 1"))
    except DBAPIError:
        db.session.remove()
        return False
    return True


def _redis() -> bool:
    try:
        return bool(services().lease.redis.ping())
    except RedisError:
        return False
