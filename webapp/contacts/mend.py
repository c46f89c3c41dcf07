"""Bringing over what the previous release writes while a deployment is under way: lists, tags and accounts
without the key of their name, and contacts with an old key of their address. Goes with that release.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.catalogue.names import Named, give_missing_keys
from webapp.clock import read_clock
from webapp.contacts.address_keys import next_slice, renew_keys
from webapp.database import lock_workspace, write_transaction
from webapp.models import Account, MailingList, Tag

KINDS: tuple[Named, ...] = (Account, MailingList, Tag)
# How many contacts are looked at in one turn. A million takes an hour or so, at no noticeable cost.
SLICE = 5000


def mend(session: Session, after: int) -> int:
    """Mend all names, and the next contacts after id `after`; return the id after which the next turn goes
    on.

    No index says which contacts have an old key. So this looks at all of them, slice by slice, and begins
    again at the end.
    """
    for kind in KINDS:
        without = select(kind.workspace_id).where(kind.name_key.is_(None), kind.deleted_at.is_(None))
        for workspace_id in session.scalars(without.distinct().limit(100)).all():
            with write_transaction(session):
                lock_workspace(session, workspace_id)
                give_missing_keys(session, kind, workspace_id)
    end, out_of_date = next_slice(session.connection(), after, SLICE)
    session.rollback()
    for workspace_id, ids in out_of_date.items():
        with write_transaction(session):
            lock_workspace(session, workspace_id)
            renew_keys(session.connection(), workspace_id, ids, read_clock(session))
    return end or 0
