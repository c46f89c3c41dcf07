"""The ledger of restores: what became of one contact in one job."""

from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index
from webapp.models.choice import choice


class Outcome(StrEnum):
    RESTORED = "restored"
    SKIPPED = "skipped"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a contact was not restored, or how. `webapp.words.restoring` has the sentences."""

    # Skipped: a live contact has the address; a contact deleted later had it too.
    EMAIL_TAKEN = "email_taken"
    TWIN = "twin"
    # Skipped: confirmed, and when its turn came no longer among the deleted contacts that were meant.
    NO_LONGER_DELETED = "no_longer_deleted"
    DELETED_AGAIN = "deleted_again"
    # One of the two, where they cannot be told apart; the release before never did.
    NO_LONGER_ELIGIBLE = "no_longer_eligible"
    # Skipped: the job waited in line, and the contact's 30 days ended before it was promoted.
    EXPIRED = "expired"
    # Failed: the database refused it; every process died at it.
    REFUSED = "refused"
    CRASHED = "crashed"
    # Restored: into the live contact with its address; without its address, which another contact has. The
    # outcome is "restored", because a release cannot read an outcome that it does not know.
    MERGED = "merged"
    WITHOUT_ADDRESS = "without_address"


# Why a contact was skipped that could be restored in another way.
IN_CONFLICT = Reason.EMAIL_TAKEN, Reason.TWIN


class RestoreOutcome(Base):
    """One contact in one job.

    It has no foreign key to the contact, because the report outlives a purge, and none to the job, because it
    is written in a transaction that has proved the job's row: the key would ask for it once for each contact.
    """

    __tablename__ = "restore_outcome"
    __table_args__ = (
        partial_index("ix_restore_outcome_with_reason", "job_id", "contact_id", where="reason IS NOT NULL"),
        # The release before reads by this one.
        partial_index(
            "ix_restore_outcome_not_restored", "job_id", "contact_id", where="outcome <> 'restored'"
        ),
    )

    job_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    contact_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome, "outcome"))
    reason: Mapped[str | None] = mapped_column(String(40))
    # The contact with its address: the live one, or the twin that was preferred.
    other_contact_id: Mapped[int | None] = mapped_column(BigId)
    detail: Mapped[str | None] = mapped_column(String(300))
    # The contact's version as the job left it: an undo leaves alone what has changed since. Null where
    # nothing was restored, and in outcomes of the release before.
    version: Mapped[int | None]
