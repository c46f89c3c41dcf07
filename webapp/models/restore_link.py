"""The ledger of restores for what contacts hang on: which list, tag, account or deal did not come back to how
many contacts, which deal came back with them, and for which list they are mailable again.
"""

from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId


class LinkKind(StrEnum):
    """The tables that contacts hang on."""

    LIST = "mailing_list"
    TAG = "tag"
    ACCOUNT = "account"
    DEAL = "deal"


class LinkEffect(StrEnum):
    # Deleted after the contact, and so hidden from it (docs/rules.md, rule 3).
    LOST = "lost"
    # A deal that was deleted with its last contact, and that this job brought back because it was asked to.
    RESCUED = "rescued"
    # A list for which the restored contacts can be written to again, as before their deletion.
    MAILABLE = "mailable"
    # A list for which they cannot any more, because consent has ended since (docs/rules.md, rule 9).
    HELD_BACK = "held_back"
    # A list for which they can be written to, and could not before. There should be none.
    MADE_MAILABLE = "made_mailable"


class RestoreLink(Base):
    """One list, tag, account or deal in one job, as it was when the job met its contacts.

    Like an outcome it has no foreign keys: the report outlives what it speaks of.
    """

    __tablename__ = "restore_link"

    job_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    effect: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    item_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    # How many of the job's contacts it concerns.
    contacts: Mapped[int]
