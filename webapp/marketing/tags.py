"""Adding and removing tags, as users and automations do; a new tag wakes the automations that wait for it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.orm import Session

from webapp.database import execute_returning, lock_workspace
from webapp.marketing.triggers import wake_tagged
from webapp.marketing.versions import touch
from webapp.models import Contact, ContactTag, Tag, live


def add_tag(
    session: Session,
    *,
    workspace_id: int,
    contact_ids: Sequence[int],
    tag_id: int,
    now: datetime,
    caused_by: int | None = None,
) -> list[int]:
    """Add a live tag to live contacts, in the caller's write transaction; return the newly tagged ids.

    `caused_by` is the automation whose step does it, if one does.
    """
    lock_workspace(session, workspace_id)
    carried = select(ContactTag.contact_id).where(
        ContactTag.contact_id == Contact.id, ContactTag.tag_id == Tag.id
    )
    without = (
        select(Contact.id, Tag.id, literal(now, ContactTag.added_at.type))
        .join(Tag, Tag.workspace_id == Contact.workspace_id)
        .where(
            live(workspace_id),
            Contact.id.in_(contact_ids),
            Tag.id == tag_id,
            Tag.deleted_at.is_(None),
            ~carried.exists(),
        )
    )
    tagged = session.scalars(
        insert(ContactTag)
        .from_select(["contact_id", "tag_id", "added_at"], without)
        .returning(ContactTag.contact_id)
    ).all()
    touch(session, tagged, now)
    wake_tagged(session, tagged, tag_id=tag_id, now=now, caused_by=caused_by)
    return list(tagged)


def remove_tag(
    session: Session, *, workspace_id: int, contact_ids: Sequence[int], tag_id: int, now: datetime
) -> list[int]:
    """Remove a tag from live contacts; return the ids of those that had it. No restore adds it again."""
    lock_workspace(session, workspace_id)
    contacts = select(Contact.id).where(live(workspace_id), Contact.id.in_(contact_ids))
    untagged = execute_returning(
        session,
        delete(ContactTag)
        .where(ContactTag.contact_id.in_(contacts), ContactTag.tag_id == tag_id)
        .returning(ContactTag.contact_id),
    )
    touch(session, untagged, now)
    return list(untagged)
