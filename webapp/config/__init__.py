"""The app's settings, read from the environment and checked once, before anything starts.

No other package reads the environment.
"""

from collections.abc import Mapping
from pathlib import Path

from webapp.config import keys, outgoing, services, web
from webapp.config.reading import ConfigError, optional_number, positive_number
from webapp.people.sessions import LONGEST

__all__ = ["ConfigError", "load_config"]

MIB = 1024 * 1024
# The time that one statement of a page may take. Heroku's router waits for 30 seconds.
STATEMENT_SECONDS = 15.0
# A batch should take at most a second; one of this size takes several.
LARGEST_BATCH = 30_000

# Worker processes of the queue of restores, by the kind of database.
RESTORE_WORKERS = {"postgresql": 2, "sqlite": 1}
MOST_WORKERS = 32
# Connections to the mail server at once.
CONNECTIONS, MOST_CONNECTIONS = 8, 32

# The times of the job protocol, in seconds; TIME_SCALE divides them all, so that tests need not wait.
PROTOCOL_TIMES = {
    "LEASE_SECONDS": 30,  # the time after which another runner can claim a job whose runner is silent
    "LOCK_SECONDS": 60,  # the lifetime of the Redis key if it is not renewed
    "STARTING_SECONDS": 10,  # the age at which a key without a job is stale
    "RING_SECONDS": 30,  # the time after which a stalled job is rung for again
    "HEARTBEAT_SECONDS": 30,  # the interval of a worker's heartbeats to Redis
    "RECONCILE_SECONDS": 10,  # the interval of looking for stalled jobs and of heartbeats to the database
    "SILENCE_SECONDS": 30,  # the age of the last heartbeat at which pages say that no worker runs
}
# The times of sending, in seconds; scaled as well.
MAIL_TIMES = {
    "MAIL_STEP_SECONDS": 20,  # the time that a mail server has for each answer
    "MAIL_ANSWER_SECONDS": 120,  # the time for its answer to a whole message, which it may examine first
    "MAIL_LOST_SECONDS": 900,  # the age at which a message in hand is given up: its process has died
    "MAIL_PAUSE_SECONDS": 60,  # the first pause when the server is in trouble; doubled up to an hour
    "MAIL_RETRY_SECONDS": 300,  # the first wait of a message that is refused for now; doubled up to 4 hours
}
# Not scaled: a turn must be long beside the start of a process, or jobs that take turns only start processes.
TURNS = {
    "TURN_SECONDS": 5.0,  # the time after which a job gives way to another workspace's
    "PATIENCE_SECONDS": 1.0,  # the time a job waits before others give way to it
}


def load_config(environ: Mapping[str, str], instance_path: Path) -> dict[str, object]:
    """Read the settings.

    :param environ: the environment, normally ``os.environ``; an empty value counts as unset
    :param instance_path: the folder for the secret key, the SQLite file and the private Redis
    :returns: values for ``app.config``
    :raises ConfigError: if a setting is missing, unreadable or unsafe in production
    """
    settings = {name: value.strip() for name, value in environ.items() if value.strip()}
    production = web.is_production(settings) or "DYNO" in settings
    key = keys.secret_key(settings, instance_path, production)
    former_keys = keys.former_keys(settings, production)
    web.refuse_debugging(settings, production)
    database_url = services.database_url(settings, instance_path, production)
    public_url = web.public_url(settings, production)
    scale = positive_number(settings, "TIME_SCALE", default=1.0)
    return {
        "PRODUCTION": production,
        # None: `make run` takes the first free one from 5000.
        "PORT": web.port(settings),
        "LOG_LEVEL": settings.get("LOG_LEVEL", "INFO").upper(),
        "SECRET_KEY": key,
        "SECRET_KEY_FALLBACKS": former_keys,
        # Flask's own session reads the former keys, Flask-WTF only with this. The last one signs.
        "WTF_CSRF_SECRET_KEY": [*former_keys, key],
        # "sha256"; "sha1" while a release that accepts nothing else runs beside this one.
        "SIGN_WITH": keys.digest(settings),
        "SQLALCHEMY_DATABASE_URI": database_url,
        "STATEMENT_SECONDS": positive_number(settings, "STATEMENT_SECONDS", default=STATEMENT_SECONDS),
        "REDIS_URL": services.redis_url(settings, instance_path, production),
        # A browser takes a cookie of this name only over HTTPS, from this host, and for all of its paths.
        "SESSION_COOKIE_NAME": "__Host-session" if production else "session",
        "SESSION_COOKIE_PATH": "/",
        "PROXIES": web.proxies(settings),
        "TRUSTED_HOSTS": web.trusted_hosts(settings, public_url),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": production,
        "PERMANENT_SESSION_LIFETIME": LONGEST,
        # Sent only when it changes: a slow response of an earlier session must not bring its cookie back.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "MAX_CONTENT_LENGTH": MIB,
        "MAX_FORM_MEMORY_SIZE": MIB // 2,
        # A selection has at most 100 contacts; a form has few other fields.
        "MAX_FORM_PARTS": 200,
        # The token is valid as long as the session. The scope of a restore has its own limit of 30 minutes.
        "WTF_CSRF_TIME_LIMIT": None,
        # None: the kind of job chooses by the database.
        "BATCH_SIZE": optional_number(settings, "BATCH_SIZE", most=LARGEST_BATCH),
        "RESTORE_WORKERS": optional_number(settings, "RESTORE_WORKERS", most=MOST_WORKERS)
        or RESTORE_WORKERS[database_url.partition(":")[0].partition("+")[0]],
        # None: messages end in the outbox.
        "MAIL_SERVER": outgoing.mail_server(settings),
        "MAIL_CONNECTIONS": optional_number(settings, "SMTP_CONNECTIONS", most=MOST_CONNECTIONS)
        or CONNECTIONS,
        # None: no-reply@ the host of PUBLIC_URL.
        "MAIL_FROM": outgoing.mail_from(settings),
        "PUBLIC_URL": public_url,
        # None: there are no metrics.
        "METRICS_TOKEN": outgoing.metrics_token(settings),
        # None: errors are only logged.
        "SENTRY_DSN": outgoing.sentry_dsn(settings),
        **{name: seconds / scale for name, seconds in (PROTOCOL_TIMES | MAIL_TIMES).items()},
        **TURNS,
    }
