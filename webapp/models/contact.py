"""A contact, live or deleted. Deleting and restoring happen in place: one update, nothing copied."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    ScalarSelect,
    SmallInteger,
    String,
    Text,
    and_,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from webapp import folding
from webapp.models.base import Base, BigId, partial_index

# "Restore contact records up to 30 days after being deleted" (article).
WINDOW = timedelta(days=30)


class Contact(Base):
    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    email: Mapped[str | None] = mapped_column(String(254))
    # Trimmed and lower-cased by Python, because lower('É') differs between the databases; empty becomes null.
    email_key: Mapped[str | None] = mapped_column(String(254))
    first_name: Mapped[str] = mapped_column(String(120), default="")
    last_name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    account_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # Grows with every write by a person or an automation; a restore does not touch it.
    version: Mapped[int] = mapped_column(default=1)
    # Null if the contact is live, else its deletion's created_at.
    deleted_at: Mapped[datetime | None]
    # The latest deletion and the latest restore of this contact; neither is ever cleared.
    deletion_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("deletion.id"))
    restore_job_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("restore_job.id"))
    merged_into_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id"))

    __table_args__ = (
        # Deleted contacts do not reserve their address: only live addresses are unique. The address comes
        # first, so that a statement can look it up while it hides the workspace from the planner.
        partial_index(
            "uq_contact_live_email", "email_key", "workspace_id", where="deleted_at IS NULL", unique=True
        ),
        partial_index("ix_contact_live", "workspace_id", "created_at", "id", where="deleted_at IS NULL"),
        # The overview sorted by name. Every contact fulfils the second condition; only the statements that
        # sort by name contain it (NAMED): SQLite with stale statistics would choose this index for others.
        partial_index(
            "ix_contact_by_name",
            *("workspace_id", "first_name", "last_name", "id"),
            where="deleted_at IS NULL AND first_name >= ''",
        ),
        # The contacts of an account, by their Created Dates.
        partial_index(
            "ix_contact_live_account", "account_id", "created_at", "id", where="deleted_at IS NULL"
        ),
        # The order of the page of deleted contacts and of a restore's walk: last deleted first.
        partial_index("ix_contact_bin", "workspace_id", "deleted_at", "id", where="deleted_at IS NOT NULL"),
        Index("ix_contact_deletion_id", "deletion_id"),
        partial_index("ix_contact_restore_job_id", "restore_job_id", where="restore_job_id IS NOT NULL"),
        Index("ix_contact_account_id", "account_id"),
        partial_index("ix_contact_merged_into_id", "merged_into_id", where="merged_into_id IS NOT NULL"),
        # Ids are never reused, because reports contain the ids of purged contacts.
        {"sqlite_autoincrement": True},
    )

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_live(self) -> bool:
        return self.deleted_at is None


# With it, a statement can use the index of names.
NAMED = text("contact.first_name >= ''")


def live(workspace_id: int) -> ColumnElement[bool]:
    """The condition for the contacts of a workspace that are not deleted."""
    return and_(Contact.workspace_id == workspace_id, Contact.deleted_at.is_(None))


def live_holder(email_key: Any, workspace_id: Any) -> ScalarSelect[int]:
    """The id of the workspace's live contact that has the address with this key; null for none.

    Sought in the unique index, by a range and in its order, which no other index has: with an equation for
    the workspace a planner with stale statistics would read all of its contacts, and without one those of all
    accounts with this address.
    """
    holder = aliased(Contact, name="holder")
    columns, values = tuple_(holder.email_key, holder.workspace_id), tuple_(email_key, workspace_id)
    return (
        select(holder.id)
        .where(columns >= values, columns <= values, holder.deleted_at.is_(None))
        .order_by(holder.email_key, holder.workspace_id)
        .limit(1)
        .scalar_subquery()
    )


@cache
def holder_of_its_address() -> ScalarSelect[int]:
    """The live contact with the address of another one. Built once: the overview and every batch ask."""
    return live_holder(Contact.email_key, Contact.workspace_id)


def restorable_until(deleted_at: datetime) -> datetime:
    """The end of the time in which a contact deleted at `deleted_at` can be restored."""
    return deleted_at + WINDOW


def days_left(deleted_at: datetime, now: datetime) -> int:
    """How many whole days remain in which a contact deleted at `deleted_at` can be restored; rounds down."""
    return max(0, (restorable_until(deleted_at) - now).days)


class ContactSearch(Base):
    """A contact's search text, in its own table so that deleting and restoring do not update its index."""

    __tablename__ = "contact_search"

    contact_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"), index=True)
    # The form of the release before, which still reads and writes it.
    text: Mapped[str] = mapped_column(Text)
    # The form to search in, and the version of the function that made it; 0 for a row that the release
    # before wrote (webapp/folding.py).
    folded: Mapped[str] = mapped_column(Text, server_default="")
    folding: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # The start of the hash of the address (`webapp.marketing.consent.hash_start`), by which a link finds the
    # contacts that have it; null if the release before has written the row.
    hash_start: Mapped[str | None] = mapped_column(String(16), index=True)

    __table_args__ = (
        Index(
            "ix_contact_search_folded",
            "folded",
            postgresql_using="gin",
            postgresql_ops={"folded": "gin_trgm_ops"},
        ).ddl_if(dialect="postgresql"),
        # The rows that still have to be folded: none, soon after a deployment. Its condition contains
        # folding.FOLDING.
        partial_index("ix_contact_search_stale", "workspace_id", "contact_id", where="folding <> 1"),
        partial_index(
            "ix_contact_search_without_hash", "workspace_id", "contact_id", where="hash_start IS NULL"
        ),
    )


def is_stale() -> ColumnElement[bool]:
    """Whether the folded form of a row of `ContactSearch` is not this release's. The number stands in the
    statement, as in the condition of the partial index."""
    return ContactSearch.folding != literal(folding.FOLDING, literal_execute=True)
