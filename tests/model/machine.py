"""Restores and their undoing among everything else that happens."""

import sys

from tests.model import restoring as rules
from tests.model.acts.jobs import IN_TWOS
from tests.model.acts.undoing import SINCE, Undoing
from tests.model.choices import RESTORE_CHOICES, NewPerson
from tests.model.things import SUBSCRIBED


class Machine(Undoing):
    def teardown(self) -> None:
        """Every successful story ends with a restore of everything, of which some has been created again, and
        with its undoing after something has happened."""
        try:
            if sys.exc_info()[0] is None:
                if self.job and self.job.is_active:
                    self.carry_on(IN_TWOS)
                self.create_again()
                choice = RESTORE_CHOICES[len(self.business.contacts) % len(RESTORE_CHOICES)]
                since = SINCE[len(self.business.deletions) % len(SINCE)]
                self.restore_all_and_undo(choice, IN_TWOS, [since])
                self.the_database_equals_the_model()
        finally:
            super().teardown()

    def create_again(self) -> None:
        """Two of the deleted contacts subscribe to the news, as new contacts without a name."""
        gone = {contact.address: contact for contact in rules.bin_of(self.business)}
        free = [contact for address, contact in gone.items() if address and not self.business.holder(address)]
        news = (("News", SUBSCRIBED),)
        people = [NewPerson(contact.details.email, "", "", "", None, news, ()) for contact in free[:2]]
        if people:
            self.create_contacts_together(people)
