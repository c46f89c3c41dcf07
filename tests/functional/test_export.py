"""Exporting on the pages: what is exported, by whom, and the file."""

import csv
from collections.abc import Callable
from io import StringIO

from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_account, new_contact, new_list, new_tag, put_tag, subscribe
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen

HEADER = [
    *("Email", "First Name", "Last Name", "Phone", "Account", "Tags"),
    *("Lists", "Unconfirmed Lists", "Unsubscribed Lists", "Bounced Lists", "Created Date"),
]


def rows_of(browser: Browser, page: Seen) -> list[list[str]]:
    """The rows of the file that the page of an export offers."""
    response = browser.client.get(page.one("#download")["href"])
    assert response.status_code == 200
    assert int(response.headers["Content-Length"]) == len(response.data)
    assert response.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(response.data.decode("utf-8-sig"), newline="")))


def export(browser: Browser, page: Seen, work: Callable[[], None]) -> Seen:
    """Press "Export" on the page and in its dialog; the page of the export that has ended."""
    started = browser.press(browser.press(page, "Export"), "Export")
    work()
    return browser.get(started.path)


def test_the_overview_is_exported_as_it_is_filtered(
    anyone: Browser, store: Session, world: World, work: Callable[[], None]
) -> None:
    account = new_account(store, world, "Acme, Inc.")
    ann = new_contact(store, world, "Ann", "=1+1", email="ann@x.example")
    ann.account_id = account.id
    new_contact(store, world, "Bob", email="bob@x.example")
    put_tag(store, ann, new_tag(store, world, "a; b"))
    for name, status in (("News", "subscribed"), ("Old", "bounced"), ("Off", "unsubscribed")):
        subscribe(store, ann, new_list(store, world, name), status)
    store.commit()

    dialog = anyone.press(anyone.get("/contacts", {"q": "ann"}), "Export")
    assert "Export 1 contact?" in dialog.text
    assert "Contacts matching ann." in dialog.text.replace("“", "").replace("”", "")
    page = anyone.press(dialog, "Export")
    work()
    page = anyone.get(page.path)

    assert "1 contact exported." in page.text
    assert rows_of(anyone, page) == [
        HEADER,
        [
            *("ann@x.example", "Ann", "'=1+1", "", "Acme, Inc.", '"a; b"', "News", "", "Off", "Old"),
            ann.created_at.isoformat(),
        ],
    ]


def test_the_deleted_contacts_are_exported_with_who_deleted_them_when(
    anyone: Browser, store: Session, world: World, work: Callable[[], None]
) -> None:
    gone, other = new_contact(store, world, "Gone", "Lee"), new_contact(store, world, "Other", "Lee")
    new_contact(store, world, "Live", "Lee")
    delete(store, world, gone, other, by=world.admin.id)
    store.commit()

    page = export(anyone, anyone.get("/contacts/restore", {"q": "gone"}), work)

    header, row = rows_of(anyone, page)
    assert header == [*HEADER, "Deleted", "Deleted By", "Days Left"]
    assert row[1:3] + row[-2:] == ["Gone", "Lee", world.admin.name, "29"]
    assert "Deleted contacts matching" in page.text
