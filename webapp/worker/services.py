"""What pages, commands and the worker need from the app's settings to start jobs and carry them out."""

from dataclasses import dataclass

from flask import Flask, current_app

from webapp.extensions import db
from webapp.jobs.settings import BatchSettings, Rest
from webapp.marketing.sending import Pace
from webapp.worker.connection import connect
from webapp.worker.mail import Mail
from webapp.worker.queue import Doorbell
from webapp.worker.redis_lock import RedisLock
from webapp.worker.smtp import Patience


@dataclass(frozen=True)
class Services:
    """Times in seconds."""

    lock: RedisLock
    doorbell: Doorbell
    mail: Mail
    batches: BatchSettings
    ring_seconds: float
    reconcile_seconds: float
    silence_seconds: float


def init_services(app: Flask) -> None:
    """Build the services from the app's settings; the app context must be up."""
    redis, config = connect(app.config["REDIS_URL"]), app.config
    app.extensions["job_services"] = Services(
        lock=RedisLock(
            redis, lock_seconds=config["LOCK_SECONDS"], starting_seconds=config["STARTING_SECONDS"]
        ),
        doorbell=Doorbell(redis),
        mail=Mail(
            server=config["MAIL_SERVER"],
            public_url=config["PUBLIC_URL"],
            connections=config["MAIL_CONNECTIONS"],
            patience=Patience(step=config["MAIL_STEP_SECONDS"], answer=config["MAIL_ANSWER_SECONDS"]),
            pace=Pace(
                lost=config["MAIL_LOST_SECONDS"],
                first_retry=config["MAIL_RETRY_SECONDS"],
                first_pause=config["MAIL_PAUSE_SECONDS"],
            ),
            from_address=config["MAIL_FROM"],
        ),
        batches=BatchSettings(
            lease=config["LEASE_SECONDS"],
            size=config["BATCH_SIZE"],
            rest=Rest.on(db.engine.dialect.name),
            turn=config["TURN_SECONDS"],
            patience=config["PATIENCE_SECONDS"],
        ),
        ring_seconds=config["RING_SECONDS"],
        reconcile_seconds=config["RECONCILE_SECONDS"],
        silence_seconds=config["SILENCE_SECONDS"],
    )


def services() -> Services:
    """The services of the app whose context is up."""
    found: Services = current_app.extensions["job_services"]
    return found
