"""For monitoring: whether the process answers, and whether it can reach what it needs."""

from flask import current_app
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.heartbeat import silent_queues
from webapp.web.migrations import is_migrated
from webapp.worker.queue import QUEUES
from webapp.worker.services import services

# How long the key lives that /readyz writes.
PROBE_SECONDS = 10


def healthz() -> ResponseReturnValue:
    """The process answers."""
    return {"ok": True}


def readyz() -> ResponseReturnValue:
    """Whether the database answers and has the tables of this release, and Redis can be written to; 503 if
    not, and what is broken is false.

    `workers` is false if a queue's worker has not been seen for 30 seconds. The status stays 200 then,
    because pages still work.
    """
    database = _database()
    checks = {"database": database, "migrations": database and is_migrated(db.session()), "redis": _redis()}
    ready = all(checks.values())
    workers = _workers() if checks["database"] else False
    if not (ready and workers):
        current_app.logger.warning("not ready: %s", checks | {"workers": workers})
    return {"ok": ready, **checks, "workers": workers}, 200 if ready else 503


def _database() -> bool:
    try:
        db.session.execute(text("SELECT 1"))
    except DBAPIError:
        db.session.remove()
        return False
    return True


def _redis() -> bool:
    try:
        # A full Redis, a replica, or one that cannot save answers a ping but refuses to write.
        return bool(services().lock.redis.set("readyz", "1", ex=PROBE_SECONDS))
    except RedisError:
        return False


def _workers() -> bool:
    session = db.session()
    try:
        silence = services().silence_seconds
        return not silent_queues(session, QUEUES, read_clock(session), silence=silence)
    except DBAPIError:
        db.session.remove()
        return False
