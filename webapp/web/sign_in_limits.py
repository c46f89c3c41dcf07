"""The budgets of signing in, and of what else needs a password or a code (docs/adr/0037).

A browser that has signed in before has its own budget. All others share those of their network and of the
address that they type: so guessing is limited from everywhere, and using these up locks no one out of a
browser that they know. Codes are the same, with browsers in which the person has proved their second factor:
the password, or the mailbox, makes as many others as someone likes, and these share one budget.
"""

from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.gates import Gate
from webapp.models.audit_event import Action
from webapp.passwords import FAMILIAR, STRANGERS
from webapp.people.security_mail import By
from webapp.people.signing_in import Candidate
from webapp.web.device import known_device, proved_device
from webapp.web.entering import record_here, tell_person_here
from webapp.web.throttle import Attempt, Budget, TooMany, network, take

MINUTE, DAY = 60, 24 * 3600

# Of browsers that have not signed in before. NIST SP 800-63B, 3.2.2 allows 100 wrong ones in a row at most.
NETWORK = Budget("network", 20, MINUTE)
ADDRESS = Budget("address", 10, 10 * MINUTE)
ADDRESS_A_DAY = Budget("address-day", 100, DAY)
# Of one that has, for each person.
DEVICE = Budget("device", 10, 10 * MINUTE)
# Codes of the second factor, after the right password: three of a million are right at any time.
CODES = Budget("codes", 5, 5 * MINUTE)
CODES_A_DAY = Budget("codes-day", 50, DAY)
# Passwords and codes that are asked for again in a session.
PROMPTS = Budget("prompts", 10, 10 * MINUTE)
# Asking for a new password: from a network, and for an address.
ASKED_FROM = Budget("asked-from", 10, 15 * MINUTE)
ASKED_FOR = Budget("asked-for", 3, 15 * MINUTE)
# New passwords that are tried with a link.
CHOSEN = Budget("chosen", 30, 10 * MINUTE)


def take_sign_in(session: Session, candidate: Candidate, email: str) -> tuple[Attempt, Gate]:
    """Count an attempt to sign in with this address, before anything is hashed, and say through which gate
    its hash goes. Raises TooMany; the audit log gets the first one that a limit refuses."""
    device = known_device(candidate.person_id)
    try:
        if device is not None:
            return take((DEVICE, f"{device} {candidate.person_id}")), FAMILIAR
        return take((NETWORK, network()), (ADDRESS, email), (ADDRESS_A_DAY, email)), STRANGERS
    except TooMany as refusal:
        if refusal.just_now:
            _record_limit(session, candidate, refusal.budget)
        raise


def take_code(person_id: int) -> Attempt:
    """Count a code of the second factor. Raises TooMany."""
    whose = f"{proved_device(person_id) or ''} {person_id}"
    return take((CODES, whose), (CODES_A_DAY, whose))


def _record_limit(session: Session, candidate: Candidate, budget: Budget) -> None:
    """In the audit log; and if it was about this person, not about a network, tell them. What is written does
    not depend on whether there is such a person: the worker looks."""
    with write_transaction(session):
        now = read_clock(session)
        record_here(session, candidate.accounts, now, Action.SIGN_IN_LIMITED, why="many_attempts")
        if budget is not NETWORK:
            tell_person_here(session, candidate.person_id, Action.SIGN_IN_LIMITED, now, by=By.STRANGER)
