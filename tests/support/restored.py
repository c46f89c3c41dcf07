"""What a restore writes in a workspace, so that two moments can be compared."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webapp.models import (
    Contact,
    ContactNote,
    ContactSearch,
    ContactTag,
    Deal,
    DealContact,
    Deletion,
    Subscription,
)

Rows = list[tuple[object, ...]]
# The rows that begin with the id of a contact, and where the contact's own have its version.
OF_CONTACTS = "contacts", "places on lists", "tags", "places on deals", "notes"
VERSION = 8


def rows_of(session: Session, workspace_id: int) -> dict[str, Rows]:
    """The rows of contacts and what they hang on, of deals, deletions and notes, but for the mark of the
    latest restore."""
    session.expire_all()

    def read(query: Select[*tuple[object, ...]]) -> Rows:
        return [tuple(row) for row in session.execute(query)]

    here = Contact.workspace_id == workspace_id
    places = (
        *(DealContact.contact_id, DealContact.deal_id, DealContact.is_primary, DealContact.attached_at),
        *(DealContact.detached_at, DealContact.detached_by_deletion_id),
    )
    contacts = (
        *(Contact.id, Contact.email, Contact.email_key, Contact.first_name, Contact.last_name),
        *(Contact.deleted_at, Contact.deletion_id, Contact.merged_into_id, Contact.version),
        *(Contact.updated_at, ContactSearch.folded),
    )
    return {
        "contacts": read(
            select(*contacts)
            .join(ContactSearch, ContactSearch.contact_id == Contact.id)
            .where(here)
            .order_by(Contact.id)
        ),
        "places on deals": read(
            select(*places)
            .join(Contact, Contact.id == DealContact.contact_id)
            .where(here)
            .order_by(DealContact.id)
        ),
        "places on lists": read(
            select(Subscription.contact_id, Subscription.list_id, Subscription.status)
            .join(Contact, Contact.id == Subscription.contact_id)
            .where(here)
            .order_by(Subscription.contact_id, Subscription.list_id)
        ),
        "tags": read(
            select(ContactTag.contact_id, ContactTag.tag_id)
            .join(Contact, Contact.id == ContactTag.contact_id)
            .where(here)
            .order_by(ContactTag.contact_id, ContactTag.tag_id)
        ),
        "deals": read(
            select(Deal.id, Deal.deleted_at, Deal.deleted_by_deletion_id)
            .where(Deal.workspace_id == workspace_id)
            .order_by(Deal.id)
        ),
        "deletions": read(
            select(Deletion.id, Deletion.in_bin, Deletion.contact_count)
            .where(Deletion.workspace_id == workspace_id)
            .order_by(Deletion.id)
        ),
        "notes": read(
            select(ContactNote.contact_id, ContactNote.text)
            .join(Contact, Contact.id == ContactNote.contact_id)
            .where(here)
            .order_by(ContactNote.id)
        ),
    }


def rows_of_contact(rows: dict[str, Rows], contact_id: int) -> dict[str, Rows]:
    """Those of `rows_of` that are this contact's."""
    return {what: [row for row in rows[what] if row[0] == contact_id] for what in OF_CONTACTS}


def version_in(rows: dict[str, Rows]) -> object:
    """The version of the contact whose rows these are."""
    [contact] = rows["contacts"]
    return contact[VERSION]
