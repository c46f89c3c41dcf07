"""What users and the worker do: each act is done in the database and in the model, and afterwards both are
compared."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.contacts import new_deal
from tests.factories.people import World
from tests.model.business import Business
from tests.model.choices import (
    ADDRESSES,
    ANY_NAME,
    BEGINNING,
    FIRST_NAMES,
    NEW_PEOPLE,
    PEOPLE,
    STATUSES,
    WAITS,
    NewPerson,
    addresses,
    any_contact,
    deals,
    deletable,
    if_any,
    live_contacts,
    mailable,
    on_deals,
    on_lists,
    one_of,
    shared_deals,
    some_of,
    things,
    times,
)
from tests.model.opening import KINDS, open_in_model
from tests.model.seen import bin_page, database_state, model_state
from tests.model.things import BOUNCED, UNSUBSCRIBED, Contact, Deal, Details, Thing
from webapp import models
from webapp.catalogue.deals import attach, remove_from_deal
from webapp.catalogue.delete import StillSending, delete_from_catalogue
from webapp.catalogue.names import NameTaken, ids_by_name, rename
from webapp.contacts.address import email_key
from webapp.contacts.delete import delete_contacts, preview_deletion
from webapp.contacts.edit import Details as TypedDetails
from webapp.contacts.edit import edit_contact
from webapp.contacts.load import NewContact, create_contacts
from webapp.database import write_transaction
from webapp.marketing.automations import advance
from webapp.marketing.campaigns import deliver, send_campaign
from webapp.marketing.consent import address_hash
from webapp.marketing.lists import change_status, subscribe
from webapp.marketing.tags import add_tag, remove_tag
from webapp.models.contact_note import NoteKind
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason
from webapp.worker.redis_lock import RedisLock, key


class Everyday(RuleBasedStateMachine):
    """A business in the database and in the model. `ids` maps the model to the database."""

    def __init__(
        self, engine: Engine, world: World, opened: list[int], lock: RedisLock, happened: Counter[str]
    ) -> None:
        super().__init__()
        self.world, self.lock, self.happened = world, lock, happened
        self.connection = engine.connect().execution_options(writes=True)
        self.transaction = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint")
        self.business = Business(BEGINNING)
        self.ids: dict[object, int] = dict(zip(open_in_model(self.business), opened, strict=True))
        self.read_bin: list[tuple[Any, ...]] | None = None
        self.users = {world.admin.name: world.admin.id, world.member.name: world.member.id, None: None}

    def teardown(self) -> None:
        self.session.close()
        self.transaction.rollback()
        self.connection.close()
        self.lock.redis.delete(key("restore", self.world.id))

    def note(self, what: str) -> None:
        """Record that this has happened, for the statistics of the examples."""
        event(what)
        self.happened[what] += 1

    @property
    def now(self) -> datetime:
        return self.business.now

    # The beginning

    @initialize(
        people=st.lists(NEW_PEOPLE, min_size=3, max_size=5),
        emails=st.permutations(("ann@example.com", "bob@example.com", "cleo@example.com", None, None)),
        order=st.permutations(range(5)),
        on_the_first=st.integers(1, 5),
        on_the_second=st.integers(0, 2),
        has_primary=st.booleans(),
        gone=st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True),
        together=st.booleans(),
        waited=WAITS,
        created_again=st.sampled_from((True, True, False)),
        deleted_again=st.booleans(),
    )
    def create_first_contacts(
        self,
        people: list[NewPerson],
        emails: list[str | None],
        order: list[int],
        on_the_first: int,
        on_the_second: int,
        has_primary: bool,
        gone: list[int],
        together: bool,
        waited: timedelta,
        created_again: bool,
        deleted_again: bool,
    ) -> None:
        """A few contacts, some of them on two deals. Perhaps some are deleted, perhaps those are created
        again later with little more than their address, perhaps these are deleted too."""
        people = [replace(person, email=email) for person, email in zip(people, emails, strict=False)]
        contacts = self.create_contacts_together(people)
        self.write_notes(contacts)
        in_order = [contacts[person] for person in order if person < len(contacts)]
        first, second = self.business.deals
        for place, contact in enumerate(in_order[:on_the_first]):
            self.attach_to_deal(first, contact, has_primary and place == 0)
        for contact in in_order[::-1][:on_the_second]:
            self.attach_to_deal(second, contact, True)
        gone = sorted({person % len(people) for person in gone})
        leaving = [contacts[person] for person in gone]
        self.delete_all(leaving, together)
        self.pass_time(waited)
        if created_again and gone:
            again = self.create_contacts_together([people[person].by_address_alone for person in gone])
            if deleted_again:
                self.delete(again, "Ada Admin")

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

    # Contacts

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

    # Lists and tags

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
        self.business.change_status(contact, mailing_list, status)
        with write_transaction(self.session):
            change_status(
                self.session,
                workspace_id=self.world.id,
                contact_id=self.ids[contact],
                list_id=self.ids[mailing_list],
                status=SubscriptionStatus(status),
                now=self.now,
            )

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

    # Deals

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

    # Deleting and creating again

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
        assert self.delete_row(kind, self.ids[thing]) == self.business.delete_thing(thing)
        if anew:
            with write_transaction(self.session):
                if isinstance(thing, Deal):
                    self.ids[self.business.new_deal()] = new_deal(self.session, self.world).id
                else:
                    self.name(thing.kind, thing.name)

    def let_the_clock_tick(self) -> None:
        """What is deleted after a deletion is of a later moment: by it a restore knows their order."""
        if any(deletion.at == self.now for deletion in self.business.deletions):
            self.pass_time(timedelta(microseconds=1))

    def delete_row(self, kind: Any, row_id: int) -> bool | None:
        """Whether it was live, or None if it was refused."""
        try:
            with write_transaction(self.session):
                return delete_from_catalogue(
                    self.session, kind, row_id, workspace_id=self.world.id, by=None, now=self.now
                )
        except StillSending:
            return None

    # Time and the worker

    @rule(how_long=one_of(times))
    def pass_time(self, how_long: timedelta) -> None:
        self.business.pass_time(how_long)

    @rule(what=st.sampled_from(("run", "run and deliver", "send")), limit=st.sampled_from((1, 1000)))
    def work(self, what: str, limit: int) -> None:
        """Automations run, messages go out, or a person sends the campaign."""
        marketing = self.business.marketing
        with write_transaction(self.session):
            if what == "send":
                [spring] = marketing.campaigns
                marketing.send(spring, self.business.live)
                where = {"workspace_id": self.world.id, "campaign_id": self.ids[spring]}
                send_campaign(self.session, **where, now=self.now)
                return
            self.business.run_automations()
            while advance(self.session, self.world.id, now=self.now, limit=limit):
                pass
            if what == "run and deliver":
                marketing.deliver()
                while deliver(self.session, self.world.id, now=self.now, limit=limit):
                    pass

    # After each step

    @invariant()
    def the_database_equals_the_model(self) -> None:
        """The page of the bin is read again only if the bin has changed: the plain queries have compared all
        that it shows, and its own statement is built anew each time."""
        expected = model_state(self.business, self.ids)
        found = database_state(self.session, self.world, self.business, self.ids)
        for aspect, sight in expected.items():
            assert found[aspect] == sight, aspect
        assert found.keys() == expected.keys()
        if expected["the bin"] != self.read_bin:
            assert bin_page(self.session, self.world, self.now) == expected["the bin"], "the page of the bin"
            self.read_bin = expected["the bin"]
