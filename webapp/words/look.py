"""A deleted contact before it is restored, in words: what would come back with it, and what would not."""

from collections.abc import Sequence

from webapp.models.restore_outcome import Outcome
from webapp.restoring.look import Fate, Look, Part
from webapp.words.contacts import name_of
from webapp.words.isolation import isolated
from webapp.words.numbers import counted, joined

NOT_PRIMARY = "not as Primary Contact"


def fate_of(part: Part, *, is_deal: bool = False) -> str:
    """What becomes of one list, tag, account or deal when the contact is restored."""
    if part.fate is Fate.LOST:
        return "Deleted with its last contact"
    if part.fate is Fate.GONE:
        return "Deleted since"
    return f"Comes back, {NOT_PRIMARY}" if is_deal else "Comes back"


def outcome(look: Look) -> list[str]:
    """What a restore of this contact alone would do, in sentences."""
    if look.verdict.outcome != Outcome.RESTORED:
        user = isolated(name_of(look.live.contact)) if look.live else "Another contact"
        return [f"A restore would leave it deleted: {user} uses its e-mail address."]
    with_it, without = _parts(look, back=True), _parts(look, back=False)
    sentences = [
        f"A restore brings it back with {joined(with_it)}." if with_it else "A restore brings it back."
    ]
    if without:
        words = joined(without)
        sentences.append(f"What does not come back: {words}.")
    return sentences


def twins(look: Look) -> str | None:
    """A sentence about the other deleted contacts with its address; None if there are none."""
    if not look.twins:
        return None
    number = len(look.twins)
    others = counted(number, "other deleted contact")
    return (
        f"{others} {'has' if number == 1 else 'have'} the same e-mail address. Of contacts that are restored "
        "together, the one deleted last comes back."
    )


def _parts(look: Look, *, back: bool) -> list[str]:
    def number(parts: Sequence[Part]) -> int:
        return sum(part.comes_back is back for part in parts)

    side = look.side
    found = [
        counted(number(parts), noun)
        for parts, noun in ((side.lists, "list"), (side.tags, "tag"), (side.deals, "deal"))
        if number(parts)
    ]
    has_account = side.account is not None and side.account.comes_back is back
    return [*found, *(["its account"] if has_account else [])]
