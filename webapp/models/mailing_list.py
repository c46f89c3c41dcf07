"""Mailing lists and their subscriptions."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId, partial_index
from webapp.models.choice import choice
from webapp.models.naming import name_indexes, name_key_column


class SubscriptionStatus(StrEnum):
    SUBSCRIBED = "subscribed"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    UNCONFIRMED = "unconfirmed"


class MailingList(Base):
    __tablename__ = "mailing_list"
    __table_args__ = name_indexes("mailing_list")

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str | None] = name_key_column()
    deleted_at: Mapped[datetime | None]


class Subscription(Base):
    __tablename__ = "subscription"
    __table_args__ = (
        # The contacts of a list, by id.
        Index("ix_subscription_list_id", "list_id", "contact_id"),
        # Those with one of the rarer statuses (NOT_SUBSCRIBED).
        partial_index(
            "ix_subscription_status", "list_id", "status", "contact_id", where="status <> 'subscribed'"
        ),
    )

    contact_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True
    )
    list_id: Mapped[int] = mapped_column(BigId, ForeignKey("mailing_list.id"), primary_key=True)
    status: Mapped[SubscriptionStatus] = mapped_column(choice(SubscriptionStatus, "status"))
    changed_at: Mapped[datetime]

    @property
    def status_label(self) -> str:
        """The article's word for it: Subscribed, Bounced, Unsubscribed, Unconfirmed."""
        return self.status.capitalize()


# With it, a statement can use the index of the rarer statuses.
NOT_SUBSCRIBED = text("subscription.status <> 'subscribed'")
