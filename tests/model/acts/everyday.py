"""The first day, and the worker's everyday work."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.model.acts.building import Building
from tests.model.choices import NEW_PEOPLE, WAITS, NewPerson
from tests.model.things import SUBSCRIBED
from webapp.database import write_transaction
from webapp.marketing.automations import advance
from webapp.marketing.campaigns import send_campaign
from webapp.marketing.messages import deliver
from webapp.models import Right
from webapp.workspaces.rights import give_rights, groups_with_rights


class Everyday(Building):
    """How a story begins, and what goes on beside restores."""

    @initialize(
        people=st.lists(NEW_PEOPLE, min_size=3, max_size=5),
        emails=st.permutations(("ann@example.com", "bob@example.com", "cleo@example.com", None, None)),
        order=st.permutations(range(5)),
        on_the_first=st.sampled_from((4, 3, 5, 2, 1)),
        on_the_second=st.integers(0, 2),
        has_primary=st.sampled_from((True, True, False)),
        gone=st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True),
        together=st.booleans(),
        waited=WAITS,
        created_again=st.sampled_from((True, True, False)),
        deleted_again=st.sampled_from((True, False, True)),
        rights=st.sets(st.sampled_from(Right)),
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
        rights: set[Right],
    ) -> None:
        """A few contacts, some of them on two deals. Perhaps some are deleted, perhaps those are created
        again later with little more than their address, perhaps these are deleted too. The settings give
        members some rights; none of them is to restore."""
        self.give_members(rights)
        people = [
            replace(person, email=email, lists=(("Offers", SUBSCRIBED), *person.lists))
            for person, email in zip(people, emails, strict=False)
        ]
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

    def give_members(self, rights: set[Right]) -> None:
        with write_transaction(self.session):
            [(group, _)] = groups_with_rights(self.session, self.world.id)
            give_rights(self.session, {group.id: rights}, **self.by_admin())

    @rule(what=st.sampled_from(("run", "run and deliver", "send")), limit=st.sampled_from((1, 1000)))
    def work(self, what: str, limit: int) -> None:
        """Automations run, messages go out, or a command sends the first campaign, again and again."""
        marketing = self.business.marketing
        with write_transaction(self.session):
            if what == "send":
                spring = marketing.campaigns[0]
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
