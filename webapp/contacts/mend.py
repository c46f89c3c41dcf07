"""Bringing over what another release has written: contacts, names and deals that the previous one writes
while a deployment is under way, and all contacts after `folding.FOLDING` was raised.

A contact whose folded form is not this release's is also one whose address may have an old key. Until its
turn comes it is found by its older form. One without the hash of its address is looked at by each search for
a hash. The worker mends when the supervisor rings.
"""

from collections.abc import Callable

import structlog
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from webapp import folding
from webapp.catalogue.deal_titles import store_titles
from webapp.catalogue.names import Named, give_missing_keys
from webapp.clock import read_clock
from webapp.contacts.address_keys import renew_keys
from webapp.database import lock_workspace, write_transaction
from webapp.jobs.settings import Rest
from webapp.marketing.consent import hash_start
from webapp.models import Account, Contact, ContactSearch, Deal, MailingList, Tag
from webapp.models.contact import is_stale
from webapp.models.deal import IS_STALE

log = structlog.get_logger()

KINDS: tuple[Named, ...] = (Account, MailingList, Tag)
BATCH = 1000
WITHOUT_HASH = ContactSearch.hash_start.is_(None)
NO_REST = Rest()


def needs_mending(session: Session) -> bool:
    """Whether there is a contact, a deal or a name that another release has written."""
    contacts = [select(ContactSearch.contact_id).where(other) for other in (is_stale(), WITHOUT_HASH)]
    names = [select(kind.id).where(kind.name_key.is_(None), kind.deleted_at.is_(None)) for kind in KINDS]
    deal = select(Deal.id).where(IS_STALE)
    return bool(session.scalar(select(or_(*(rows.exists() for rows in (*contacts, deal, *names))))))


def mend(session: Session, *, rest: Rest = NO_REST, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Mend all names and deals, then the contacts in batches of one transaction each, until none is left or
    `should_stop` returns True; the number of contacts."""
    for kind in KINDS:
        _mend_names(session, kind)
    while (workspace_id := session.scalar(select(Deal.workspace_id).where(IS_STALE))) and not should_stop():
        try:
            with rest.following():
                _mend_deals(session, workspace_id)
        except Exception:
            # As below.
            log.exception("mending_failed", workspace=workspace_id)
            break
    total, failed = 0, set[int]()
    while not should_stop():
        workspace_id = session.scalar(
            select(ContactSearch.workspace_id)
            .where(or_(is_stale(), WITHOUT_HASH), ContactSearch.workspace_id.not_in(list(failed)))
            .limit(1)
        )
        if workspace_id is None:
            break
        try:
            with rest.following():
                done = _mend_contacts(session, workspace_id)
        except Exception:
            # The batch was rolled back, and the next ring tries again. Other workspaces continue.
            log.exception("mending_failed", workspace=workspace_id)
            failed.add(workspace_id)
            continue
        total += done
        log.info("contacts_mended", workspace=workspace_id, contacts=done)
    return total


def _mend_names(session: Session, kind: Named) -> None:
    without = select(kind.workspace_id).where(kind.name_key.is_(None), kind.deleted_at.is_(None))
    for workspace_id in session.scalars(without.distinct()).all():
        with write_transaction(session):
            lock_workspace(session, workspace_id, changes_it=False)
            give_missing_keys(session, kind, workspace_id)


def _mend_deals(session: Session, workspace_id: int) -> None:
    """Fold the titles of the workspace's next deals."""
    with write_transaction(session):
        lock_workspace(session, workspace_id, changes_it=False)
        stale = select(Deal.id, Deal.workspace_id, Deal.title, Deal.version).where(
            Deal.workspace_id == workspace_id, IS_STALE
        )
        store_titles(session, session.execute(stale.limit(BATCH)).all())


def _mend_contacts(session: Session, workspace_id: int) -> int:
    """Mend the workspace's next batch."""
    with write_transaction(session):
        lock_workspace(session, workspace_id, changes_it=False)
        stale = (
            select(ContactSearch.contact_id)
            .where(ContactSearch.workspace_id == workspace_id, or_(is_stale(), WITHOUT_HASH))
            .limit(BATCH)
        )
        ids = session.scalars(stale).all()
        renew_keys(session.connection(), workspace_id, ids, read_clock(session))
        names = Contact.first_name, Contact.last_name, Contact.email
        rows = session.execute(select(Contact.id, *names, Contact.email_key).where(Contact.id.in_(ids))).all()
        session.connection().execute(
            update(ContactSearch)
            # One that was edited since it was read has its form already: it must not get one of its old name.
            .where(
                ContactSearch.contact_id == bindparam("id"),
                or_(ContactSearch.folding != folding.FOLDING, WITHOUT_HASH),
            )
            .values(folded=bindparam("form"), folding=folding.FOLDING, hash_start=bindparam("start")),
            [
                {
                    "id": row.id,
                    "form": folding.folded(row.first_name, row.last_name, row.email),
                    "start": hash_start(row.email_key),
                }
                for row in rows
            ],
        )
        return len(rows)
