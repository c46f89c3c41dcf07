"""What every setting shares: the error, and numbers."""

from collections.abc import Mapping

from click import ClickException

from webapp.numbers import whole_number


class ConfigError(ClickException):
    """A setting is missing or invalid; the message says what to do.

    A ClickException, so that every `flask` command prints the message and no traceback.
    """


def optional_number(settings: Mapping[str, str], name: str, *, most: int) -> int | None:
    """The setting as a whole number of at least 1, if it is set. Raises ConfigError."""
    value = settings.get(name)
    if value is None:
        return None
    number = whole_number(value, most=most)
    if number is None:
        raise ConfigError(f"{name} must be a whole number from 1 to {most:,}, not {value!r}.")
    return number


def positive_number(settings: Mapping[str, str], name: str, default: float) -> float:
    """The setting as a number above 0. Raises ConfigError."""
    try:
        number = float(settings.get(name, default))
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ConfigError(f"{name} must be a number above 0, not {settings[name]!r}.")
    return number
