"""Deals, and the contacts on them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index
from webapp.models.choice import choice


class DealStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


# Whether a deal's title still has to be folded. In this form, because PostgreSQL expects few rows of an
# expression that is null, and of an inequality of two columns nearly all: it would read the whole table.
STALE = "CASE WHEN {0}searched_version = {0}version THEN 1 END IS NULL"
IS_STALE = text(STALE.format("deal."))


class Deal(Base):
    __tablename__ = "deal"
    __table_args__ = (
        # The page of all deals, the newest first.
        Index("ix_deal_workspace_id", "workspace_id", "id"),
        # A column of the board; the newest first.
        # Of deleted ones, too: with stale statistics PostgreSQL would read a partial index whole, to find the
        # deals that are not deleted.
        Index("ix_deal_stage", "workspace_id", "stage", "id"),
        partial_index(
            "ix_deal_deleted_by_deletion_id",
            "deleted_by_deletion_id",
            where="deleted_by_deletion_id IS NOT NULL",
        ),
        # Those whose titles still have to be folded: none, soon after a deployment.
        partial_index("ix_deal_stale", "workspace_id", "id", where=STALE.format("")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    title: Mapped[str] = mapped_column(String(160))
    # A currency has up to four decimals (webapp/words/money.py). SQLite keeps 15 digits of a number exactly.
    value: Mapped[Decimal] = mapped_column(Numeric(16, 4), default=Decimal(0))
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    stage: Mapped[str] = mapped_column(String(60), default="")
    status: Mapped[DealStatus] = mapped_column(choice(DealStatus, "status"), default=DealStatus.OPEN)
    # Null for a deal that a release before this one made.
    created_at: Mapped[datetime | None]
    # Grows with every change of its own fields, so that of two people the second is told.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    # The version whose title `DealSearch` has: not this one if the release before has changed the deal.
    searched_version: Mapped[int] = mapped_column(default=0, server_default="0")
    deleted_at: Mapped[datetime | None]
    # The deletion that took its last contact, and so the deal. Null if it was deleted by hand.
    deleted_by_deletion_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("deletion.id"))


class DealSearch(Base):
    """A deal's title in the form to search in (webapp/folding.py), in its own table so that deleting and
    restoring do not update its index."""

    __tablename__ = "deal_search"
    __table_args__ = (
        Index(
            "ix_deal_search_folded",
            "folded",
            postgresql_using="gin",
            postgresql_ops={"folded": "gin_trgm_ops"},
        ).ddl_if(dialect="postgresql"),
    )

    deal_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("deal.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"), index=True)
    folded: Mapped[str] = mapped_column(Text)


class DealContact(Base):
    """A contact on a deal. Removal by hand deletes the row; a deletion of the contact only detaches it, so
    that a restore can attach it again."""

    __tablename__ = "deal_contact"
    __table_args__ = (
        UniqueConstraint("deal_id", "contact_id"),
        CheckConstraint(
            "(detached_at IS NULL) = (detached_by_deletion_id IS NULL)", name="detached_by_a_deletion"
        ),
        partial_index(
            "uq_deal_contact_primary", "deal_id", where="is_primary AND detached_at IS NULL", unique=True
        ),
        Index("ix_deal_contact_contact_id", "contact_id"),
        partial_index(
            "ix_deal_contact_detached_by_deletion_id",
            "detached_by_deletion_id",
            where="detached_by_deletion_id IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    deal_id: Mapped[int] = mapped_column(BigId, ForeignKey("deal.id"))
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id", ondelete="CASCADE"))
    is_primary: Mapped[bool] = mapped_column(default=False)
    attached_at: Mapped[datetime]
    detached_at: Mapped[datetime | None]
    detached_by_deletion_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("deletion.id"))
