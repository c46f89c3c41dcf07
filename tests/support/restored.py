"""What a restore writes in a workspace, so that two moments can be compared."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webapp.models import Contact, ContactNote, ContactSearch, Deal, DealContact, Deletion

Rows = list[tuple[object, ...]]


def rows_of(session: Session, workspace_id: int) -> dict[str, Rows]:
    """The rows of contacts, deals, deletions and notes, but for the mark of the latest restore."""
    session.expire_all()

    def read(query: Select[*tuple[object, ...]]) -> Rows:
        return [tuple(row) for row in session.execute(query)]

    here = Contact.workspace_id == workspace_id
    places = (
        *(DealContact.deal_id, DealContact.contact_id, DealContact.is_primary, DealContact.attached_at),
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
