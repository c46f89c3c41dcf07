"""Contacts are created and edited, and get notes."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from tests.model import by_hand
from tests.model.acts.names import Names
from tests.model.by_hand import Form
from tests.model.choices import (
    ADDRESSES,
    FIRST_NAMES,
    NEW_PEOPLE,
    NewPerson,
    accounts_or_none,
    addresses,
    any_contact,
    if_any,
    one_of,
)
from tests.model.things import Contact, Details, Thing
from webapp import models
from webapp.contacts.edit import ChangedSince, add_contact, edit_contact, set_account
from webapp.contacts.edit import Details as TypedDetails
from webapp.contacts.load import NewContact, create_contacts
from webapp.contacts.notes import add_note, delete_note
from webapp.database import write_transaction
from webapp.models.contact_note import NoteKind
from webapp.models.mailing_list import SubscriptionStatus


class People(Names):
    """The live side of contacts."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # Of each contact that was edited, a form that is open since before that.
        self.forms: dict[Contact, Form] = {}

    @rule(person=NEW_PEOPLE, email=one_of(addresses))
    def create(self, person: NewPerson, email: str | None) -> None:
        for contact in self.create_contacts_together([replace(person, email=email)]):
            if contact.address in [gone.address for gone in self.business.gone if gone.address]:
                self.note("the address of a deleted contact is used again")

    def create_contacts_together(self, people: list[NewPerson]) -> list[Contact]:
        """Create them in one act; none if one of their addresses is in use. Missing names are created."""
        with write_transaction(self.session):
            self.name("account", *(person.account for person in people if person.account))
            self.name("list", *(name for person in people for name, _ in person.lists))
            self.name("tag", *(name for person in people for name in person.tags))
        rows = [self.typed(person) for person in people]
        contacts = [self.business.create(*row) for row in rows]
        new = [
            NewContact(
                created_at=self.now,
                email=details.email,
                first_name=details.first_name,
                last_name=details.last_name,
                phone=details.phone,
                account_id=self.ids[details.account] if details.account else None,
                lists=[
                    (self.ids[mailing_list], SubscriptionStatus(status))
                    for mailing_list, status in lists.items()
                ],
                tags=[self.ids[tag] for tag in tags],
            )
            for details, lists, tags in rows
        ]
        try:
            with write_transaction(self.session):
                ids = create_contacts(self.session, self.world.id, new, self.now)
        except IntegrityError:
            assert None in contacts, "a free address was refused"
            return []
        made = [contact for contact in contacts if contact is not None]
        assert len(made) == len(contacts), "an address was used twice"
        self.ids.update(zip(made, ids, strict=True))
        return made

    def typed(self, person: NewPerson) -> tuple[Details, dict[Thing, str], list[Thing]]:
        named = self.business.named
        account = named("account", person.account) if person.account else None
        statuses = {named("list", name): status for name, status in person.lists}
        details = Details(person.email, person.first_name, person.last_name, account, person.phone)
        return details, statuses, list(dict.fromkeys(named("tag", name) for name in person.tags))

    def write_notes(self, contacts: list[Contact]) -> None:
        for contact in contacts:
            contact.notes.append((NoteKind.WRITTEN, contact.details.first_name))
        with write_transaction(self.session):
            self.session.execute(
                insert(models.ContactNote),
                [
                    {"contact_id": self.ids[contact], "created_at": self.now, "kind": kind, "text": text}
                    for contact in contacts
                    for kind, text in contact.notes
                ],
            )

    @rule(
        email=ADDRESSES,
        first_name=FIRST_NAMES,
        account=one_of(accounts_or_none),
    )
    def add_by_hand(self, email: str | None, first_name: str, account: Thing | None) -> None:
        """With a form that is perhaps sent twice."""
        details = Details(email and email.strip(), first_name, "By hand", account)
        contact = by_hand.add_contact(self.business, details)
        for _ in range(2):
            try:
                with write_transaction(self.session):
                    contact_id = add_contact(
                        self.session, workspace_id=self.world.id, details=self.as_typed(details), now=self.now
                    )
            except IntegrityError:
                assert contact is None, "a free address was refused"
                return
            assert contact, "an address was used twice"
            assert self.ids.setdefault(contact, contact_id) == contact_id

    def as_typed(self, details: Details) -> TypedDetails:
        email, first_name, last_name, account, phone = details
        return TypedDetails(email, first_name, last_name, phone, self.ids[account] if account else None)

    @if_any(any_contact)
    @rule(
        contact=one_of(any_contact),
        email=ADDRESSES,
        first_name=FIRST_NAMES,
        account=one_of(accounts_or_none),
        second=FIRST_NAMES,
        was_open=st.booleans(),
    )
    def edit_by_two(
        self,
        contact: Contact,
        email: str | None,
        first_name: str,
        account: Thing | None,
        second: str,
        was_open: bool,
    ) -> None:
        """The second one has had the contact's form open since the first one began, and is told."""
        self.edit(contact, email, first_name, account, was_open)
        self.edit(contact, email, second, account, was_open=True)

    def edit(
        self,
        contact: Contact,
        email: str | None,
        first_name: str,
        account: Thing | None,
        was_open: bool = False,
    ) -> None:
        """With a form that was opened just now, or with one that is open since an earlier edit."""
        form = self.forms.get(contact) if was_open else None
        form = form or Form.of(contact)
        details = Details(email, first_name, "Edited", account)
        is_outdated = form.is_outdated(contact, details)
        edited = None if is_outdated else self.business.edit(contact, details)
        try:
            with write_transaction(self.session):
                found = edit_contact(
                    self.session,
                    workspace_id=self.world.id,
                    contact_id=self.ids[contact],
                    details=self.as_typed(details),
                    now=self.now,
                    seen=(1 + form.writes, self.as_typed(form.details)),
                )
        except IntegrityError:
            assert not is_outdated, "an outdated form was read"
            assert edited is None, "a free address was refused"
        except ChangedSince as changed:
            assert is_outdated, "a form that is not outdated was refused"
            self.note("a contact is not edited: changed since")
            told = changed.version, changed.details
            assert told == (1 + contact.writes, self.as_typed(by_hand.shown(contact.details)))
        else:
            assert found == edited
        self.forms[contact] = form

    @if_any(any_contact)
    @rule(
        contact=one_of(any_contact),
        what=st.sampled_from(("account", "list", "note", "note")),
        account=one_of(accounts_or_none),
        may_delete=st.booleans(),
        deletes=st.booleans(),
    )
    def work_on_a_page(
        self, contact: Contact, what: str, account: Thing | None, may_delete: bool, deletes: bool
    ) -> None:
        """That of a contact, which has perhaps been deleted since the page was opened."""
        if what == "account":
            self.set_account(contact, account)
        elif what == "note":
            self.annotate(contact, may_delete, deletes)
        else:
            for mailing_list in [each for each in contact.lists if not each.deleted][:1]:
                self.take_off(contact, mailing_list)

    def set_account(self, contact: Contact, account: Thing | None) -> None:
        done = by_hand.set_account(self.business, contact, account)
        with write_transaction(self.session):
            assert done == set_account(
                self.session,
                workspace_id=self.world.id,
                contact_id=self.ids[contact],
                account_id=self.ids[account] if account else None,
                now=self.now,
            )

    def annotate(self, contact: Contact, may_delete: bool, deletes: bool) -> None:
        """Write a note, or delete the latest one, as a person who may do that or as one who may not."""
        where: dict[str, Any] = {
            "workspace_id": self.world.id,
            "contact_id": self.ids[contact],
            "now": self.now,
        }
        written = [note for note in contact.notes if note[0] == NoteKind.WRITTEN]
        if not (deletes and written):
            text = f"Note {sum(len(each.notes) for each in self.business.contacts)}"
            done = by_hand.add_note(self.business, contact, text)
            for _ in range(2):
                with write_transaction(self.session):
                    found = add_note(self.session, **where, text=text, by=self.world.admin.id)
                assert found == done
            return
        [*_, note] = written
        done = may_delete and by_hand.delete_note(self.business, contact, note)
        ids = select(models.ContactNote.id).where(
            models.ContactNote.contact_id == self.ids[contact], models.ContactNote.text == note[1]
        )
        [note_id, *_] = self.session.scalars(ids.order_by(models.ContactNote.id.desc()))
        by = None if may_delete else self.world.member.id
        with write_transaction(self.session):
            assert done == delete_note(self.session, **where, note_id=note_id, by=by)
