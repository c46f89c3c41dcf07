"""Folding again what was not folded by this release: rows that the release before has written, and all rows
after `folding.FOLDING` was raised. Until a row's turn comes it is found by its older form."""

from collections.abc import Callable

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from webapp.contacts import folding
from webapp.contacts.matching import is_stale
from webapp.database import write_transaction
from webapp.jobs.settings import Rest
from webapp.models import Contact, ContactSearch

log = structlog.get_logger()

BATCH = 1000
NO_REST = Rest()


def has_stale(session: Session) -> bool:
    """Whether a contact still has to be folded."""
    return session.scalar(select(ContactSearch.contact_id).where(is_stale()).limit(1)) is not None


def refold(session: Session, *, rest: Rest = NO_REST, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Fold every contact that has to be, in batches of one transaction each, until none has or `should_stop`
    returns True; the number of contacts."""
    total = 0
    while not should_stop():
        with rest.following():
            done = _batch(session)
        if done == 0:
            break
        total += done
        log.info("contacts_folded", contacts=done)
    return total


def _batch(session: Session) -> int:
    with write_transaction(session):
        stale = (
            select(Contact.id, Contact.first_name, Contact.last_name, Contact.email)
            .join(ContactSearch, ContactSearch.contact_id == Contact.id)
            .where(is_stale())
            .limit(BATCH)
        )
        rows = session.execute(stale).all()
        if rows:
            # A contact that was edited since it was read has its folded form already: it must not get one of
            # its old name.
            session.connection().execute(
                update(ContactSearch)
                .where(ContactSearch.contact_id == bindparam("id"), ContactSearch.folding != folding.FOLDING)
                .values(folded=bindparam("form"), folding=folding.FOLDING),
                [
                    {"id": row.id, "form": folding.folded(row.first_name, row.last_name, row.email)}
                    for row in rows
                ],
            )
        return len(rows)
