"""Contacts get on deals and off them; contacts, deals and everything else are deleted."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select

from tests.factories.contacts import new_deal
from tests.model import by_hand
from tests.model.acts.consent import Consent
from tests.model.acts.refused import refusal
from tests.model.choices import (
    ANY_NAME,
    PEOPLE,
    any_contact,
    deals,
    deletable,
    if_any,
    live_contacts,
    nameable,
    on_deals,
    one_of,
    shared_deals,
    some_of,
)
from tests.model.opening import KINDS
from tests.model.things import Contact, Deal, Thing
from webapp import models
from webapp.catalogue.deal_edits import (
    DealChanged,
    DealDetails,
    NoContact,
    NoDeal,
    create_deal,
    edit_deal,
)
from webapp.catalogue.deals import attach, remove_from_deal
from webapp.catalogue.delete import StillSending, delete_from_catalogue
from webapp.catalogue.stages import Position
from webapp.contacts.delete import delete_contacts, preview_deletion
from webapp.database import write_transaction


class Deleting(Consent):
    """What a deletion concerns."""

    @if_any(any_contact)
    @rule(
        kind=st.sampled_from(("deal", "list", "tag", "account")),
        name=ANY_NAME,
        contacts=some_of(any_contact),
    )
    def make_something(self, kind: str, name: str, contacts: list[Contact]) -> None:
        if kind == "deal":
            self.make_deal(contacts)
        else:
            self.make(kind, name)

    @rule(what=one_of(nameable), name=ANY_NAME, is_old=st.sampled_from((False, False, True)))
    def rename_something(self, what: Thing | Deal, name: str, is_old: bool) -> None:
        if isinstance(what, Deal):
            self.rename_deal(what, name, is_old)
        else:
            self.rename(what, name)

    def make_deal(self, contacts: list[Contact]) -> None:
        """With contacts of which some have perhaps been deleted since the form was opened."""
        deal = by_hand.make_deal(self.business, contacts)
        details = DealDetails("A deal", Decimal(100), "USD", Position("Negotiation"))
        made: list[int] = []

        def verb() -> None:
            ids = [self.ids[contact] for contact in contacts]
            made.append(create_deal(self.session, details, ids, **self.by_admin()))

        assert refusal(self.session, verb, NoContact) == (None if deal else "NoContact")
        if deal:
            self.ids[deal] = made[0]

    def rename_deal(self, deal: Deal, title: str, is_old: bool) -> None:
        version = deal.version - is_old
        row = self.session.get_one(models.Deal, self.ids[deal], populate_existing=True)
        details = replace(DealDetails.of(row), title=title)
        why = by_hand.rename_deal(deal, title, version)
        verb = partial(edit_deal, self.session, self.ids[deal], details, version=version, **self.by_admin())
        assert refusal(self.session, verb, NoDeal, DealChanged) == why

    @if_any(any_contact)
    @if_any(deals)
    @rule(deal=one_of(deals), contact=one_of(any_contact), primary=st.booleans())
    def attach_to_deal(self, deal: Deal, contact: Contact, primary: bool) -> None:
        done = self.business.attach(deal, contact, primary)
        with write_transaction(self.session):
            assert done == attach(self.session, **self.which(deal, contact), primary=primary)

    @if_any(on_deals)
    @rule(place=one_of(on_deals))
    def remove_from_deal(self, place: tuple[Deal, Contact]) -> None:
        done = self.business.remove_from_deal(*place)
        with write_transaction(self.session):
            assert done == remove_from_deal(self.session, **self.which(*place))

    def which(self, deal: Deal, contact: Contact) -> dict[str, Any]:
        return {
            "workspace_id": self.world.id,
            "deal_id": self.ids[deal],
            "contact_id": self.ids[contact],
            "now": self.now,
        }

    @if_any(live_contacts)
    @rule(contacts=some_of(any_contact), by=st.sampled_from(PEOPLE))
    def delete(self, contacts: list[Contact], by: str | None) -> None:
        which = select(models.Contact.id).where(models.Contact.id.in_([self.ids[c] for c in contacts]))
        self.let_the_clock_tick()
        deletion = self.business.delete(contacts, by)
        foreseen = preview_deletion(self.session, workspace_id=self.world.id, which=which)
        with write_transaction(self.session):
            done = delete_contacts(
                self.session,
                workspace_id=self.world.id,
                which=which,
                by=self.users[by],
                now=self.now,
                source="model",
            )
        assert (done is None) == (deletion is None)
        left = [deal for deal in self.business.deals if any(gone is deletion for gone, _ in deal.detached)]
        for deal in left:
            deletions = [gone for gone, _ in deal.detached]
            if sum(gone is deletion for gone in deletions) > 1:
                self.note("contacts of one deal are deleted together")
            if len(set(deletions)) > 1:
                self.note("contacts of one deal are deleted one after the other")
        assert (foreseen.contacts, foreseen.deals_deleted, foreseen.deals_left) == (
            len(deletion.contacts) if deletion else 0,
            sum(deal.deleted for deal in left),
            sum(not deal.deleted for deal in left),
        )

    @if_any(shared_deals)
    @rule(deal=one_of(shared_deals), how_many=st.integers(1, 3), together=st.booleans())
    def delete_from_one_deal(self, deal: Deal, how_many: int, together: bool) -> None:
        self.delete_all(deal.contacts[:how_many], together)

    def delete_all(self, contacts: list[Contact], together: bool) -> None:
        for some in [contacts] if together else [[contact] for contact in contacts]:
            self.delete(some, "Max Member")

    @rule(thing=one_of(deletable), anew=st.sampled_from((True, True, False)))
    def delete_thing(self, thing: Thing | Deal, anew: bool) -> None:
        """Delete a list, tag, account or deal, and perhaps create another one with the same name."""
        kind = models.Deal if isinstance(thing, Deal) else KINDS[thing.kind]
        self.let_the_clock_tick()
        deleted = self.business.delete_thing(thing)
        assert self.delete_row(kind, self.ids[thing]) == deleted
        if deleted is None:
            self.note("a list with messages on their way stays")
        if anew:
            with write_transaction(self.session):
                if isinstance(thing, Deal):
                    self.ids[self.business.new_deal()] = new_deal(self.session, self.world).id
                else:
                    self.name(thing.kind, thing.name)

    def delete_row(self, kind: Any, row_id: int) -> bool | None:
        """Whether it was live, or None if it was refused."""
        try:
            with write_transaction(self.session):
                return delete_from_catalogue(self.session, kind, row_id, **self.by_admin())
        except StillSending:
            return None
