"""The app's settings, read from the environment and checked once, before anything starts.

No other module reads the environment.
"""

import os
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from click import ClickException
from sqlalchemy import URL

from webapp.local_services import redis_url
from webapp.mail_settings import MailServer, UnreadableUrl, read_public_url, read_smtp_url
from webapp.numbers import whole_number

MIB = 1024 * 1024
# The time that one statement of a page may take. Heroku's router waits for 30 seconds.
STATEMENT_SECONDS = 15.0
MOST_PROXIES = 9
# With a dot before it, its subdomains as well.
HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*")
THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")
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


class ConfigError(ClickException):
    """A setting is missing or invalid; the message says what to do.

    A ClickException, so that every `flask` command prints the message and no traceback.
    """


def load_config(environ: Mapping[str, str], instance_path: Path) -> dict[str, object]:
    """Read the settings.

    :param environ: the environment, normally ``os.environ``; an empty value counts as unset
    :param instance_path: the folder for the secret key, the SQLite file and the private Redis
    :returns: values for ``app.config``
    :raises ConfigError: if a setting is missing, unreadable or unsafe in production
    """
    settings = {name: value.strip() for name, value in environ.items() if value.strip()}
    production = "DYNO" in settings or settings.get("APP_ENV") == "production"
    _refuse_debugging(settings, production)
    database_url = _database_url(settings, instance_path, production)
    public_url = _public_url(settings, production)
    scale = _positive_number(settings, "TIME_SCALE", default=1.0)
    return {
        "PRODUCTION": production,
        # None: `make run` takes the first free one from 5000.
        "PORT": _port(settings),
        "LOG_LEVEL": settings.get("LOG_LEVEL", "INFO").upper(),
        "SECRET_KEY": _secret_key(settings, instance_path, production),
        "SQLALCHEMY_DATABASE_URI": database_url,
        "STATEMENT_SECONDS": _positive_number(settings, "STATEMENT_SECONDS", default=STATEMENT_SECONDS),
        "REDIS_URL": _redis_url(settings, instance_path, production),
        "PROXIES": _proxies(settings),
        "TRUSTED_HOSTS": _trusted_hosts(settings, public_url),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": production,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "MAX_CONTENT_LENGTH": MIB,
        "MAX_FORM_MEMORY_SIZE": MIB // 2,
        # A selection has at most 100 contacts; a form has few other fields.
        "MAX_FORM_PARTS": 200,
        # The token is valid as long as the session. The scope of a restore has its own limit of 30 minutes.
        "WTF_CSRF_TIME_LIMIT": None,
        # None: the kind of job chooses by the database.
        "BATCH_SIZE": _optional_number(settings, "BATCH_SIZE", most=LARGEST_BATCH),
        "RESTORE_WORKERS": _optional_number(settings, "RESTORE_WORKERS", most=MOST_WORKERS)
        or RESTORE_WORKERS[database_url.partition(":")[0].partition("+")[0]],
        # None: messages end in the outbox.
        "MAIL_SERVER": _mail_server(settings),
        "MAIL_CONNECTIONS": _optional_number(settings, "SMTP_CONNECTIONS", most=MOST_CONNECTIONS)
        or CONNECTIONS,
        "PUBLIC_URL": public_url,
        **{name: seconds / scale for name, seconds in (PROTOCOL_TIMES | MAIL_TIMES).items()},
        **TURNS,
    }


def _mail_server(settings: Mapping[str, str]) -> MailServer | None:
    try:
        return read_smtp_url(settings["SMTP_URL"]) if "SMTP_URL" in settings else None
    except UnreadableUrl as error:
        # The value can contain a password, so the message does not repeat it.
        raise ConfigError(f"SMTP_URL {error}") from None


def _public_url(settings: Mapping[str, str], production: bool) -> str | None:
    try:
        if "PUBLIC_URL" in settings:
            return read_public_url(settings["PUBLIC_URL"], production=production)
        return None
    except UnreadableUrl as error:
        raise ConfigError(f"PUBLIC_URL {error}") from None


