"""Writing the rows of a batch: new contacts, and changes of existing ones. A few statements for each kind of
change, however many rows there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from webapp.bulk import add_rows
from webapp.catalogue.names import ids_by_name
from webapp.contacts.load import NewContact, create_contacts
from webapp.contacts.matching import search_columns
from webapp.importing.deciding import UNCHANGED, Fate
from webapp.importing.order import ImportRequest
from webapp.importing.rows import Row
from webapp.importing.statuses import Suppressions, of_a_known_place, of_a_new_place
from webapp.marketing.triggers import wake_many
from webapp.marketing.versions import touch
from webapp.models import Account, Contact, ContactSearch, ContactTag, MailingList, Subscription, Tag
from webapp.models.import_line import LineOutcome
from webapp.models.mailing_list import SubscriptionStatus

Places = list[tuple[int, SubscriptionStatus]]


@dataclass(frozen=True)
class _Placed:
    """The contacts whose places on lists have changed, and which became Subscribed to which list."""

    changed: set[int]
    subscribed: list[tuple[int, int]]


class Writer:
    """Writes fates in the transaction of one batch of an import, at `now`, behind the workspace's lock."""

    def __init__(self, session: Session, workspace_id: int, asked: ImportRequest, now: datetime) -> None:
        self.session, self.workspace_id, self.asked, self.now = session, workspace_id, asked, now

    def write(self, fates: Sequence[Fate]) -> list[Fate]:
        """Add and update the contacts of these fates; returns the fates with ids and versions. A contact that
        is as the row says already counts as skipped. Raises IntegrityError if the database refuses one."""
        rows = [fate.row for fate in fates if fate.row is not None]
        if not rows:
            return list(fates)
        self._find_names(rows)
        written = {fate.line: fate for fate in fates}
        written |= self._add([fate for fate in fates if fate.outcome is LineOutcome.ADDED])
        written |= self._update([fate for fate in fates if fate.outcome is LineOutcome.UPDATED])
        return [written[fate.line] for fate in fates]

    def _find_names(self, rows: Sequence[Row]) -> None:
        """The accounts, tags and lists that the rows name; missing ones are created."""
        session, workspace_id = self.session, self.workspace_id
        accounts = (row.account for row in rows if row.account)
        self.accounts = ids_by_name(session, Account, workspace_id, accounts)
        self.tags = ids_by_name(session, Tag, workspace_id, (name for row in rows for name in row.tags))
        lists = (name for row in rows for name, _ in row.lists)
        self.lists = ids_by_name(session, MailingList, workspace_id, lists)
        on_lists = (row.email_key for row in rows if row.lists)
        self.suppressions = Suppressions(session, workspace_id, on_lists)

    def _add(self, fates: Sequence[Fate]) -> dict[int, Fate]:
        if not fates:
            return {}
        new = [self._new_contact(fate.row) for fate in fates if fate.row is not None]
        ids = create_contacts(self.session, self.workspace_id, new, self.now, wake=self.asked.wake)
        return {
            fate.line: Fate(fate.line, fate.outcome, None, contact_id, 1, fate.reason)
            for fate, contact_id in zip(fates, ids, strict=True)
        }

    def _new_contact(self, row: Row) -> NewContact:
        return NewContact(
            # Not in the future: a page would say "in 3 years".
            created_at=min(row.created_at, self.now) if row.created_at else self.now,
            added_at=self.now,
            email=row.email,
            email_key=row.email_key,
            first_name=row.first_name,
            last_name=row.last_name,
            phone=row.phone,
            account_id=self.accounts.get(row.account),
            lists=[(list_id, self._new_status(row, list_id, said)) for list_id, said in self._places(row)],
            tags=self._tag_ids(row),
        )

    def _places(self, row: Row) -> Places:
        return [(self.lists[name], said) for name, said in row.lists if name in self.lists]

    def _new_status(self, row: Row, list_id: int, said: SubscriptionStatus) -> SubscriptionStatus:
        suppressed = self.suppressions.status(row.email_key, list_id)
        return of_a_new_place(said, suppressed, agreed=self.asked.agreed)

    def _tag_ids(self, row: Row) -> list[int]:
        return list(dict.fromkeys(self.tags[name] for name in row.tags if name in self.tags))

    def _update(self, fates: Sequence[Fate]) -> dict[int, Fate]:
        rows = {fate.contact_id: fate.row for fate in fates if fate.contact_id is not None and fate.row}
        if not rows:
            return {}
        stored = select(Contact.id, Contact.version).where(Contact.id.in_(list(rows)))
        versions = dict(self.session.execute(stored).all())
        tagged, placed = self._add_tags(rows), self._change_places(rows)
        changed = self._change_fields(rows) | {contact_id for contact_id, _ in tagged} | placed.changed
        touch(self.session, sorted(changed), self.now)
        if self.asked.wake:
            wake_many(self.session, self.workspace_id, self.now, subscribed=placed.subscribed, tagged=tagged)
        return {
            fate.line: replace(fate, version=versions[fate.contact_id] + 1)
            if fate.contact_id in changed
            else replace(fate, outcome=LineOutcome.SKIPPED, row=None, reason={"code": UNCHANGED})
            for fate in fates
            if fate.contact_id is not None
        }

    def _change_fields(self, rows: Mapping[int, Row]) -> set[int]:
        """Take over names, phones and accounts; an empty cell changes nothing."""
        stored = self.session.execute(
            select(
                Contact.id,
                Contact.first_name,
                Contact.last_name,
                Contact.phone,
                Contact.account_id,
                Contact.email,
                Contact.email_key,
            ).where(Contact.id.in_(list(rows)))
        )
        contacts: list[dict[str, object]] = []
        searches: list[dict[str, object]] = []
        changed = set()
        for contact_id, first_name, last_name, phone, account_id, email, key in stored:
            row = rows[contact_id]
            has = (first_name, last_name, phone, account_id)
            gets = (
                row.first_name or first_name,
                row.last_name or last_name,
                row.phone or phone,
                self.accounts.get(row.account, account_id),
            )
            if gets != has:
                changed.add(contact_id)
                names = ("first_name", "last_name", "phone", "account_id")
                contacts.append({"the_id": contact_id, **dict(zip(names, gets, strict=True))})
            if gets[:2] != has[:2]:
                searches.append({"the_id": contact_id, **search_columns(gets[0], gets[1], email, key)})
        _update_each(self.session, Contact, contacts)
        _update_each(self.session, ContactSearch, searches)
        return changed

    def _add_tags(self, rows: Mapping[int, Row]) -> list[tuple[int, int]]:
        """Give the contacts further tags; returns which contact got which."""
        stored = select(ContactTag.contact_id, ContactTag.tag_id).where(ContactTag.contact_id.in_(list(rows)))
        carried = {(contact_id, tag_id) for contact_id, tag_id in self.session.execute(stored)}
        new = [
            (contact_id, tag_id)
            for contact_id, row in rows.items()
            for tag_id in self._tag_ids(row)
            if (contact_id, tag_id) not in carried
        ]
        added = ({"contact_id": contact, "tag_id": tag, "added_at": self.now} for contact, tag in new)
        add_rows(self.session, ContactTag, added)
        return new

    def _change_places(self, rows: Mapping[int, Row]) -> "_Placed":
        """Put the contacts on further lists, and make statuses stricter."""
        stored = {
            (contact_id, list_id): status
            for contact_id, list_id, status in self.session.execute(
                select(Subscription.contact_id, Subscription.list_id, Subscription.status).where(
                    Subscription.contact_id.in_(list(rows))
                )
            )
        }
        new, stricter = [], []
        for contact_id, row in rows.items():
            for list_id, said in self._places(row):
                has = stored.get((contact_id, list_id))
                status = self._new_status(row, list_id, said) if has is None else of_a_known_place(has, said)
                if has is None:
                    new.append((contact_id, list_id, status))
                elif status is not has:
                    stricter.append({"the_id": contact_id, "the_list": list_id, "status": status})
        add_rows(
            self.session,
            Subscription,
            (
                {"contact_id": contact, "list_id": of, "status": status, "changed_at": self.now}
                for contact, of, status in new
            ),
        )
        if stricter:
            changes = update(Subscription.__table__).where(  # type: ignore[arg-type]
                Subscription.__table__.c.contact_id == bindparam("the_id"),
                Subscription.__table__.c.list_id == bindparam("the_list"),
            )
            self.session.connection().execute(changes, [each | {"changed_at": self.now} for each in stricter])
        return _Placed(
            changed={contact for contact, _, _ in new} | {int(str(each["the_id"])) for each in stricter},
            subscribed=[(c, of) for c, of, status in new if status is SubscriptionStatus.SUBSCRIBED],
        )


def _update_each(
    session: Session, kind: type[Contact] | type[ContactSearch], rows: Sequence[Mapping[str, object]]
) -> None:
    """Set the given columns of the row of each contact `the_id`."""
    if rows:
        table = Contact.metadata.tables[kind.__tablename__]
        key = next(iter(table.primary_key))
        session.connection().execute(update(table).where(key == bindparam("the_id")), list(rows))
