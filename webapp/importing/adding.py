"""Importing contacts from a file, batch by batch.

No contact is added twice: a row is skipped if a live contact has its address. It is also skipped if a deleted
contact has it, because a restore recovers more than a file contains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from webapp.catalogue.names import ids_by_name
from webapp.characters import name_key
from webapp.clock import read_clock
from webapp.contacts.deleted_addresses import DeletedAddresses
from webapp.contacts.load import NewContact, create_contacts
from webapp.database import lock_workspace, write_transaction
from webapp.importing.names import Split
from webapp.importing.rows import BadRow, Identity, Row
from webapp.models import Account, Contact, MailingList, Tag, live
from webapp.models.audit_event import Action, record
from webapp.models.mailing_list import SubscriptionStatus

BATCH = 1000
TRIES = 5


@dataclass
class _SortedRows:
    good: list[Row] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    in_bin: int = 0


@dataclass
class Import:
    """The import of one file into a workspace, with the counts of the rows so far.

    `in_bin` counts the rows whose address belongs to a deleted contact; `left_out` includes them unless
    `even_if_deleted` is set. `unread_lines` counts the lines that torn records hide, and `split_fields` the
    fields of added rows that were split at commas.
    """

    workspace_id: int
    file_name: str
    even_if_deleted: bool = False
    added: int = 0
    left_out: int = 0
    unread_lines: int = 0
    in_bin: int = 0
    split_fields: int = 0
    first_split: Split | None = None
    # Contacts with this id or a higher one come from this file.
    _first_id: int | None = None
    _deleted: DeletedAddresses = field(init=False)

    def __post_init__(self) -> None:
        self._deleted = DeletedAddresses(self.workspace_id)

    def add_batch(self, session: Session, rows: Sequence[Row | BadRow]) -> list[BadRow]:
        """Add the contacts of the good rows in one transaction; return all bad rows, by line.

        Tries again if another connection takes one of the addresses or creates one of the tags at the same
        moment. Raises SQLAlchemyError if the database keeps refusing; then no contact of this batch is added.
        """
        sorted_rows, ids = self._add_with_retries(
            session, [row for row in rows if isinstance(row, Row)], TRIES
        )
        self.added += len(ids)
        self.left_out += len(rows) - len(ids)
        self.unread_lines += sum(row.unread for row in rows if isinstance(row, BadRow))
        self.in_bin += sorted_rows.in_bin
        splits = [split for row in sorted_rows.good for split in row.splits]
        self.split_fields += len(splits)
        self.first_split = self.first_split or next(iter(splits), None)
        if self._first_id is None and ids:
            self._first_id = ids[0]
        bad = [*sorted_rows.bad, *(row for row in rows if isinstance(row, BadRow))]
        return sorted(bad, key=lambda row: row.line)

    def _add_with_retries(
        self, session: Session, rows: Sequence[Row], tries: int
    ) -> tuple[_SortedRows, list[int]]:
        try:
            with write_transaction(session):
                lock_workspace(session, self.workspace_id)
                now = read_clock(session)
                sorted_rows = self._sort_rows(session, rows, now)
                return sorted_rows, self._add(session, sorted_rows.good, now)
        except (IntegrityError, OperationalError):
            if tries == 1:
                raise
        return self._add_with_retries(session, rows, tries - 1)

    def _sort_rows(self, session: Session, rows: Sequence[Row], now: datetime) -> _SortedRows:
        """Separate rows that can be added, bad rows, and rows that match a deleted contact."""
        existing_ids = self._find_existing(session, rows)
        deleted = self._deleted.matching(session, _keys(rows), now)
        sorted_rows = _SortedRows()
        seen: set[Identity] = set()
        for row in rows:
            existing = existing_ids.get(row.identity)
            if row.identity in seen or (existing and self._first_id and existing >= self._first_id):
                sorted_rows.bad.append(
                    BadRow(row.line, f"“{row.email or row.name}” is already in a line above")
                )
            elif existing:
                has = f"the address “{row.email}”" if row.email else f"the name “{row.name}” and no address"
                sorted_rows.bad.append(BadRow(row.line, f"a contact has {has} already"))
            elif row.email_key in deleted and not self.even_if_deleted:
                sorted_rows.in_bin += 1
            else:
                sorted_rows.in_bin += row.email_key in deleted
                sorted_rows.good.append(row)
                seen.add(row.identity)
        return sorted_rows

    def _find_existing(self, session: Session, rows: Sequence[Row]) -> dict[Identity, int]:
        """The ids of the live contacts that match one of the rows."""
        contacts = select(Contact).where(live(self.workspace_id))
        by_address = contacts.with_only_columns(Contact.email_key, Contact.id)
        found: dict[Identity, int] = {}
        for key, contact_id in session.execute(by_address.where(Contact.email_key.in_(_keys(rows)))):
            if key is not None:
                found[key] = contact_id
        without = [row for row in rows if row.email_key is None]
        if without:
            by_other_fields = (
                contacts.with_only_columns(
                    Contact.first_name, Contact.last_name, Contact.phone, Account.name, Contact.id
                )
                .outerjoin(Account, (Account.id == Contact.account_id) & Account.deleted_at.is_(None))
                .where(
                    Contact.email_key.is_(None),
                    Contact.first_name.in_({row.first_name for row in without}),
                    Contact.last_name.in_({row.last_name for row in without}),
                )
            )
            for first_name, last_name, phone, account, contact_id in session.execute(by_other_fields):
                found[first_name, last_name, phone, name_key(account or "")] = contact_id
        return found

    def _add(self, session: Session, rows: Sequence[Row], now: datetime) -> list[int]:
        """Add the rows as contacts, with the accounts, lists and tags they name; return the ids."""
        if not rows:
            return []
        accounts = ids_by_name(
            session, Account, self.workspace_id, (row.account for row in rows if row.account)
        )
        lists = ids_by_name(
            session, MailingList, self.workspace_id, (name for row in rows for name in row.lists)
        )
        tags = ids_by_name(session, Tag, self.workspace_id, (name for row in rows for name in row.tags))
        ids = create_contacts(
            session,
            self.workspace_id,
            [
                NewContact(
                    created_at=now,
                    email=row.email,
                    first_name=row.first_name,
                    last_name=row.last_name,
                    phone=row.phone,
                    account_id=accounts.get(row.account),
                    lists=[(list_id, SubscriptionStatus.SUBSCRIBED) for list_id in _ids(lists, row.lists)],
                    tags=_ids(tags, row.tags),
                )
                for row in rows
            ],
            now,
        )
        record(
            session,
            workspace_id=self.workspace_id,
            user_id=None,
            at=now,
            action=Action.CONTACTS_IMPORTED,
            subject=f"workspace:{self.workspace_id}",
            # A file can be named after a person, and its name need not be Unicode.
            private=self.file_name.encode("utf-8", "backslashreplace").decode(),
            contacts=len(ids),
        )
        return ids


def _keys(rows: Sequence[Row]) -> set[str]:
    return {row.email_key for row in rows if row.email_key is not None}


def _ids(ids: Mapping[str, int], names: Sequence[str]) -> list[int]:
    """The ids of these names, each once, however often and in whatever spelling a row names it."""
    return list(dict.fromkeys(ids[name] for name in names if name in ids))
