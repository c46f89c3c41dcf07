"""Lists, tags and accounts get their names, and contacts get on lists and get tags."""

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.model import by_hand
from tests.model.acts.refused import refusal
from tests.model.acts.story import Story
from tests.model.choices import (
    STATUSES,
    any_contact,
    if_any,
    on_lists,
    one_of,
    some_of,
    things,
)
from tests.model.opening import KINDS
from tests.model.things import Contact, Thing
from webapp.catalogue.names import NameTaken, create, ids_by_name, rename
from webapp.catalogue.statuses import NotAgreed, NotOnList, change_status_by_hand
from webapp.database import write_transaction
from webapp.marketing.consent import AddressSuppressed
from webapp.marketing.lists import subscribe, take_off
from webapp.marketing.tags import add_tag, remove_tag
from webapp.models.mailing_list import SubscriptionStatus


class Names(Story):
    """What contacts hang on, but for deals."""

    def name(self, kind: str, *names: str) -> None:
        """Let there be a live list, tag or account of each name: those that are missing are created."""
        found = ids_by_name(self.session, KINDS[kind], self.world.id, names) if names else {}
        for name in names:
            thing = self.business.named(kind, name)
            assert self.ids.setdefault(thing, found[name]) == found[name]

    def make(self, kind: str, name: str) -> None:
        """A person makes one of a new name."""
        thing = by_hand.make_thing(self.business, kind, name)
        made: list[int] = []

        def verb() -> None:
            made.append(create(self.session, KINDS[kind], name, **self.by_admin()))

        why = refusal(self.session, verb, NameTaken)
        assert why == (None if thing else "NameTaken")
        if thing:
            self.ids[thing] = made[0]

    def rename(self, thing: Thing, name: str) -> None:
        renamed = self.business.rename(thing, name)
        try:
            with write_transaction(self.session):
                row_id = self.ids[thing]
                found = rename(self.session, KINDS[thing.kind], row_id, name, **self.by_admin())
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
    @rule(place=one_of(on_lists), status=STATUSES, agreed=st.sampled_from((True, True, False)))
    def change_status(self, place: tuple[Contact, Thing], status: str, agreed: bool) -> None:
        """By hand."""
        contact, mailing_list = place
        why = by_hand.change_status(self.business, contact, mailing_list, status, agreed)
        if why:
            self.note(f"a status stays as it is: {why}")
        verb = partial(
            change_status_by_hand,
            self.session,
            list_id=self.ids[mailing_list],
            contact_id=self.ids[contact],
            status=SubscriptionStatus(status),
            agreed=agreed,
            **self.by_admin(),
        )
        assert refusal(self.session, verb, NotOnList, AddressSuppressed, NotAgreed) == why

    def take_off(self, contact: Contact, mailing_list: Thing) -> None:
        done = by_hand.take_off(self.business, contact, mailing_list)
        with write_transaction(self.session):
            where = {"contact_id": self.ids[contact], "list_id": self.ids[mailing_list]}
            assert done == take_off(self.session, workspace_id=self.world.id, **where, now=self.now)

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
