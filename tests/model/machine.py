"""Restores and their undoing among everything else that happens."""

import sys

from tests.model import restoring as rules
from tests.model.acts.asking import Choice
from tests.model.acts.jobs import IN_TWOS
from tests.model.acts.large import Large
from tests.model.acts.undoing import SINCE
from tests.model.choices import RESTORE_CHOICES, ZONE, NewPerson
from tests.model.things import SUBSCRIBED
from webapp.models import Right


class Machine(Large):
    """A whole story."""

    def teardown(self) -> None:
        """Every successful story ends with a restore of everything, of which some has been created again and
        something is lost, and with its undoing after something has happened."""
        try:
            if sys.exc_info()[0] is None:
                if self.job and self.job.is_active:
                    self.carry_on(IN_TWOS)
                self.create_again()
                self.lose_something()
                self.let_a_member_try()
                self.restore_all_and_undo(self.last_choice, IN_TWOS, self.last_events, IN_TWOS)
                self.the_database_equals_the_model()
        finally:
            super().teardown()

    @property
    def last_choice(self) -> Choice:
        return RESTORE_CHOICES[len(self.business.contacts) % len(RESTORE_CHOICES)]

    @property
    def last_events(self) -> list[str]:
        """Chosen by what has happened: drawn at random, hardly any story would have most of them."""
        business = self.business
        so_far = len(business.contacts) + len(business.deletions) + len(business.marketing.runs)
        return [event for event in [*SINCE, None][so_far % (len(SINCE) + 1) :][:1] if event]

    def let_a_member_try(self) -> None:
        """A member that may do all that the settings can allow may not restore (article)."""
        self.give_members(set(Right))
        everything = self.ask_about_all(rules.Filters(ZONE), self.last_choice)
        self.confirm(everything, IN_TWOS, is_admin=False)

    def create_again(self) -> None:
        """Up to half of the deleted contacts subscribe to the news, as new contacts without a name."""
        in_bin = rules.bin_of(self.business)
        gone = {contact.address: contact for contact in in_bin}
        free = [contact for address, contact in gone.items() if address and not self.business.holder(address)]
        news = (("News", SUBSCRIBED),)
        people = [
            NewPerson(contact.details.email, "", "", "", None, news, ())
            for contact in free[: len(in_bin) // 2]
        ]
        if people:
            self.create_contacts_together(people)

    def lose_something(self) -> None:
        """A list, tag or account is deleted that deleted contacts hang on."""
        hung_on = (
            thing
            for contact in rules.bin_of(self.business)
            for thing in self.business.things
            if contact.is_associated_with(thing) and not thing.deleted
        )
        for thing in list(hung_on)[-1:]:
            self.delete_thing(thing, anew=False)
