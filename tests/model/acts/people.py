"""Contacts are created and edited."""

from dataclasses import replace

from hypothesis.stateful import rule
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from tests.model.acts.names import Names
from tests.model.choices import (
    ADDRESSES,
    FIRST_NAMES,
    NEW_PEOPLE,
    NewPerson,
    addresses,
    any_contact,
    if_any,
    one_of,
    things,
)
from tests.model.things import Contact, Details, Thing
from webapp import models
from webapp.contacts.edit import Details as TypedDetails
from webapp.contacts.edit import edit_contact
from webapp.contacts.load import NewContact, create_contacts
from webapp.database import write_transaction
from webapp.models.contact_note import NoteKind
from webapp.models.mailing_list import SubscriptionStatus


class People(Names):
    """The live side of contacts."""

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

    @if_any(any_contact)
    @rule(
        contact=one_of(any_contact),
        email=ADDRESSES,
        first_name=FIRST_NAMES,
        account=one_of(lambda business: [None, *things("account")(business)]),
    )
    def edit(self, contact: Contact, email: str | None, first_name: str, account: Thing | None) -> None:
        edited = self.business.edit(contact, Details(email, first_name, "Edited", account))
        typed = TypedDetails(email, first_name, "Edited", "", self.ids[account] if account else None)
        try:
            with write_transaction(self.session):
                found = edit_contact(
                    self.session,
                    workspace_id=self.world.id,
                    contact_id=self.ids[contact],
                    details=typed,
                    now=self.now,
                )
        except IntegrityError:
            assert edited is None, "a free address was refused"
            return
        assert found == edited
