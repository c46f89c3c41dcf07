"""What plans foresee and reports tell about each contact, as rows of a file."""

from webapp.models.restore_outcome import Reason
from webapp.restoring.report import ContactOutcome
from webapp.restoring.undo_work import UNDO
from webapp.words.contacts import name_of
from webapp.words.isolation import bare
from webapp.words.restoring import explain
from webapp.words.undoing import why_left_alone

HEADER = ("Contact ID", "Name", "E-mail", "Outcome", "Code", "Explanation", "Other contact ID")


def foreseen_line(outcome: ContactOutcome) -> tuple[object, ...]:
    """The row for one contact of a plan."""
    return _line(outcome, "".join(explain(outcome, ahead=True)))


def outcome_line(kind: str, outcome: ContactOutcome) -> tuple[object, ...]:
    """The row for one contact of a restore or an undo."""
    if kind == UNDO.kind:
        return _line(outcome, why_left_alone(outcome.reason) or "Put back.")
    return _line(outcome, "".join(explain(outcome)))


def _line(outcome: ContactOutcome, explanation: str) -> tuple[object, ...]:
    contact = outcome.contact
    return (
        outcome.contact_id,
        name_of(contact),
        (contact.email or "") if contact else "",
        "merged" if outcome.reason == Reason.MERGED else outcome.outcome,
        outcome.reason or "",
        bare(explanation),
        outcome.other.id if outcome.other else "",
    )
