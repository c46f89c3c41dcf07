"""The choices of each act: strategies over the business in its current state.

The pools are small on purpose, so that addresses conflict, names are reused, deals are shared and contacts
are deleted repeatedly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from tests.model.business import Business
from tests.model.marketing import Automation, Campaign
from tests.model.outcomes import MERGE, SKIP, WITHOUT_ADDRESS
from tests.model.restoring import WINDOW
from tests.model.things import BOUNCED, SUBSCRIBED, UNCONFIRMED, UNSUBSCRIBED, Contact, Deal, Details, Thing

# Ten minutes after midnight in the zone of the business, while it is still yesterday in UTC. On the next day
# the clocks change there.
ZONE = ZoneInfo("Europe/Berlin")
BEGINNING = datetime(2026, 3, 27, 23, 10, tzinfo=UTC)
PEOPLE = ("Ada Admin", "Max Member", None)

Item = TypeVar("Item")
Choice = Callable[[Business], Sequence[Item]]


def one_of(choose: Choice[Item]) -> st.SearchStrategy[Item]:
    """One of the results of `choose` for the business in its current state."""
    return st.runner().flatmap(lambda machine: st.sampled_from(choose(machine.business)))


def some_of(choose: Choice[Item]) -> st.SearchStrategy[list[Item]]:
    """One to four of them."""
    return st.runner().flatmap(
        lambda machine: st.lists(
            st.sampled_from(choose(machine.business)), min_size=1, max_size=4, unique=True
        )
    )


def if_any(choose: Choice[Item]) -> Callable[[Any], Any]:
    return precondition(lambda machine: bool(choose(machine.business)))


def any_contact(business: Business) -> list[Contact]:
    """All contacts, live ones twice as likely."""
    return business.live + business.contacts


def live_contacts(business: Business) -> list[Contact]:
    return business.live


def deleted_contacts(business: Business) -> list[Contact]:
    return business.gone


def mostly_deleted(business: Business) -> list[Contact]:
    """All contacts, deleted ones more likely."""
    return business.gone * 2 + business.contacts


def things(*kinds: str) -> Choice[Thing]:
    return lambda business: [thing for thing in business.things if thing.kind in kinds]


def accounts_or_none(business: Business) -> list[Thing | None]:
    return [None, *things("account")(business)]


def lists_or_none(business: Business) -> list[Thing | None]:
    """Lists that are worth writing to, and more rarely none."""
    return [*worth_writing_to(business), None]


def nameable(business: Business) -> list[Thing | Deal]:
    return [*business.things, *business.deals]


def worth_writing_to(business: Business) -> list[Thing]:
    """Lists with mailable contacts, each for every one of them, and all lists."""
    mailable = [
        each
        for contact in business.live
        for each in contact.lists
        if business.marketing.is_mailable(contact, each)
    ]
    return [*mailable, *mailable, *things("list")(business)]


def deletable(business: Business) -> list[Thing | Deal]:
    """Everything that is not deleted; what a deleted contact is associated with is more likely, and what a
    restore has rescued."""
    alive = [thing for thing in business.things if not thing.deleted]
    hung_on = [thing for contact in business.gone for thing in alive if contact.is_associated_with(thing)]
    rescued = [deal for deal in business.deals if deal.deleted_by and not deal.deleted]
    return [*hung_on, *alive, *business.deals, *rescued * 5]


def deals(business: Business) -> list[Deal]:
    """All deals, live ones three times as likely."""
    return [deal for deal in business.deals if not deal.deleted] * 2 + business.deals


def shared_deals(business: Business) -> list[Deal]:
    return [deal for deal in business.deals if len(deal.contacts) > 1 and not deal.deleted]


def on_deals(business: Business) -> list[tuple[Deal, Contact]]:
    return [(deal, contact) for deal in business.deals for contact in deal.contacts]


def on_lists(business: Business) -> list[tuple[Contact, Thing]]:
    return [
        (contact, mailing_list)
        for contact in business.contacts
        for mailing_list in contact.lists
        if not mailing_list.deleted
    ]


def mail_links(business: Business) -> list[tuple[Contact, str]]:
    """The contacts with the addresses to which a message to them has gone: those that they have, and those
    without which they came back. Deleted contacts, and those that are mailable or would be, mostly."""
    have = [(contact, contact.address) for contact in mostly_deleted(business) if contact.address]
    have += [(contact, address) for contact, _ in mailable(business) if (address := contact.address)] * 2
    had = [
        (contact, address)
        for contact in business.contacts
        for kind, text in contact.notes
        if kind == "former_address" and (address := Details(text, "", "").address)
    ]
    return have + had * 2


def mailable(business: Business) -> list[tuple[Contact, Thing]]:
    """The contacts that are mailable, or would be if they lived, with their lists; deleted ones mostly."""
    return [
        (contact, mailing_list)
        for contact in mostly_deleted(business)
        for mailing_list in contact.lists
        if business.marketing.is_mailable(contact, mailing_list)
    ]


def campaigns(business: Business) -> list[Campaign]:
    """Those that people send; deleted ones less likely."""
    campaigns = business.marketing.campaigns
    return [each for each in campaigns if not each.deleted] * 3 + campaigns


def automations(business: Business) -> list[Automation]:
    automations = business.marketing.automations
    return [each for each in automations if not each.deleted] * 3 + automations


def addresses(business: Business) -> list[str | None]:
    """All addresses, those of deleted contacts three times as likely."""
    return [*EMAILS, *(contact.details.email for contact in business.gone for _ in range(3))]


def times(business: Business) -> list[timedelta]:
    """Some that let a dialog or a wait expire, and those that end at the edge of a deletion's window."""
    edges = {deletion.at + WINDOW - business.now for deletion in business.deletions}
    beyond = {edge + timedelta(microseconds=1) for edge in edges}
    plain = [timedelta(seconds=1), timedelta(minutes=20), timedelta(minutes=40)]
    plain += [timedelta(days=1), timedelta(days=2), timedelta(days=31)]
    return plain * 2 + sorted(edge for edge in edges | beyond if edge > timedelta(0))