def _secret_key(settings: Mapping[str, str], instance_path: Path, production: bool) -> str:
    if "SECRET_KEY" in settings:
        return settings["SECRET_KEY"]
    if production:
        raise ConfigError(
            "SECRET_KEY is not set. In production every process needs the same one: set it to a long random "
            "value, for instance the output of `python -c 'import secrets; print(secrets.token_hex(32))'`."
        )
    return _stored_secret(instance_path / "secret_key")


def _stored_secret(path: Path) -> str:
    """The secret in the file `path`, created on first use. Two processes that start together share one.

    The file is written under another name and then linked: the link fails if another process was first, and
    no process reads a partly written file.
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
            f"The secret key cannot be stored: {error}. Make the folder writable or set SECRET_KEY."
        ) from error
    if not secret:
        raise ConfigError(
            f"{path} is empty. Delete it to have a new key created; all users must then sign in again."
        )
    return secret


def _refuse_debugging(settings: Mapping[str, str], production: bool) -> None:
    if production and settings.get("FLASK_DEBUG", "0").lower() not in ("0", "false", "no"):
        raise ConfigError(
            "FLASK_DEBUG is set. In production it would show the code to strangers. Remove the setting."
        )


def _proxies(settings: Mapping[str, str]) -> int:
    """How many proxies each request has passed. On a dyno it is Heroku's router."""
    text = settings.get("PROXIES", "1" if "DYNO" in settings else "0")
    number = whole_number(text, least=0, most=MOST_PROXIES)
    if number is None:
        raise ConfigError(f"PROXIES must be a whole number from 0 to {MOST_PROXIES}, not {text!r}.")
    return number


def _trusted_hosts(settings: Mapping[str, str], public_url: str | None) -> list[str] | None:
    """The hosts that a request may name: by default that of PUBLIC_URL; None for any. This machine is always
    one of them, for monitoring."""
    given = settings.get("TRUSTED_HOSTS", "").replace(",", " ").lower().split()
    for host in given:
        if not HOST.fullmatch(host):
            raise ConfigError(
                "TRUSTED_HOSTS must be names of hosts, separated by commas, as in "
                f"crm.example.com,.example.org (with all its subdomains), not {host!r}."
            )
    if not given and public_url:
        given = [urlsplit(public_url).hostname or ""]
    return [*given, *THIS_MACHINE] if given else None


def _database_url(settings: Mapping[str, str], instance_path: Path, production: bool) -> str:
    if production and "DATABASE_URL" not in settings:
        raise ConfigError(
            "DATABASE_URL is not set. In production it must name the database that all processes share: "
            "PostgreSQL (postgresql://user:password@host/name; on Heroku the add-on sets it) or, if all run "
            "on one machine, an SQLite file (sqlite:////srv/crm/app.db)."
        )
    url = settings.get("DATABASE_URL") or _default_database(instance_path)
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in {"postgres", "postgresql", "sqlite"}:
        # The value can contain a password, so the message does not repeat it.
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
    # URL.create escapes special characters in the path.
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


def _port(settings: Mapping[str, str]) -> int | None:
    value = settings.get("PORT")
    if value is None:
        return None
    port = whole_number(value, most=65535)
    if port is None:
        raise ConfigError(f"PORT must be a number from 1 to 65535, not {value!r}.")
    return port


def _optional_number(settings: Mapping[str, str], name: str, *, most: int) -> int | None:
    value = settings.get(name)
    if value is None:
        return None
    number = whole_number(value, most=most)
    if number is None:
        raise ConfigError(f"{name} must be a whole number from 1 to {most:,}, not {value!r}.")
    return number


def _positive_number(settings: Mapping[str, str], name: str, default: float) -> float:
    try:
        number = float(settings.get(name, default))
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ConfigError(f"{name} must be a number above 0, not {settings[name]!r}.")
    return number
