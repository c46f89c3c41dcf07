"""What users do with their contacts, and what that does to deals and marketing."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count

from tests.model.marketing import Campaign, Marketing, Run
from tests.model.things import STRICTNESS, SUBSCRIBED, Contact, Deal, Deletion, Details, Place, Thing


class Business:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.things: list[Thing] = []
        self.contacts: list[Contact] = []
        self.deals: list[Deal] = []
        self.deletions: list[Deletion] = []
        self.marketing = Marketing()
        self.order = count(1)
        # Of contacts: not used again, also when one has vanished.
        self.numbers = count(1)

    @property
    def live(self) -> list[Contact]:
        return [contact for contact in self.contacts if contact.is_live]

    @property
    def gone(self) -> list[Contact]:
        return [contact for contact in self.contacts if not contact.is_live]

    def pass_time(self, how_long: timedelta) -> None:
        self.now += how_long

    # Lists, tags and accounts

    def named(self, kind: str, name: str) -> Thing:
        """The live one with this name, in whatever spelling; if there is none, a new one is made, different
        from any earlier one."""
        for thing in self.things:
            if thing.kind == kind and thing.is_called(name) and not thing.deleted:
                return thing
        self.things.append(Thing(kind, name, len(self.things) + 1))
        return self.things[-1]

    def rename(self, thing: Thing, name: str) -> bool | None:
        """Whether the name has changed; None and no change if another live one has it."""
        others = [one for one in self.things if one.kind == thing.kind and one is not thing]
        if thing.deleted or thing.name == name:
            return False
        if any(one.is_called(name) and not one.deleted for one in others):
            return None
        thing.name = name
        return True

    def delete_thing(self, thing: Thing | Deal) -> bool | None:
        """Whether it was live, or None: a list with messages on their way stays. What was deleted by hand is
        not what a deletion of contacts has deleted."""
        if thing.deleted:
            return False
        if isinstance(thing, Thing) and self.marketing.is_sending_to(thing):
            return None
        if isinstance(thing, Deal):
            thing.deleted, thing.deleted_by = True, None
        else:
            thing.deleted_at = self.now
        return True

    # Contacts

    def holder(self, address: str | None) -> Contact | None:
        """The live contact that has the address. A deleted one reserves nothing."""
        if address is None:
            return None
        return next((contact for contact in self.live if contact.address == address), None)

    def create(
        self, details: Details, lists: Mapping[Thing, str], tags: Iterable[Thing], *, wake: bool = True
    ) -> Contact | None:
        """A new contact; None and no change if a live one has the address."""
        contact = Contact(
            next(self.numbers), details.as_stored, self.now, dict(lists), set(tags), written_at=self.now
        )
        if self.holder(details.address):
            return None
        self.contacts.append(contact)
        if not wake:
            return contact
        for mailing_list, status in contact.lists.items():
            if status == SUBSCRIBED:
                self.marketing.wake(contact, mailing_list, self.now)
        for tag in contact.tags:
            self.marketing.wake(contact, tag, self.now)
        return contact

    def edit(self, contact: Contact, details: Details) -> bool | None:
        """Whether there was a live contact to edit; None and no change if another has the address."""
        if not contact.is_live:
            return False
        if self.holder(details.address) not in (None, contact):
            return None
        if details.account and details.account.deleted:
            details = details._replace(account=None)
        contact.details = details.as_stored
        contact.count_write(self.now)
        return True

    # Lists and tags of contacts

    def subscribe(self, contacts: Iterable[Contact], mailing_list: Thing) -> None:
        """A contact that is on the list already keeps its status."""
        for contact in contacts:
            if contact.is_live and not mailing_list.deleted and mailing_list not in contact.lists:
                contact.lists[mailing_list] = SUBSCRIBED
                contact.count_write(self.now)
                self.marketing.wake(contact, mailing_list, self.now)

    def change_status(self, contact: Contact, mailing_list: Thing, status: str) -> None:
        """Also for a deleted contact: an unsubscribe counts while the contact is deleted, and for the one
        that it was merged into, unless that one's status is as strict."""
        if contact.lists.get(mailing_list, status) != status:
            contact.lists[mailing_list] = status
            contact.count_write(self.now)
            if status == SUBSCRIBED and contact.is_live:
                self.marketing.wake(contact, mailing_list, self.now)
        into = contact.merged_into
        while into:
            own = into.lists.get(mailing_list)
            if own and STRICTNESS[own] < STRICTNESS[status]:
                into.lists[mailing_list] = status
                into.count_write(self.now)
            into = into.merged_into

    def add_tag(self, contacts: Iterable[Contact], tag: Thing) -> None:
        for contact in contacts:
            if contact.is_live and not tag.deleted and tag not in contact.tags:
                contact.tags.add(tag)
                contact.count_write(self.now)
                self.marketing.wake(contact, tag, self.now)

    def remove_tag(self, contacts: Iterable[Contact], tag: Thing) -> None:
        for contact in contacts:
            if contact.is_live and tag in contact.tags:
                contact.tags.remove(tag)
                contact.count_write(self.now)

    # Deals

    def new_deal(self) -> Deal:
        self.deals.append(Deal(len(self.deals) + 1))
        return self.deals[-1]

    def attach(self, deal: Deal, contact: Contact, primary: bool) -> bool:
        """A contact that is on the deal already keeps its place; it can only become primary."""
        if deal.deleted or not contact.is_live:
            return False
        if contact not in deal.contacts:
            earlier = deal.take_back(contact)
            order = earlier.order if earlier else next(self.order)
            deal.places.append(Place(contact, self.now, order))
        if primary:
            deal.primary = contact
        contact.count_write(self.now)
        return True

    def remove_from_deal(self, deal: Deal, contact: Contact) -> bool:
        """By hand. The deal stays, even without a contact."""
        if deal.deleted or contact not in deal.contacts:
            return False
        deal.places = [place for place in deal.places if place.contact is not contact]
        if deal.primary is contact:
            deal.choose_new_primary()
        contact.count_write(self.now)
        return True

    # Deleting contacts

    def delete(self, contacts: Iterable[Contact], by: str | None) -> Deletion | None:
        """A deal left without a contact is deleted too; on other deals the longest-attached contact
        becomes primary."""
        going = [contact for contact in dict.fromkeys(contacts) if contact.is_live]
        if not going:
            return None
        mailable = self.marketing.mailable(going)
        deletion = Deletion(len(self.deletions) + 1, self.now, by, going, mailable)
        self.deletions.append(deletion)
        for contact in going:
            contact.deletion = deletion
            contact.count_write(self.now)
            self.marketing.end(contact)
        for deal in self.deals:
            leaving = [place for place in deal.places if place.contact in going]
            if deal.deleted or not leaving:
                continue
            deal.places = [place for place in deal.places if place not in leaving]
            deal.detached += [(deletion, place) for place in leaving]
            if not deal.places:
                deal.deleted, deal.deleted_by = True, deletion
            if deal.primary in going:
                deal.choose_new_primary()
        return deletion

    # Marketing

    def run_automations(self) -> None:
        """Every run does its steps until it waits for a later moment or is done."""
        while due := self.marketing.due(self.now):
            for run in due:
                if step := run.next_step():
                    self._do_step(run, *step)

    def _do_step(self, run: Run, what: str, argument: Thing | Campaign | timedelta) -> None:
        match what, argument:
            case "add_tag", Thing() as tag:
                self.add_tag([run.contact], tag)
            case "subscribe", Thing() as mailing_list:
                self.subscribe([run.contact], mailing_list)
            case "send", Campaign() as campaign:
                self.marketing.write_to([run.contact], campaign, run)
            case "wait", timedelta() as how_long:
                run.wait(self.now + how_long)
            case step:
                raise AssertionError(f"no such step: {step}")
