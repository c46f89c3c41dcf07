"""Dates and times, in an account's time zone and in the language that it has chosen."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time

ENGLISH = "en"
# The languages of the settings, in their order there. The pages themselves are in English.
LANGUAGES = (ENGLISH, "en_US", "da", "de", "es", "fr", "it", "nl", "nb", "pl", "pt", "fi", "sv", "cs", "ja")
# A page writes a hundred dates: strftime takes four times as long, and goes by the process's locale.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EXAMPLE = datetime(2026, 11, 24, 14, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Dates:
    """How an account writes moments. `language` is one of LANGUAGES; an unknown one counts as English."""

    zone: ZoneInfo
    language: str = ENGLISH

    def local(self, moment: datetime) -> datetime:
        """The moment in the account's time zone."""
        return moment.astimezone(self.zone)

    def day(self, moment: datetime) -> str:
        """ "24 Nov 2026", of a local time."""
        if self._is_plain:
            return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"
        return format_skeleton("yMMMd", moment, locale=_locale(self.language))

    def weekday(self, moment: datetime) -> str:
        """ "Tue", of a local time."""
        if self._is_plain:
            return WEEKDAYS[moment.weekday()]
        return format_skeleton("EEE", moment, locale=_locale(self.language))

    def time(self, moment: datetime) -> str:
        """ "14:03", of a local time."""
        if self._is_plain:
            return f"{moment.hour:02}:{moment.minute:02}"
        return format_time(moment, "short", locale=_locale(self.language))

    def exact(self, moment: datetime) -> str:
        """ "24 Nov 2026, 14:03", of any moment."""
        local = self.local(moment)
        return f"{self.day(local)}, {self.time(local)}"

    @property
    def _is_plain(self) -> bool:
        # The day before the month, and no dots: none of the English ones that Babel knows. It is also faster.
        return self.language == ENGLISH or self.language not in LANGUAGES


def language_choices() -> list[tuple[str, str]]:
    """Each language with its own name and an example: "Deutsch (24. Nov. 2026, 14:03)"."""
    dates = {language: Dates(ZoneInfo("UTC"), language) for language in LANGUAGES}
    return [
        (language, f"{_own_name(language)} ({style.day(EXAMPLE)}, {style.time(EXAMPLE)})")
        for language, style in dates.items()
    ]


def _own_name(language: str) -> str:
    return str(_locale(language).get_display_name(language)).capitalize()


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)
