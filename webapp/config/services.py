"""Where the database and Redis are, and who signs their certificates."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import URL

from webapp import local_services
from webapp.config.reading import ConfigError
from webapp.tls import NoAuthorities, database_with_tls, redis_with_tls


def database_url(settings: Mapping[str, str], instance_path: Path, production: bool) -> str:
    """The URL of the database for SQLAlchemy. Raises ConfigError."""
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
    if scheme.startswith("sqlite"):
        return url
    if scheme in {"postgres", "postgresql"}:
        url = f"postgresql+psycopg://{rest}"
    try:
        return database_with_tls(
            url, ca_file=_ca_file(settings), on_dyno="DYNO" in settings, environ=settings
        )
    except NoAuthorities:
        raise ConfigError(
            "The certificate of the database cannot be checked, because this machine keeps no authorities. "
            "Set TLS_CA_FILE to the file of the one that has signed it."
        ) from None


def redis_url(settings: Mapping[str, str], instance_path: Path, production: bool) -> str:
    """The URL of Redis: a private one beside the app where none is set. Raises ConfigError."""
    if "REDIS_URL" in settings:
        url = settings["REDIS_URL"]
        if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            raise ConfigError("REDIS_URL must begin with redis://, rediss:// or unix://.")
        return redis_with_tls(url, ca_file=_ca_file(settings), on_dyno="DYNO" in settings)
    if production:
        raise ConfigError(
            "REDIS_URL is not set. In production it must name the Redis that web and worker share."
        )
    try:
        return local_services.redis_url(instance_path / "redis")
    except local_services.LocalServiceError as error:
        raise ConfigError(str(error)) from None


def _ca_file(settings: Mapping[str, str]) -> str | None:
    """The file of the authorities that have signed the certificates of database and Redis."""
    path = settings.get("TLS_CA_FILE")
    if path is not None and not Path(path).is_file():
        raise ConfigError(f"TLS_CA_FILE must name a file with certificates, and there is none at {path!r}.")
    return path


def _default_database(instance_path: Path) -> str:
    # URL.create escapes special characters in the path.
    return URL.create("sqlite", database=str(instance_path / "app.db")).render_as_string()
