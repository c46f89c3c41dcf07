"""Consent in an import: an import can make a status stricter, and never weaker (docs/rules.md, rule 9)."""

from collections.abc import Mapping
from itertools import product

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_list, subscribe
from tests.factories.people import World
from tests.support.importing import Importing
from webapp.clock import read_clock
from webapp.importing.fields import COLUMNS, STATUSES
from webapp.marketing.consent import STRICTNESS, address_hash, mailable_for
from webapp.marketing.refusals import Refused, bounce, complain, unsubscribe
from webapp.models import Contact, MailingList, Subscription, Suppression
from webapp.models.mailing_list import SubscriptionStatus

SUBSCRIBED, UNCONFIRMED = SubscriptionStatus.SUBSCRIBED, SubscriptionStatus.UNCONFIRMED
UNSUBSCRIBED, BOUNCED = SubscriptionStatus.UNSUBSCRIBED, SubscriptionStatus.BOUNCED

# What the file says of a contact that is not on the list yet, without and with "they have agreed".
NEW = {
    SUBSCRIBED: (UNCONFIRMED, SUBSCRIBED),
    UNCONFIRMED: (UNCONFIRMED, UNCONFIRMED),
    UNSUBSCRIBED: (UNSUBSCRIBED, UNSUBSCRIBED),
    BOUNCED: (BOUNCED, BOUNCED),
}
# What is stored, and what it becomes by what the file says: only a refusal changes it, where it is stricter.
KNOWN = {
    SUBSCRIBED: {
        SUBSCRIBED: SUBSCRIBED,
        UNCONFIRMED: SUBSCRIBED,
        UNSUBSCRIBED: UNSUBSCRIBED,
        BOUNCED: BOUNCED,
    },
    UNCONFIRMED: {
        SUBSCRIBED: UNCONFIRMED,
        UNCONFIRMED: UNCONFIRMED,
        UNSUBSCRIBED: UNSUBSCRIBED,
        BOUNCED: BOUNCED,
    },
    UNSUBSCRIBED: dict.fromkeys(SubscriptionStatus, UNSUBSCRIBED),
    BOUNCED: dict.fromkeys(SubscriptionStatus, BOUNCED),
}
COLUMN = {status: COLUMNS[field] for field, status in STATUSES.items()}
HEADER = "Email," + ",".join(COLUMN.values())


def line(email: str, said: SubscriptionStatus, lists: str = "News") -> str:
    """A row that names the lists in the column of this status."""
    return ",".join([email, *(lists if status is said else "" for status in COLUMN)])


def statuses(session: Session, world: World) -> Mapping[str, SubscriptionStatus]:
    """The status of each contact on the list "News", by its address without the domain."""
    rows = session.execute(
        select(Contact.email, Subscription.status)
        .join(Subscription, Subscription.contact_id == Contact.id)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(Contact.workspace_id == world.id, MailingList.name_key == "news")
    )
    return {str(email).partition("@")[0]: status for email, status in rows}


# What stands in the way of an address, and the status that it stands for.
STANDS_FOR = {
    "nothing": SUBSCRIBED,
    "unsubscribed-here": UNSUBSCRIBED,
    "unsubscribed": UNSUBSCRIBED,
    "bounced": BOUNCED,
    "complained": UNSUBSCRIBED,
}


def suppress(session: Session, world: World, news: MailingList, name: str, how: str) -> None:
    who, now = Refused(world.id, address_hash(f"{name}@a.example"), None), read_clock(session)
    if how == "bounced":
        bounce(session, who, list_id=None, now=now)
    elif how == "complained":
        complain(session, who, now=now)
    elif how != "nothing":
        unsubscribe(session, who, list_id=news.id if how == "unsubscribed-here" else None, now=now)


@pytest.mark.parametrize("agreed", [False, True])
def test_the_table_of_new_places(agreed: bool, store: Session, world: World, importing: Importing) -> None:
    """For contacts that the import adds, and for those that it puts on a list that they were not on."""
    news = new_list(store, world, "News")
    rows = {
        f"{who}-{said}-{how}": (said, how)
        for who, said, how in product(("new", "there"), SubscriptionStatus, STANDS_FOR)
    }
    for name, (_, how) in rows.items():
        suppress(store, world, news, name, how)
        if name.startswith("there"):
            new_contact(store, world, email=f"{name}@a.example")
    store.commit()
    before = store.scalar(select(func.count()).select_from(Suppression))

    importing.imported(
        *(line(f"{name}@a.example", said) for name, (said, _) in rows.items()),
        header=HEADER,
        existing="update",
        agreed=agreed,
    )

    def expected(said: SubscriptionStatus, how: str) -> SubscriptionStatus:
        return max(NEW[said][agreed], STANDS_FOR[how], key=STRICTNESS.__getitem__)

    assert statuses(store, world) == {name: expected(said, how) for name, (said, how) in rows.items()}
    mailable = store.scalars(
        select(Contact.email)
        .join(MailingList, MailingList.workspace_id == Contact.workspace_id)
        .where(Contact.workspace_id == world.id, mailable_for(MailingList.id))
    ).all()
    assert sorted(map(str, mailable)) == [
        f"{who}-subscribed-nothing@a.example" for who in ("new", "there") if agreed
    ]
    # A file is no refusal of the person's own.
    assert store.scalar(select(func.count()).select_from(Suppression)) == before


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("existing", ["skip", "update"])
def test_the_table_of_known_places(
    agreed: bool, existing: str, store: Session, world: World, importing: Importing
) -> None:
    news = new_list(store, world, "News")
    pairs = list(product(SubscriptionStatus, SubscriptionStatus))
    for stored, said in pairs:
        contact = new_contact(store, world, email=f"{stored}-{said}@a.example")
        subscribe(store, contact, news, stored)
    store.commit()

    importing.imported(
        *(line(f"{stored}-{said}@a.example", said) for stored, said in pairs),
        header=HEADER,
        existing=existing,
        agreed=agreed,
    )

    updates = existing == "update"
    assert statuses(store, world) == {
        f"{stored}-{said}": KNOWN[stored][said] if updates else stored for stored, said in pairs
    }
    versions = {str(contact.email): contact.version for contact in importing.contacts()}
    assert versions == {
        f"{stored}-{said}@a.example": 1 + (updates and KNOWN[stored][said] is not stored)
        for stored, said in pairs
    }


def test_of_several_columns_that_name_a_list_the_strictest_counts(
    store: Session, world: World, importing: Importing
) -> None:
    header = "Email,Lists,Unconfirmed Lists,Unsubscribed Lists,Bounced Lists,Status,Opted Out"
    importing.imported(
        "all@a.example,News,news,NEWS,news,,",
        "two@a.example,News,news,,,,",
        "bounced@a.example,News,News,,News,,",
        "status@a.example,News,,,,Unsubscribed,",
        "cleaned@a.example,News,,,,cleaned,",
        "active@a.example,News,,,,Active,no",
        "opted@a.example,News,,,,Active,2024-05-01",
        header=header,
    )

    assert statuses(store, world) == {
        "all": UNSUBSCRIBED,
        "two": UNCONFIRMED,
        "bounced": BOUNCED,
        "status": UNSUBSCRIBED,
        "cleaned": BOUNCED,
        "active": SUBSCRIBED,
        "opted": UNSUBSCRIBED,
    }
