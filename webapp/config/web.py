"""The web: its port, and who stands between it and the people."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from webapp.config.reading import ConfigError
from webapp.mail_settings import UnreadableUrl, read_public_url
from webapp.numbers import whole_number

MOST_PROXIES = 9
# With a dot before it, its subdomains as well.
HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*")
THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")


def port(settings: Mapping[str, str]) -> int | None:
    """The port of the web, if it is set. Raises ConfigError."""
    value = settings.get("PORT")
    if value is None:
        return None
    port = whole_number(value, most=65535)
    if port is None:
        raise ConfigError(f"PORT must be a number from 1 to 65535, not {value!r}.")
    return port


def public_url(settings: Mapping[str, str], production: bool) -> str | None:
    """The address under which people reach the app. Raises ConfigError."""
    try:
        if "PUBLIC_URL" in settings:
            return read_public_url(settings["PUBLIC_URL"], production=production)
        return None
    except UnreadableUrl as error:
        raise ConfigError(f"PUBLIC_URL {error}") from None


def proxies(settings: Mapping[str, str]) -> int:
    """How many proxies each request has passed. On a dyno it is Heroku's router."""
    text = settings.get("PROXIES", "1" if "DYNO" in settings else "0")
    number = whole_number(text, least=0, most=MOST_PROXIES)
    if number is None:
        raise ConfigError(f"PROXIES must be a whole number from 0 to {MOST_PROXIES}, not {text!r}.")
    return number


def trusted_hosts(settings: Mapping[str, str], public_url: str | None) -> list[str] | None:
    """The hosts that a request may name, each also with the final dot that makes a name absolute (RFC 3986):
    by default that of PUBLIC_URL; None for any. This machine is always one of them, for monitoring."""
    given = settings.get("TRUSTED_HOSTS", "").replace(",", " ").lower().split()
    for host in given:
        if not HOST.fullmatch(host):
            raise ConfigError(
                "TRUSTED_HOSTS must be names of hosts, separated by commas, as in "
                f"crm.example.com,.example.org (with all its subdomains), not {host!r}."
            )
    if not given and public_url:
        given = [(urlsplit(public_url).hostname or "").removesuffix(".")]
    return [*given, *(f"{host}." for host in given), *THIS_MACHINE] if given else None


def is_production(settings: Mapping[str, str]) -> bool:
    """Whether APP_ENV says so. Raises ConfigError for a word that means neither: a misspelt one must not mean
    the weaker."""
    named = settings.get("APP_ENV", "development").lower()
    if named not in ("production", "development"):
        raise ConfigError(f"APP_ENV must be production or development, not {settings['APP_ENV']!r}.")
    return named == "production"


def refuse_debugging(settings: Mapping[str, str], production: bool) -> None:
    """Raises ConfigError if production is to show its code."""
    if production and settings.get("FLASK_DEBUG", "0").lower() not in ("0", "false", "no"):
        raise ConfigError(
            "FLASK_DEBUG is set. In production it would show the code to strangers. Remove the setting."
        )
