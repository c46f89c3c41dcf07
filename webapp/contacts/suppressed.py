"""Suppressed addresses, the newest first, as far as they may be shown: an address is stored only with the
contacts that have it."""

from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from webapp.contacts.keyset import Keyset, Page, Place
from webapp.marketing.consent import address_hash
from webapp.models import Contact, MailingList, Suppression

NEWEST_FIRST = Keyset(Suppression.id)


@dataclass(frozen=True)
class SuppressedAddress:
    """A suppression, with the live contact that has the address now, and the list if it is for one."""

    suppression: Suppression
    holder: Contact | None
    mailing_list: MailingList | None


def read_suppressed(
    session: Session, workspace_id: int, *, size: int, after: Place | None = None, before: Place | None = None
) -> Page:
    """One page; each row is what `suppressed_of` takes."""
    through, holder = aliased(Contact), aliased(Contact)
    rows = (
        select(Suppression, holder, MailingList)
        .outerjoin(through, through.id == Suppression.contact_id)
        .outerjoin(
            holder,
            and_(
                holder.email_key == through.email_key,
                holder.workspace_id == Suppression.workspace_id,
                holder.deleted_at.is_(None),
            ),
        )
        .outerjoin(MailingList, MailingList.id == Suppression.list_id)
    )
    ids = NEWEST_FIRST.ids(select(Suppression.id).where(Suppression.workspace_id == workspace_id))
    return NEWEST_FIRST.read(session, rows, ids, size=size, after=after, before=before)


def suppressed_of(
    suppression: Suppression, holder: Contact | None, mailing_list: MailingList | None
) -> SuppressedAddress:
    """A row of `read_suppressed`. A contact whose address has changed since is not the holder."""
    if holder is not None and address_hash(holder.email_key or "") != suppression.address_hash:
        holder = None
    return SuppressedAddress(suppression, holder, mailing_list)
