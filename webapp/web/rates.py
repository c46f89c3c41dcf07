"""How often a person may ask for what is costly. The limits are beyond what a person at work does.

Counted by user and minute (`web/throttle.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from flask import Response
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.web import throttle
from webapp.web.errors import error, with_retry_after
from webapp.words.numbers import counted

Arguments = ParamSpec("Arguments")


@dataclass(frozen=True)
class Rate:
    """At most `most` a minute; `done` says what was done so often."""

    name: str
    most: int
    done: str


JOBS = Rate("jobs", 30, "started 30 jobs")
UPLOADS = Rate("uploads", 20, "sent 20 files")
DOWNLOADS = Rate("downloads", 30, "downloaded 30 files")
DELETIONS = Rate("deletions", 60, "deleted contacts 60 times")


@dataclass(frozen=True)
class TooMany:
    """The user has used up a rate; the next one may begin after `seconds`."""

    rate: Rate
    seconds: int

    @property
    def sentence(self) -> str:
        """What to say about it."""
        wait = counted(self.seconds, "second")
        return f"You have {self.rate.done} within a minute. Nothing was changed. Try again in {wait}."

    def told_by(self, response: Response) -> Response:
        """`response`, with the time to wait."""
        return with_retry_after(response, self.seconds)

    def answer(self) -> Response:
        """The page, or for htmx the notice."""
        return self.told_by(error(429, self.sentence))


def take(rate: Rate) -> TooMany | None:
    """Count one more for the signed-in user. Returns TooMany if that was one too many."""
    try:
        throttle.take((throttle.Budget(rate.name, rate.most, 60), f"user {current_user.id}"))
    except throttle.TooMany as refusal:
        return TooMany(rate, refusal.retry_after)
    return None


def limited(
    rate: Rate,
) -> Callable[[Callable[Arguments, ResponseReturnValue]], Callable[Arguments, ResponseReturnValue]]:
    """A decorator: the view is answered so often only, and with 429 after that."""

    def decorate(view: Callable[Arguments, ResponseReturnValue]) -> Callable[Arguments, ResponseReturnValue]:
        @wraps(view)
        def ask(*args: Arguments.args, **kwargs: Arguments.kwargs) -> ResponseReturnValue:
            if too_many := take(rate):
                return too_many.answer()
            return view(*args, **kwargs)

        return ask

    return decorate