def deletions(business: Business) -> list[int]:
    return [deletion.number for deletion in business.deletions]


@dataclass(frozen=True)
class NewPerson:
    email: str | None
    first_name: str
    last_name: str
    phone: str
    account: str | None
    lists: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]

    @property
    def by_address_alone(self) -> "NewPerson":
        """As a list of addresses is imported: with gaps for a merge to fill."""
        return NewPerson(self.email, "", "", "", None, (), ())


# With spellings that are one name, and accents that make another.
NAMES = {
    "list": ("News", "Offers", "NEWS "),
    "tag": ("Hot", "Cold", "hot\u200b", "Höt"),
    "account": ("Acme", "Bolt", "ＡＣＭＥ"),
}
ANY_NAME = st.sampled_from([name for names in NAMES.values() for name in names])
STATUSES = st.sampled_from((SUBSCRIBED, UNSUBSCRIBED, BOUNCED, UNCONFIRMED))
EMAILS = (
    *("ann@example.com", "bob@example.com", "cleo@example.com", " ANN@Example.com", None),
    *("Dan@BÜCHER.example", "dan@xn--bcher-kva.example"),
)
ADDRESSES = st.sampled_from(EMAILS)
FIRST_NAMES = st.sampled_from(("Ann", "Bob", "Élodie", "小明", ""))
LAST_NAMES = st.sampled_from(("Lee", "Ann_Marie", "O’Brien-Strauß", "王", ""))
NEW_PEOPLE = st.builds(
    NewPerson,
    ADDRESSES,
    FIRST_NAMES,
    LAST_NAMES,
    st.sampled_from(("", "030 1", "030 2")),
    st.sampled_from((None, *NAMES["account"])),
    st.dictionaries(st.sampled_from(NAMES["list"]), STATUSES).map(lambda lists: tuple(lists.items())),
    st.lists(st.sampled_from(NAMES["tag"]), unique=True).map(tuple),
)
SEARCHES = st.sampled_from(
    (
        *("", "an", "ANN", "é", "elo", "nn_", "le", "example.com", "%", "bob lee", "Lee b", "lee eXam"),
        *("o'b", "BR", "ra", "st", "STRAUSS", "o’brien–str", "明", "王小明", "明王", "小 王", "bob 王"),
    )
)
# A window is over after the smallest step of the clock.
WAITS = st.sampled_from([timedelta(0)] * 3 + [timedelta(days=1), WINDOW, WINDOW + timedelta(microseconds=1)])
# What becomes of conflicts, and whether the deals are rescued that were deleted with the contacts.
RESTORE_CHOICES = tuple(product((SKIP, MERGE, WITHOUT_ADDRESS), (False, True)))
# Merging does the most, and so does a rescue.
ANY_CHOICE = st.sampled_from((*RESTORE_CHOICES, (MERGE, False), (MERGE, True), (SKIP, True)))
BATCH_SIZES = st.sampled_from((1, 1, 2, 2, 7, 1000))
