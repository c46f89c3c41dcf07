"""What the jobs need from the app they run in, put together once."""

from dataclasses import dataclass

from flask import Flask, current_app

from webapp.extensions import db
from webapp.jobs.connection import connect
from webapp.jobs.doorbell import Doorbell
from webapp.jobs.lease import RedisLease
from webapp.restoring.pace import Pace

# Measured: batches of a second at most on PostgreSQL, of 100 ms on SQLite, where a writer shuts the door.
BATCH_SIZES = {"postgresql": 5000, "sqlite": 500}
REST_SECONDS = {"postgresql": 0.0, "sqlite": 0.025}


@dataclass(frozen=True)
class Services:
    lease: RedisLease
    doorbell: Doorbell
    pace: Pace
    ring_seconds: float
    reconcile_seconds: float


def init_services(app: Flask) -> None:
    """Build the services from the app's settings; the app context must be up."""
    redis = connect(app.config["REDIS_URL"])
    database = db.engine.dialect.name
    app.extensions["restore_services"] = Services(
        lease=RedisLease(
            redis,
            lock_seconds=app.config["LOCK_SECONDS"],
            starting_seconds=app.config["STARTING_SECONDS"],
        ),
        doorbell=Doorbell(redis),
        pace=Pace(
            lease_seconds=app.config["LEASE_SECONDS"],
            batch_size=app.config["BATCH_SIZE"] or BATCH_SIZES[database],
            rest_seconds=REST_SECONDS[database],
        ),
        ring_seconds=app.config["RING_SECONDS"],
        reconcile_seconds=app.config["RECONCILE_SECONDS"],
    )


def services() -> Services:
    """The services of the app whose context is up."""
    found: Services = current_app.extensions["restore_services"]
    return found
