"""The cells of contacts, in the columns that an import reads, with the fewest statements: five for a batch,
however many contacts, tags and lists it has.

A list stands in the column of the contact's status on it, of the stored status and the suppression of its
address whichever is stricter (docs/rules.md, rule 9): so importing the file subscribes no one who may not be
written to. Deleted lists, tags and accounts do not appear.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.database import id_table, text_table
from webapp.exporting.source import Cells
from webapp.importing.fields import COLUMNS, STATUSES
from webapp.importing.names import SEPARATOR, quoted
from webapp.marketing.consent import STRICTNESS, address_hash
from webapp.marketing.refusals import STATUS
from webapp.models import Account, Contact, ContactTag, MailingList, Subscription, Suppression, Tag
from webapp.models.base import filter_only, is_one_of
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason

HEADER: Cells = tuple(COLUMNS.values())

# A contact's names as they are written, by its id as a text: the aggregates below are texts of ids. Texts and
# no lists, because a hundred thousand of these keep the collector of garbage busy.
_Names = dict[str, str]

# Looked up for each contact: with a join and stale statistics, each would be compared with all accounts.
_account = (
    select(Account.name)
    .where(Account.id == Contact.account_id, Account.deleted_at.is_(None))
    .correlate(Contact)
    .scalar_subquery()
    .label("account")
)


def read_contacts(
    session: Session,
    workspace_id: int,
    ids: Sequence[int],
    *conditions: ColumnElement[bool],
    more: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]] = (),
) -> list[tuple[list[object], tuple[Any, ...]]]:
    """The cells of those contacts among `ids` that fulfil the conditions, in the order of `ids`; each with
    the values of the columns `more`, which the statement about `Contact` can have."""
    query = select(
        Contact.id,
        Contact.email_key,
        Contact.email,
        Contact.first_name,
        Contact.last_name,
        Contact.phone,
        _account,
        Contact.created_at,
        *more,
    ).where(_one_of(session, Contact.id, ids), *map(filter_only, conditions))
    # By the connection, because rows of the ORM take twice as long.
    rows = {row[0]: row for row in session.connection().execute(query)}
    found = [contact_id for contact_id in ids if contact_id in rows]
    email_keys = {str(contact_id): rows[contact_id][1] for contact_id in found}
    tags, lists = _tags(session, found), _lists(session, workspace_id, found, email_keys)
    subscribed, unconfirmed, unsubscribed, bounced = (lists[status] for status in STATUSES.values())
    result = []
    for contact_id in found:
        _, _, email, first_name, last_name, phone, account, created_at, *values = rows[contact_id]
        key = str(contact_id)
        # In the order of COLUMNS.
        cells = [
            email or "",
            first_name,
            last_name,
            phone,
            account or "",
            tags.get(key, ""),
            subscribed.get(key, ""),
            unconfirmed.get(key, ""),
            unsubscribed.get(key, ""),
            bounced.get(key, ""),
            created_at.isoformat(),
        ]
        result.append((cells, tuple(values)))
    return result


def _one_of(session: Session, column: InstrumentedAttribute[int], ids: Sequence[int]) -> ColumnElement[bool]:
    return is_one_of(column, select(id_table(session, ids).c.value))


def _ids(column: InstrumentedAttribute[int]) -> ColumnElement[str]:
    """The ids of a group as one text: a row for each tag costs a tenth of a row for each contact's tag."""
    return func.aggregate_strings(cast(column, String), ",").label("ids")


def _tags(session: Session, ids: Sequence[int]) -> _Names:
    of_them = (
        select(ContactTag.tag_id, _ids(ContactTag.contact_id))
        .where(_one_of(session, ContactTag.contact_id, ids))
        .group_by(ContactTag.tag_id)
        .subquery()
    )
    named = (
        select(Tag.name, of_them.c.ids)
        .join(of_them, of_them.c.tag_id == Tag.id)
        .where(Tag.deleted_at.is_(None))
        .order_by(Tag.id)
    )
    found: _Names = {}
    for name, contacts in session.connection().execute(named) if ids else ():
        _add(found, name, contacts.split(","))
    return found


def _lists(
    session: Session, workspace_id: int, ids: Sequence[int], email_keys: Mapping[str, str | None]
) -> Mapping[SubscriptionStatus, _Names]:
    of_them = (
        select(Subscription.list_id, Subscription.status, _ids(Subscription.contact_id))
        .where(_one_of(session, Subscription.contact_id, ids))
        .group_by(Subscription.list_id, Subscription.status)
        .subquery()
    )
    named = (
        select(MailingList.id, MailingList.name, of_them.c.status, of_them.c.ids)
        .join(of_them, of_them.c.list_id == MailingList.id)
        .where(MailingList.deleted_at.is_(None))
        .order_by(MailingList.id)
    )
    found: dict[SubscriptionStatus, _Names] = {status: {} for status in SubscriptionStatus}
    rows = session.connection().execute(named).all() if ids else []
    refused = _refused(session, workspace_id, email_keys) if rows else {}
    for list_id, name, status, contacts in rows:
        on_it = contacts.split(",")
        _add(found[status], name, [contact for contact in on_it if contact not in refused])
        for contact in on_it if refused else ():
            if contact in refused:
                _add(found[_stricter(status, list_id, refused[contact])], name, [contact])
    return found


def _add(found: _Names, name: str, contacts: Sequence[str]) -> None:
    written = quoted(name)
    after = SEPARATOR + written
    for contact in contacts:
        before = found.get(contact)
        found[contact] = written if before is None else before + after


def _stricter(
    status: SubscriptionStatus, list_id: int, refused: Mapping[int | None, SubscriptionStatus]
) -> SubscriptionStatus:
    """The stricter of the stored status and that of the address's suppression, for this list or for all."""
    return max((status, *filter(None, (refused.get(None), refused.get(list_id)))), key=STRICTNESS.__getitem__)


def _refused(
    session: Session, workspace_id: int, email_keys: Mapping[str, str | None]
) -> dict[str, dict[int | None, SubscriptionStatus]]:
    """What the suppression of a contact's address is as a status, by contact and list; None for all lists.
    Bounced, where its address does not work, and else Unsubscribed."""
    # Deleted contacts can have one address.
    hashes: defaultdict[str, list[str]] = defaultdict(list)
    for contact, key in email_keys.items():
        if key is not None:
            hashes[address_hash(key)].append(contact)
    # One parameter: as many as the batch has contacts would take longer than the rest of the batch.
    of_batch = select(text_table(session, list(hashes)).c.value)
    suppressed = select(Suppression.address_hash, Suppression.list_id, Suppression.reason).where(
        Suppression.workspace_id == workspace_id, is_one_of(Suppression.address_hash, of_batch)
    )
    found: defaultdict[str, dict[int | None, SubscriptionStatus]] = defaultdict(dict)
    for hashed, list_id, reason in session.execute(suppressed) if hashes else ():
        for contact in hashes[hashed]:
            if reason == SuppressionReason.BOUNCE or list_id not in found[contact]:
                found[contact][list_id] = STATUS[reason]
    return found
