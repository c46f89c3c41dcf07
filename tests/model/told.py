"""What plan and report say, as plain values that can be compared."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.model.outcomes import DELETED_AGAIN, NO_LONGER_DELETED, RESTORED, Outcome
from tests.model.things import Contact, Deal, Thing
from webapp.models.restore_link import LinkEffect
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
    return {
        (x.effect, x.kind, x.item_id, x.contacts, x.items, x.total) for x in links if is_modelled(x.effect)
    }


def is_modelled(effect: str) -> bool:
    """Whether the model knows an effect. It has no times of consent, and so not which places are held back
    (tests/unit/marketing/test_rule_9_consent.py); none ever becomes mailable."""
    assert effect != LinkEffect.MADE_MAILABLE
    return effect != LinkEffect.HELD_BACK
