"""What can become of a contact in a restore."""

from tests.model.things import Contact

SKIP, MERGE, WITHOUT_ADDRESS = "skip", "merge", "without_address"

# The outcome, the reason and the other contact.
Outcome = tuple[str, str | None, Contact | None]
RESTORED: Outcome = ("restored", None, None)
NO_LONGER_DELETED: Outcome = ("skipped", "no_longer_deleted", None)
DELETED_AGAIN: Outcome = ("skipped", "deleted_again", None)


def comes_back(outcome: Outcome) -> bool:
    """As a contact of its own, or as a part of another."""
    return outcome[0] == "restored"


def is_merged(outcome: Outcome) -> bool:
    return outcome[1] == "merged"


def with_conflict(conflicts: str, why: str, other: Contact) -> Outcome:
    """The outcome of a contact whose address another has, which `why` says: a live one, or a twin that this
    restore has met before."""
    if conflicts == WITHOUT_ADDRESS:
        return "restored", "without_address", other
    if conflicts == MERGE and why == "email_taken":
        return "restored", "merged", other
    return "skipped", why, other
