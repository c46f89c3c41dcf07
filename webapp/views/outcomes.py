"""What plans foresee and reports tell, for their templates: contacts with reasons, and what is lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from webapp.models import Contact
from webapp.models.restore_link import LinkEffect, LinkKind
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring.links import LinkCount
from webapp.restoring.names import Names
from webapp.restoring.report import ContactOutcome
from webapp.words import plan as words
from webapp.words.contacts import name_of
from webapp.words.restoring import explain
from webapp.words.undoing import why_left_alone


@dataclass(frozen=True)
class OutcomeRow:
    """A contact and what became of it: the text `before`, the other contact's name, and the text `after`."""

    name: str
    email: str
    href: str | None
    before: str
    other_name: str
    after: str
    other_href: str | None
    outcome: str = Outcome.SKIPPED

    @property
    def label(self) -> str:
        """The outcome in a word."""
        return self.outcome.capitalize()


def foreseen_row(outcome: ContactOutcome) -> OutcomeRow:
    """The row for one contact of a plan."""
    return outcome_row(outcome, ahead=True)


def outcome_row(outcome: ContactOutcome, *, ahead: bool = False) -> OutcomeRow:
    """The row for one contact of a restore, with links to the contacts that are live."""
    before, other_name, after = explain(outcome, ahead=ahead)
    return OutcomeRow(
        name=name_of(outcome.contact),
        email=(outcome.contact.email or "") if outcome.contact else "",
        href=_href(outcome.contact),
        before=before,
        other_name=other_name,
        after=after,
        other_href=_href(outcome.other),
        outcome="merged" if outcome.reason == Reason.MERGED else outcome.outcome,
    )


def undone_row(outcome: ContactOutcome) -> OutcomeRow:
    """The row for one contact of an undo."""
    return OutcomeRow(
        name=name_of(outcome.contact),
        email=(outcome.contact.email or "") if outcome.contact else "",
        href=_href(outcome.contact),
        before=why_left_alone(outcome.reason) or "Put back.",
        other_name="",
        after="",
        other_href=None,
        outcome=outcome.outcome,
    )


def _href(contact: Contact | None) -> str | None:
    return url_for("contact", contact_id=contact.id) if contact and contact.is_live else None


@dataclass(frozen=True)
class Losses:
    """What does not come back with the contacts, as pairs of a heading and the names; which deals do; and for
    which lists the contacts are mailable; and what becomes of consent, in a sentence."""

    lost: list[tuple[str, str]]
    rescued: str
    mailable: str
    consent: str = ""


def losses(
    links: Sequence[LinkCount], names: Names, *, most: int, rescue: bool = True, ahead: bool = False
) -> Losses:
    """The losses with at most `most` names of each kind. `rescue` is whether rescuable deals do come back,
    `ahead` whether it is a plan's."""

    def of(effect: LinkEffect, kind: LinkKind) -> list[LinkCount]:
        return [link for link in links if (link.effect, link.kind) == (effect, kind)]

    lost = [found for kind in LinkKind if (found := of(LinkEffect.LOST, kind))]
    rescued = of(LinkEffect.RESCUED, LinkKind.DEAL) if rescue else []
    mailable = of(LinkEffect.MAILABLE, LinkKind.LIST)
    return Losses(
        lost=[(words.label_of_lost(found), words.named(found, names, most=most)) for found in lost],
        rescued=words.named(rescued, names, most=most) if rescued else "",
        mailable=words.named(mailable, names, most=most) if mailable else "",
        consent=words.consent(links, ahead=ahead),
    )
