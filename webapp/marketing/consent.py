"""Consent: whether a contact may be written to for a list (docs/rules.md, rule 9).

The status of its subscription says so, and no suppression says otherwise. A suppression belongs to an address
and outlives the contact, so it is looked up by a hash of the address.
"""

import hashlib
from typing import Any

from sqlalchemy import ColumnElement, case, exists, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.database import sha256_hex
from webapp.models import Contact, MailingList, Subscription, Suppression
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason

# Each step of consent is stricter than the one before.
STRICTNESS = {
    SubscriptionStatus.SUBSCRIBED: 0,
    SubscriptionStatus.UNCONFIRMED: 1,
    SubscriptionStatus.BOUNCED: 2,
    SubscriptionStatus.UNSUBSCRIBED: 2,
}

# So many digits of a hash are in the index of the contacts' addresses.
HASH_START = 16

# Reasons that no confirmation lifts: the address does not work, or its owner has complained.
FINAL = (SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT)


class AddressSuppressed(Exception):
    """The contact cannot be made Subscribed: its address is suppressed, which only its owner can end, by the
    link of a confirmation (webapp/marketing/confirmations.py). `reason` is why it is suppressed."""

    def __init__(self, reason: SuppressionReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def strictness(status: InstrumentedAttribute[SubscriptionStatus]) -> ColumnElement[int]:
    """STRICTNESS of a column."""
    return case(*((status == value, literal(rank)) for value, rank in STRICTNESS.items()))


def address_hash(email_key: str) -> str:
    """The hash by which suppressions name an address; `email_key` as contacts have it."""
    return hashlib.sha256(email_key.encode()).hexdigest()


def hash_start(email_key: str | None) -> str:
    """The start of the hash of an address, short enough for an index; empty for no address."""
    return "" if email_key is None else address_hash(email_key)[:HASH_START]


def mailable_for(list_id: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Whether the statement's `Contact`, if it is live, may be written to for the list `list_id`.

    The list is live, the contact has an address and is Subscribed, and the address is not suppressed for this
    list or for all lists.
    """
    subscribed = exists().where(
        Subscription.contact_id == Contact.id,
        Subscription.list_id == list_id,
        Subscription.status == SubscriptionStatus.SUBSCRIBED,
        MailingList.id == list_id,
        MailingList.deleted_at.is_(None),
    )
    return Contact.email_key.is_not(None) & subscribed & ~suppressed_for(list_id)


def suppressed_for(
    list_id: ColumnElement[Any] | InstrumentedAttribute[Any],
    *,
    until: ColumnElement[Any] | InstrumentedAttribute[Any] | None = None,
) -> ColumnElement[bool]:
    """Whether the address of the statement's `Contact` is suppressed for the list, or for all lists; with
    `until`, whether it was at that time."""
    how = or_(Suppression.list_id.is_(None), Suppression.list_id == list_id)
    return _suppressed(how if until is None else how & (Suppression.at <= until))


def blocked() -> ColumnElement[bool]:
    """Whether the address of the statement's `Contact` may not even be asked to confirm."""
    return _suppressed(Suppression.list_id.is_(None) & Suppression.reason.in_(FINAL))


def _suppressed(how: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        Suppression.workspace_id == Contact.workspace_id,
        Suppression.address_hash == sha256_hex(Contact.email_key),
        how,
    )


def why_suppressed(session: Session, contact_id: int, list_id: int) -> SuppressionReason | None:
    """Why the contact's address is suppressed for the list, or for all lists; the latest reason."""
    return session.scalar(
        select(Suppression.reason)
        .join(
            Contact,
            (Contact.workspace_id == Suppression.workspace_id)
            & (Suppression.address_hash == sha256_hex(Contact.email_key)),
        )
        .where(
            Contact.id == contact_id,
            or_(Suppression.list_id.is_(None), Suppression.list_id == list_id),
        )
        # A final one first: it is what decides what can be done.
        .order_by(Suppression.reason.in_(FINAL).desc(), Suppression.id.desc())
        .limit(1)
    )
