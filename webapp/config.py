"""Settings: what the environment says, checked once, so that a mistake is named before anything starts.

Nothing else reads the environment of the app.
"""

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from click import ClickException
from sqlalchemy import URL

from webapp.local_services import redis_url

MIB = 1024 * 1024
# A batch is a transaction of a second at most; this many are several.
LARGEST_BATCH = 30_000

# Processes that carry out restores, by the database's kind.
RESTORE_WORKERS = {"postgresql": 2, "sqlite": 1}
MOST_WORKERS = 32

# The times of the job protocol, in seconds; TIME_SCALE divides them all, so that tests need not wait.
PROTOCOL_TIMES = {
    "LEASE_SECONDS": 30,  # how long a job stays its runner's without a sign of life
    "LOCK_SECONDS": 60,  # how long the Redis key closes the gate if nobody renews it
    "STARTING_SECONDS": 10,  # the age from which a key that no job knows is left over
    "RING_SECONDS": 30,  # how long after ringing for a job it is rung for again
    "HEARTBEAT_SECONDS": 30,  # how often a worker tells Redis that it is still at work
    "RECONCILE_SECONDS": 10,  # how often the worker looks for stalled jobs and writes its heartbeat
    "SILENCE_SECONDS": 30,  # after how long without a heartbeat pages say that no worker runs
}
# Not scaled: a turn must be long beside the start of a process, or jobs that take turns only start processes.
TURNS = {
    "TURN_SECONDS": 5.0,  # how long a job runs before it gives way to another account's
    "PATIENCE_SECONDS": 1.0,  # how long a job waits before others give way to it
}


class ConfigError(ClickException):
    """The environment does not describe an app that can run; the message says what to do.

    As Click's, so that every `flask` command ends with the sentence and not with a traceback.
    """


def load_config(environ: Mapping[str, str], instance_path: Path) -> dict[str, object]:
    """Read the settings.

    :param environ: the environment, normally ``os.environ``; an empty value counts as unset
    :param instance_path: the folder for the secret key, the SQLite file and the private Redis
    :returns: values for ``app.config``
    :raises ConfigError: if a setting is missing, unreadable or unsafe where the app is to run
    """
    settings = {name: value.strip() for name, value in environ.items() if value.strip()}
    production = "DYNO" in settings or settings.get("APP_ENV") == "production"
    database_url = _database_url(settings, instance_path)
    scale = _positive_number(settings, "TIME_SCALE", default=1.0)
    return {
        "PRODUCTION": production,
        "PORT": _port(settings),
        "LOG_LEVEL": settings.get("LOG_LEVEL", "INFO").upper(),
        "SECRET_KEY": _secret_key(settings, instance_path, production),
        "SQLALCHEMY_DATABASE_URI": database_url,
        "REDIS_URL": _redis_url(settings, instance_path, production),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": production,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "MAX_CONTENT_LENGTH": MIB,
        "MAX_FORM_MEMORY_SIZE": MIB // 2,
        # A selection names at most 100 contacts; the rest of a form is a handful of fields.
        "MAX_FORM_PARTS": 200,
        # The token lives as long as the session. What must not be old is the scope of a restore, and that
        # carries its own 30 minutes.
        "WTF_CSRF_TIME_LIMIT": None,
        # None leaves the choice to the code that knows the database.
        "BATCH_SIZE": _whole_number(settings, "BATCH_SIZE", most=LARGEST_BATCH),
        "RESTORE_WORKERS": _whole_number(settings, "RESTORE_WORKERS", most=MOST_WORKERS)
        or RESTORE_WORKERS[database_url.partition(":")[0].partition("+")[0]],
        **{name: seconds / scale for name, seconds in PROTOCOL_TIMES.items()},
        **TURNS,
    }


def _secret_key(settings: Mapping[str, str], instance_path: Path, production: bool) -> str:
    if "SECRET_KEY" in settings:
        return settings["SECRET_KEY"]
    if production:
        raise ConfigError(
            "SECRET_KEY is not set. In production every process needs the same one: set it to a long random "
            "value, for instance the output of `python -c 'import secrets; print(secrets.token_hex(32))'`."
        )
    return _kept_secret(instance_path / "secret_key")


def _kept_secret(path: Path) -> str:
    """The secret in `path`, made on first use. Two processes that start together agree on one.

    The file is written under another name and then linked into place: the link fails if the other process
    was first, and nobody ever sees a file that is half written.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            try:
                with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secrets.token_hex(32))
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink(missing_ok=True)
        secret = path.read_text().strip()
    except OSError as error:
        raise ConfigError(
            f"The secret key cannot be kept: {error}. Make the folder writable or set SECRET_KEY."
        ) from error
    if not secret:
        raise ConfigError(f"{path} is empty. Delete it, and a new key is made; everybody signs in again.")
    return secret


def _database_url(settings: Mapping[str, str], instance_path: Path) -> str:
    url = settings.get("DATABASE_URL") or _default_database(instance_path)
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in {"postgres", "postgresql", "sqlite"}:
        # The value may hold a password, so it is not repeated.
        raise ConfigError("DATABASE_URL must begin with postgresql:// or sqlite:///.")
    if scheme.startswith("sqlite") and "DYNO" in settings:
        raise ConfigError(
            "A dyno's disk is emptied at every restart, so SQLite would lose the contacts. "
            "Add a PostgreSQL database, which sets DATABASE_URL."
        )
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg://{rest}"
    return url


def _default_database(instance_path: Path) -> str:
    # Built and not pasted together, so that a checkout's path may hold any character.
    return URL.create("sqlite", database=str(instance_path / "app.db")).render_as_string()


def _redis_url(settings: Mapping[str, str], instance_path: Path, production: bool) -> str:
    if "REDIS_URL" in settings:
        url = settings["REDIS_URL"]
        if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            raise ConfigError("REDIS_URL must begin with redis://, rediss:// or unix://.")
        return url
    if production:
        raise ConfigError(
            "REDIS_URL is not set. In production it must name the Redis that web and worker share."
        )
    return redis_url(instance_path / "redis")


def _port(settings: Mapping[str, str]) -> int:
    value = settings.get("PORT", "5000")
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
        raise ConfigError(f"PORT must be a number from 1 to 65535, not {value!r}.")
    return int(value)


def _whole_number(settings: Mapping[str, str], name: str, *, most: int) -> int | None:
    value = settings.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and 0 < int(value) <= most):
        raise ConfigError(f"{name} must be a whole number from 1 to {most:,}, not {value!r}.")
    return int(value)


def _positive_number(settings: Mapping[str, str], name: str, default: float) -> float:
    try:
        number = float(settings.get(name, default))
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ConfigError(f"{name} must be a number above 0, not {settings[name]!r}.")
    return number
