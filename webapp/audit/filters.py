"""The filters of the audit log: who, what, and days in the workspace's zone (docs/rules.md, rule 8)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.numbers import whole_number
from webapp.restoring.local_time import read_day, start_of_day

FIELDS = ("who", "action", "from", "to")
# Stands for the actions of the system, among the ids of users.
SYSTEM = "system"


@dataclass(frozen=True)
class Filters:
    """Which events are meant. All times are UTC; `before` is not included."""

    user_id: int | None = None
    # Actions of the system, which have no user.
    by_system: bool = False
    action: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class TypedFilters:
    """The fields as typed, to show them again; their meaning; and a sentence for each unreadable field."""

    typed: Mapping[str, str] = field(default_factory=dict)
    meaning: Filters = Filters()
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        return any(self.typed.values())


def read_filters(
    typed: Mapping[str, str], *, zone: ZoneInfo, people: Collection[int], actions: Collection[str]
) -> TypedFilters:
    """Read the FIELDS; never raises. `people` and `actions` are the choices of `who` and `action`."""
    text = {name: typed.get(name, "").strip()[:1000] for name in FIELDS}
    errors: dict[str, str] = {}
    user_id = None if text["who"] in ("", SYSTEM) else whole_number(text["who"])
    if text["who"] not in ("", SYSTEM) and user_id not in people:
        errors["who"] = "Choose a person from the list."
    if text["action"] and text["action"] not in actions:
        errors["action"] = "Choose an action from the list."
    first, last = (read_day(text, name, errors) for name in ("from", "to"))
    if first and last and first > last:
        errors["to"] = "“To” is before “From”. Swap them or change one."
    since = before = None
    try:
        since = start_of_day(first, zone) if first else None
        before = start_of_day(last + timedelta(days=1), zone) if last else None
    except OverflowError:
        errors["to" if last else "from"] = "That date is beyond the calendar."
    meaning = Filters(user_id, text["who"] == SYSTEM, text["action"] or None, since, before)
    return TypedFilters({name: value[:40] for name, value in text.items()}, meaning, errors)
