"""What goes out: mail, metrics and reports of errors."""

import re
from collections.abc import Mapping

from webapp.config.reading import ConfigError
from webapp.contacts.address import why_not_an_address
from webapp.mail_settings import MailServer, UnreadableUrl, read_smtp_url

SHORTEST_TOKEN = 24
DSN = re.compile(r"https?://[^@/\s]+@[^@/\s]+(/[^@\s]*)?/\d+")


def mail_server(settings: Mapping[str, str]) -> MailServer | None:
    """The mail server, if there is one. Raises ConfigError."""
    try:
        return read_smtp_url(settings["SMTP_URL"]) if "SMTP_URL" in settings else None
    except UnreadableUrl as error:
        # The value can contain a password, so the message does not repeat it.
        raise ConfigError(f"SMTP_URL {error}") from None


def mail_from(settings: Mapping[str, str]) -> str | None:
    """The sender of links for passwords and invitations, if it is set. Raises ConfigError."""
    address = settings.get("MAIL_FROM")
    if address is not None and (reason := why_not_an_address(address)):
        raise ConfigError(f"MAIL_FROM must be an e-mail address, such as crm@example.com: {reason}.")
    return address


def metrics_token(settings: Mapping[str, str]) -> str | None:
    """What opens the metrics, if anything does. Raises ConfigError."""
    token = settings.get("METRICS_TOKEN")
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise ConfigError(
            f"METRICS_TOKEN must have at least {SHORTEST_TOKEN} characters, because it opens /metrics. "
            "`python -c 'import secrets; print(secrets.token_hex(16))'` prints one."
        )
    return token


def sentry_dsn(settings: Mapping[str, str]) -> str | None:
    """Where errors are reported to, if anywhere. Raises ConfigError."""
    dsn = settings.get("SENTRY_DSN")
    if dsn is not None and not DSN.fullmatch(dsn):
        # The value holds a key, so the message does not repeat it.
        raise ConfigError("SENTRY_DSN must be an address as Sentry shows it: https://key@host/number.")
    return dsn
