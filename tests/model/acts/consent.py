"""Refusals and confirmations arrive: by the links in messages, from servers and from mailboxes."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.model import consent
from tests.model.acts.people import People
from tests.model.choices import if_any, mail_links, one_of, things
from tests.model.suppressions import BOUNCE, COMPLAINT, UNSUBSCRIBE, hash_of
from tests.model.things import Contact, Thing
from webapp.database import write_transaction
from webapp.marketing.confirmations import confirm
from webapp.marketing.links import Link
from webapp.marketing.refusals import Refused, bounce, complain, unsubscribe

# A link of a message, with the address that the message went to.
MailLink = tuple[Contact, str]


class Consent(People):
    """What the owners of addresses say, whatever has become of the contacts that have them."""

    @if_any(mail_links)
    @if_any(things("list"))
    @rule(
        link=one_of(mail_links),
        mailing_list=one_of(things("list")),
        what=st.sampled_from((UNSUBSCRIBE, UNSUBSCRIBE, BOUNCE, COMPLAINT, None)),
        all_lists=st.booleans(),
        confirms=st.booleans(),
    )
    def hear_from_an_address(
        self, link: MailLink, mailing_list: Thing, what: str | None, all_lists: bool, confirms: bool
    ) -> None:
        """A refusal, a confirmation, or both."""
        if what:
            self.refuse(link, mailing_list, what, all_lists)
        if confirms or not what:
            self.confirm_by_link(link, mailing_list)

    def refuse(self, link: MailLink, mailing_list: Thing, why: str, all_lists: bool) -> None:
        contact, address = link
        scope = None if all_lists else mailing_list
        if contact.deletion:
            self.note(f"of a deleted contact comes: {why}")
        if any(each.address == address and each is not contact for each in self.business.contacts):
            self.note("a refusal comes from an address that several contacts have")
        who = Refused(self.world.id, hash_of(address), self.ids[contact])
        list_id = self.ids[scope] if scope else None
        for _ in range(2):
            expected = consent.refuse(self.business, contact, address, why, scope)
            with write_transaction(self.session):
                if why == UNSUBSCRIBE:
                    new = unsubscribe(self.session, who, list_id=list_id, now=self.now)
                elif why == BOUNCE:
                    new = bounce(self.session, who, list_id=list_id, now=self.now)
                else:
                    new = complain(self.session, who, now=self.now)
            assert new == expected

    def confirm_by_link(self, link: MailLink, mailing_list: Thing) -> None:
        contact, address = link
        was_suppressed = self.business.marketing.suppressions.hold_for(address, mailing_list)
        expected = consent.confirm(self.business, contact, address, mailing_list)
        if was_suppressed and not self.business.marketing.suppressions.hold_for(address, mailing_list):
            self.note("a confirmation lifts a suppression")
        signed = Link(self.world.id, self.ids[mailing_list], self.ids[contact], hash_of(address))
        with write_transaction(self.session):
            assert confirm(self.session, signed, now=self.now) == expected
