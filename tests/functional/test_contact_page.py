"""A contact's page shows everything that a restore promises to bring back."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.browser import Browser

MOMENT = datetime(2026, 3, 5, 14, 7, tzinfo=UTC)


def section(browser: Browser, contact_id: int, name: str) -> str:
    """The heading and the rows of a section, without its forms."""
    page = browser.get(f"/contacts/{contact_id}")
    rows = page.one(f"#contact-{name}").select("h2, .facts, .row-line, .chip")
    return " ".join(" ".join(row.get_text(" ").split()) for row in rows)


def test_details_are_email_phone_account_and_created_date(
    admin: Browser, world: World, store: Session
) -> None:
    account = new_account(store, world, "Acme")
    contact = new_contact(store, world, "Ann", "Lee", account=account, created_at=MOMENT)
    contact.phone = "+49 30 1234"
    store.commit()

    assert admin.get(f"/contacts/{contact.id}").words("h1") == "Ann Lee"
    details = section(admin, contact.id, "account")
    assert f"E-mail {contact.email} Phone +49 30 1234 Account Acme Created Date 5 Mar 2026, 14:07" in details


def test_lists_show_the_status_on_each(admin: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world)
    for status in ("subscribed", "bounced", "unsubscribed", "unconfirmed"):
        subscribe(store, contact, new_list(store, world, f"List {status[:3]}"), status)
    gone = new_list(store, world, "List gone")
    subscribe(store, contact, gone, "subscribed")
    gone.deleted_at = MOMENT
    store.commit()

    assert section(admin, contact.id, "lists") == (
        "Lists List bou Bounced List sub Subscribed List unc Unconfirmed List uns Unsubscribed"
    )


def test_tags_and_account_that_were_deleted_are_hidden(admin: Browser, world: World, store: Session) -> None:
    account = new_account(store, world, "Gone Ltd")
    contact = new_contact(store, world, account=account)
    vip, old = new_tag(store, world, "VIP"), new_tag(store, world, "Old")
    put_tag(store, contact, vip)
    put_tag(store, contact, old)
    old.deleted_at = account.deleted_at = MOMENT
    store.commit()

    assert section(admin, contact.id, "tags") == "Tags VIP"
    assert "Account –" in section(admin, contact.id, "account")


def test_deals_show_where_the_contact_is_primary(admin: Browser, world: World, store: Session) -> None:
    contact, other = new_contact(store, world), new_contact(store, world)
    new_deal(store, world, contact, title="Big deal")
    new_deal(store, world, other, contact, title="Small deal")
    gone = new_deal(store, world, contact, title="Gone deal")
    gone.deleted_at = MOMENT
    store.commit()

    deals = section(admin, contact.id, "deals")

    assert "Big deal · Primary Contact 100.00 USD" in deals
    assert "Small deal 100.00 USD" in deals
    assert deals.count("Primary Contact") == 1
    assert "Gone deal" not in deals


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("1250.00", "USD", "1,250.00 USD"),
        ("123456789012", "JPY", "123,456,789,012 JPY"),
        ("999999999999.999", "KWD", "999,999,999,999.999 KWD"),
        ("0.001", "TND", "0.001 TND"),
        ("1.5", "BHD", "1.500 BHD"),
        ("38123.4567", "CLF", "38,123.4567 CLF"),
        ("12.30", "XYZ", "12.30 XYZ"),
    ],
)
def test_an_amount_is_stored_and_shown_with_the_decimals_of_its_currency(
    admin: Browser, world: World, store: Session, value: str, currency: str, shown: str
) -> None:
    contact = new_contact(store, world)
    deal = new_deal(store, world, contact)
    deal.value, deal.currency = Decimal(value), currency
    store.commit()
    store.refresh(deal)

    assert deal.value == Decimal(value)
    assert section(admin, contact.id, "deals").endswith(f"Primary Contact {shown}")


def test_a_contact_without_anything_says_so(admin: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world, "", "", email="solo@example.com")
    store.commit()

    page = admin.get(f"/contacts/{contact.id}")

    for sentence in ("Not on any list.", "No tags.", "Not on any deal.", "Account –", "Phone –"):
        assert sentence in page.text
    assert admin.get("/contacts").names == ["solo@example.com"]
    assert page.words("h1") == "solo@example.com"


def test_a_deleted_contact_has_no_page(admin: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world, "Gone", "Girl")
    delete(store, world, contact)
    store.commit()

    seen = admin.get(f"/contacts/{contact.id}")

    assert seen.status == 404
    assert "Gone Girl" not in seen.text
    assert "It may have been deleted" in seen.text
