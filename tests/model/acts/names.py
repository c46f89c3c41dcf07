"""Lists, tags and accounts get their names, and contacts get on lists and get tags."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import insert

from tests.model.acts.story import Story
from tests.model.choices import (
    ANY_NAME,
    STATUSES,
    any_contact,
    if_any,
    mailable,
    on_lists,
    one_of,
    some_of,
    things,
)
from tests.model.opening import KINDS
from tests.model.things import BOUNCED, SUBSCRIBED, UNSUBSCRIBED, Contact, Thing
from webapp import models
from webapp.catalogue.names import NameTaken, ids_by_name, rename
from webapp.contacts.address import email_key
from webapp.database import write_transaction
from webapp.marketing.consent import AddressSuppressed, address_hash
from webapp.marketing.lists import change_status, subscribe
from webapp.marketing.tags import add_tag, remove_tag
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason


class Names(Story):
    """What contacts hang on, but for deals."""

    def name(self, kind: str, *names: str) -> None:
        """Let there be a live list, tag or account of each name: those that are missing are created."""
        found = ids_by_name(self.session, KINDS[kind], self.world.id, names) if names else {}
        for name in names:
            thing = self.business.named(kind, name)
            assert self.ids.setdefault(thing, found[name]) == found[name]

    @rule(thing=one_of(things("list", "tag", "account")), name=ANY_NAME)
    def rename(self, thing: Thing, name: str) -> None:
        renamed = self.business.rename(thing, name)
        try:
            with write_transaction(self.session):
                found = rename(
                    self.session,
                    KINDS[thing.kind],
                    self.ids[thing],
                    name,
                    workspace_id=self.world.id,
                    by=self.world.admin.id,
                    now=self.now,
                )
        except NameTaken:
            assert renamed is None, "a free name was refused"
            self.note("a name is refused that another has")
            return
        assert found == renamed

    @if_any(any_contact)
    @if_any(things("list"))
    @rule(contacts=some_of(any_contact), mailing_list=one_of(things("list")))
    def subscribe(self, contacts: list[Contact], mailing_list: Thing) -> None:
        self.business.subscribe(contacts, mailing_list)
        with write_transaction(self.session):
            subscribe(self.session, **self.contact_arguments(contacts), list_id=self.ids[mailing_list])

    @if_any(on_lists)
    @rule(place=one_of(on_lists), status=STATUSES)
    def change_status(self, place: tuple[Contact, Thing], status: str) -> None:
        contact, mailing_list = place
        if not contact.is_live:
            # A deleted contact cannot be subscribed; an unsubscribe or a bounce may still arrive.
            status = BOUNCED if status == BOUNCED else UNSUBSCRIBED
            self.note("a status arrives for a deleted contact")
        is_refused = status == SUBSCRIBED and self.business.marketing.is_suppressed(contact, mailing_list)
        if is_refused:
            self.note("a suppressed address cannot be made Subscribed")
        else:
            self.business.change_status(contact, mailing_list, status)
        try:
            with write_transaction(self.session):
                change_status(
                    self.session,
                    workspace_id=self.world.id,
                    contact_id=self.ids[contact],
                    list_id=self.ids[mailing_list],
                    status=SubscriptionStatus(status),
                    now=self.now,
                )
        except AddressSuppressed:
            assert is_refused, "an address that is not suppressed was refused"
        else:
            assert not is_refused, "a suppressed address was made Subscribed"

    @if_any(mailable)
    @rule(place=one_of(mailable), all_lists=st.booleans())
    def suppress(self, place: tuple[Contact, Thing], all_lists: bool) -> None:
        """A complaint arrives from the contact's address, about one list or about all."""
        contact, mailing_list = place[0], None if all_lists else place[1]
        assert contact.address
        self.business.marketing.suppressed.add((contact.address, mailing_list))
        with write_transaction(self.session):
            self.session.execute(
                insert(models.Suppression),
                [
                    {
                        "workspace_id": self.world.id,
                        "address_hash": address_hash(email_key(contact.details.email) or ""),
                        "list_id": self.ids[mailing_list] if mailing_list else None,
                        "reason": SuppressionReason.COMPLAINT,
                        "at": self.now,
                    }
                ],
            )

    @if_any(any_contact)
    @if_any(things("tag"))
    @rule(contacts=some_of(any_contact), tag=one_of(things("tag")), on=st.booleans())
    def tag(self, contacts: list[Contact], tag: Thing, on: bool) -> None:
        if not on and tag.deleted:
            return  # a deleted tag is not shown, so it cannot be removed
        (self.business.add_tag if on else self.business.remove_tag)(contacts, tag)
        with write_transaction(self.session):
            (add_tag if on else remove_tag)(
                self.session, **self.contact_arguments(contacts), tag_id=self.ids[tag]
            )

    def contact_arguments(self, contacts: list[Contact]) -> dict[str, Any]:
        return {
            "workspace_id": self.world.id,
            "contact_ids": [self.ids[contact] for contact in contacts],
            "now": self.now,
        }
