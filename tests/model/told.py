"""What plan and report say, as plain values that can be compared."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.model.outcomes import DELETED_AGAIN, NO_LONGER_DELETED, RESTORED, Outcome
from tests.model.things import Contact, Deal, Thing
from webapp.restoring.links import LinkCount
from webapp.restoring.verdict import Verdict


def reasons_of(plan: dict[Contact, Outcome]) -> dict[str | None, int]:
    """How many contacts there are of each reason, and of None."""
    return dict(Counter(reason for _, reason, _ in plan.values()))


def exceptions(plan: dict[Contact, Outcome]) -> Iterator[tuple[Contact, Outcome]]:
    """The contacts in the bin that do not simply come back."""
    for contact, outcome in plan.items():
        if outcome not in (RESTORED, NO_LONGER_DELETED, DELETED_AGAIN):
            yield contact, outcome


def outcomes_of(verdicts: Iterable[Verdict]) -> dict[int, tuple[str, str | None, int | None]]:
    return {v.contact_id: (v.outcome, v.reason, v.other_contact_id) for v in verdicts}


def kind_of(thing: Thing | Deal) -> str:
    return "deal" if isinstance(thing, Deal) else {"list": "mailing_list"}.get(thing.kind, thing.kind)


def shown(links: Iterable[LinkCount]) -> set[tuple[object, ...]]:
    return {(x.effect, x.kind, x.item_id, x.contacts, x.items, x.total) for x in links}
