"""The ledger of imports: what became of each line of a file."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index
from webapp.models.choice import choice


class LineOutcome(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    # Left as it is: the contact exists, or it is among the deleted ones.
    SKIPPED = "skipped"
    # It cannot be imported: the reason says why.
    REJECTED = "rejected"


class ImportLine(Base):
    """One record of the file of one import, by the line where it begins.

    It has no foreign key to the contact, because the report outlives a purge, and none to the job, as
    `RestoreOutcome` has none.
    """

    __tablename__ = "import_line"
    __table_args__ = (
        partial_index("ix_import_line_not_added", "job_id", "outcome", "line", where="outcome <> 'added'"),
        # The records that are erased after a day.
        partial_index("ix_import_line_record", "job_id", "line", where="record IS NOT NULL"),
        partial_index("ix_import_line_contact", "contact_id", where="contact_id IS NOT NULL"),
    )

    job_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    outcome: Mapped[LineOutcome] = mapped_column(choice(LineOutcome, "outcome"))
    contact_id: Mapped[int | None] = mapped_column(BigId)
    # The contact's version as the import left it: undoing the import leaves alone what has changed since.
    version: Mapped[int | None]
    # A code with its parameters, as plain JSON; without texts of the file.
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # The fields of a rejected record, so that it can be mended. Erased with the file.
    record: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
