"""The cells of a contact: its lists by the stricter status, and names that are read back as they are."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_account, new_contact, new_list, new_tag, put_tag, subscribe
from tests.factories.people import World, new_world
from tests.support.exporting import Exporting
from tests.support.random_text import Texts, how_many
from webapp.characters import name_key
from webapp.clock import read_clock
from webapp.importing.names import SEPARATOR, NameFields, quoted
from webapp.marketing.consent import address_hash
from webapp.models import Contact, MailingList, Suppression
from webapp.models.suppression import SuppressionReason

COLUMNS = {
    "subscribed": "Lists",
    "unconfirmed": "Unconfirmed Lists",
    "unsubscribed": "Unsubscribed Lists",
    "bounced": "Bounced Lists",
}
UNSUBSCRIBE, BOUNCE, COMPLAINT = SuppressionReason
# The status; why the address is suppressed; the status that is exported (rule 9: the stricter one holds).
CONSENT = [
    *((status, (), status) for status in COLUMNS),
    ("subscribed", (UNSUBSCRIBE,), "unsubscribed"),
    ("subscribed", (COMPLAINT,), "unsubscribed"),
    ("subscribed", (BOUNCE,), "bounced"),
    ("subscribed", (BOUNCE, UNSUBSCRIBE), "bounced"),
    ("subscribed", (UNSUBSCRIBE, BOUNCE), "bounced"),
    ("unconfirmed", (UNSUBSCRIBE,), "unsubscribed"),
    ("unconfirmed", (BOUNCE,), "bounced"),
    ("bounced", (UNSUBSCRIBE,), "bounced"),
    ("unsubscribed", (BOUNCE,), "unsubscribed"),
]


def suppress(
    store: Session, world: World, contact: Contact, reason: SuppressionReason, on: MailingList | None
) -> None:
    store.add(
        Suppression(
            workspace_id=world.id,
            address_hash=address_hash(contact.email_key or ""),
            list_id=on.id if on else None,
            reason=reason,
            at=read_clock(store),
        )
    )


@pytest.mark.parametrize("for_all", [True, False], ids=["for all lists", "for one list"])
def test_a_list_stands_in_the_column_of_the_stricter_of_status_and_suppression(
    store: Session, exporting: Exporting, world: World, for_all: bool
) -> None:
    news, other = new_list(store, world, "News"), new_list(store, world, "Other")
    elsewhere = new_world(store)
    for number, (status, reasons, _) in enumerate(CONSENT):
        contact = new_contact(store, world, last_name=str(number))
        subscribe(store, contact, news, status)
        for reason in reasons:
            suppress(store, world, contact, reason, None if for_all else news)
        if not for_all:
            # Neither that of another list nor that of another account counts.
            subscribe(store, contact, other, "subscribed")
        suppress(store, elsewhere, contact, COMPLAINT, None)

    rows = {int(row["Last Name"]): row for row in exporting.rows(exporting.live())}

    for number, (_, _, expected) in enumerate(CONSENT):
        lists = {column: rows[number][column].split(SEPARATOR) for column in COLUMNS.values()}
        assert [status for status, column in COLUMNS.items() if "News" in lists[column]] == [expected]
        if not for_all:
            assert "Other" in lists["Lists"]


def test_a_contact_without_an_address_keeps_its_statuses(
    store: Session, exporting: Exporting, world: World
) -> None:
    contact = new_contact(store, world, email=None)
    subscribe(store, contact, new_list(store, world, "News"), "subscribed")

    (row,) = exporting.rows(exporting.live())

    assert (row["Email"], row["Lists"]) == ("", "News")


def test_deleted_contacts_with_one_address_are_all_as_it_is_suppressed(
    store: Session, exporting: Exporting, world: World
) -> None:
    news = new_list(store, world, "News")
    for _ in range(2):
        contact = new_contact(store, world, email="twin@x.example")
        subscribe(store, contact, news, "subscribed")
        delete(store, world, contact)
    suppress(store, world, contact, BOUNCE, None)

    rows = exporting.rows(exporting.deleted())

    assert [(row["Lists"], row["Bounced Lists"]) for row in rows] == [("", "News")] * 2


def test_deleted_lists_tags_and_accounts_do_not_appear(
    store: Session, exporting: Exporting, world: World
) -> None:
    created = datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=UTC)
    account = new_account(store, world, "Acme")
    contact = new_contact(store, world, account=account, created_at=created)
    news, tag = new_list(store, world, "News"), new_tag(store, world, "VIP")
    subscribe(store, contact, news, "subscribed")
    put_tag(store, contact, tag)
    (row,) = exporting.rows(exporting.live())
    assert (row["Account"], row["Lists"], row["Tags"]) == ("Acme", "News", "VIP")
    assert row["Created Date"] == "2024-02-29T12:30:15.123456+00:00"

    for thing in (account, news, tag):
        thing.deleted_at = read_clock(store)
    (row,) = exporting.rows(exporting.live())

    assert (row["Account"], row["Lists"], row["Tags"]) == ("", "", "")


def test_names_in_a_field_are_read_back_as_they_are() -> None:
    texts = Texts()
    fixed = ["a;b", "a,b", '"', '""', ";", ",", "=1+1", "'x", "北京"]
    fixed += ['say "hi"', '"a"; "b"', '";"', 'a";"b', "a\uff0cb"]
    for _ in range(how_many(500)):
        drawn = [texts.text(8).strip() for _ in range(3)] + [fixed[len(texts.text(14))] for _ in range(2)]
        names = list({name_key(name): name for name in reversed(drawn) if name_key(name)}.values())
        field = SEPARATOR.join(map(quoted, names))

        read, split = NameFields().read(1, "Tags", field)

        assert list(read) == names, field
        assert split is None or len(names) == 1
