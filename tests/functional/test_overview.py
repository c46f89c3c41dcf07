"""Contacts Overview: search and paging of live contacts."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_account, new_contact, new_contacts, unique_address
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.models import Workspace


def test_each_contact_shows_name_email_account_and_created_date(
    admin: Browser, world: World, store: Session
) -> None:
    acme, gone = new_account(store, world, "Acme"), new_account(store, world, "Gone Ltd")
    moment = datetime(2026, 3, 5, 14, 7, tzinfo=UTC)
    contact = new_contact(store, world, "Ann", "Lee", account=acme, created_at=moment)
    new_contact(store, world, "Bob", "Ray", account=gone, email=None, created_at=moment - DAY)
    gone.deleted_at = moment
    store.commit()

    rows = [" ".join(row.get_text(" ").split()) for row in admin.get("/contacts").all("tbody tr")]

    assert rows == [
        f"Ann Lee {contact.email} Acme 5 Mar 2026, 14:07",
        "Bob Ray No e-mail – 4 Mar 2026, 14:07",
    ]


def test_the_newest_contact_comes_first(admin: Browser, world: World, store: Session) -> None:
    now = read_clock(store)
    for days, name in ((2, "Old"), (1, "New"), (3, "Oldest")):
        new_contact(store, world, name, "", created_at=now - days * DAY)
    store.commit()

    assert admin.get("/contacts").names == ["New", "Old", "Oldest"]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ann", ["Ann Lee"]),
        ("ANN LEE", ["Ann Lee"]),
        ("  ann   lee ", ["Ann Lee"]),
        ("lee", ["Ann Lee", "Émile Lee-Zola"]),
        ("nn l", []),
        ("lee ann", ["Ann Lee"]),
        ("zo", ["Zoë Andersson", "Émile Lee-Zola"]),
        ("émile", ["Émile Lee-Zola"]),
        ("ÉMILE", ["Émile Lee-Zola"]),
        ("e\u0301mile", ["Émile Lee-Zola"]),  # the accent typed as a character of its own
        ("emile", ["Émile Lee-Zola"]),
        ("special.one@ex", ["100% Sure"]),
        ("SPECIAL.ONE", ["100% Sure"]),
        ("100%", ["100% Sure"]),
        ("%", []),  # one character: the beginning of a word
        ("1_0", ["A1_0 Under"]),
        ("_", ["_ Alone"]),
        ("a\\b", ["Back a\\b"]),
        ("\\", []),
        ("%%%", []),
        ("___", []),
        ("an", ["Ann Lee", "Zoë Andersson"]),  # two letters: the beginning of a word
        ("é", ["Émile Lee-Zola"]),
        ("ee", []),
        ("le", ["Ann Lee", "Émile Lee-Zola"]),
        ("zoë", ["Zoë Andersson"]),
        ("' OR 1=1 --", []),
        ("😀", ["Smile 😀"]),
        ("\u200fann", ["Ann Lee"]),
    ],
)
def test_search_finds_words_however_they_are_typed(
    admin: Browser, world: World, store: Session, q: str, found: list[str]
) -> None:
    names = [
        ("Ann", "Lee"),
        ("Émile", "Lee-Zola"),
        ("Zoë", "Andersson"),
        ("100%", "Sure"),
        ("A1_0", "Under"),
        ("_", "Alone"),
        ("Back", "a\\b"),
        ("Smile", "😀"),
    ]
    for first, last in names:
        email = "Special.One@Example.com" if first == "100%" else unique_address()
        new_contact(store, world, first, last, email=email)
    store.commit()

    page = admin.get("/contacts", {"q": q})

    assert sorted(page.names) == sorted(found)
    assert str(page.one("#q")["value"]) == q.strip()
    assert admin.get("/contacts", {"q": q}, htmx=True).names == page.names


def test_a_deleted_contact_is_not_found(admin: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world, "Gone", "Girl")
    delete(store, world, contact)
    store.commit()

    assert admin.get("/contacts?q=gone").names == []


def test_search_as_typed_keeps_its_text_in_the_address(
    scripted: Browser, world: World, store: Session
) -> None:
    new_contact(store, world, "Ann", "Lee")
    new_contact(store, world, "Bob", "Ray")
    store.commit()

    page = scripted.fill(scripted.get("/contacts"), q="bob")

    assert page.names == ["Bob Ray"]
    assert page.headers["HX-Replace-Url"] == "/contacts?q=bob"
    assert scripted.get(page.headers["HX-Replace-Url"]).names == ["Bob Ray"]


def test_the_pages_show_each_contact_once_in_both_directions(
    anyone: Browser, world: World, store: Session
) -> None:
    """Also if many were created at the same time, as by an import."""
    now = read_clock(store)
    moments = [now, now - DAY]
    contacts = [c for moment in moments for c in new_contacts(store, world, 60, created_at=moment)]
    store.commit()
    expected = [c.id for c in reversed(contacts[:60])] + [c.id for c in reversed(contacts[60:])]

    forth = anyone.turn(anyone.get("/contacts"), "Next")
    back = anyone.turn(forth[-1], "Previous")

    assert [contact_id for page in forth for contact_id in page.ids] == expected
    assert [len(page.ids) for page in forth] == [50, 50, 20]
    assert [page.ids for page in reversed(back)] == [page.ids for page in forth]
    assert "120 contacts" in forth[0].text


def test_the_pages_stay_within_the_search(anyone: Browser, world: World, store: Session) -> None:
    new_contacts(store, world, 60, "Bob")
    new_contacts(store, world, 60, "Ann")
    store.commit()

    first = anyone.fill(anyone.get("/contacts"), q="ann")
    second = anyone.press(first, "Next")

    assert "60 contacts" in first.text
    assert len(second.names) == 10
    assert {name.split()[0] for name in first.names + second.names} == {"Ann"}


def test_a_small_account_has_no_pager(admin: Browser, world: World, store: Session) -> None:
    new_contact(store, world)
    store.commit()

    page = admin.get("/contacts")

    assert not page.all(".pager, #page-older")
    assert "1 contact" in page.text


def test_a_page_without_contacts_says_what_would_be_here(
    admin: Browser, member: Browser, world: World, store: Session
) -> None:
    delete(store, world, new_contact(store, world))
    store.commit()
    for_admin, for_member = admin.get("/contacts"), member.get("/contacts")

    assert "No contacts yet" in for_admin.text
    assert for_admin.button("See deleted contacts")["href"] == "/contacts/restore"
    assert "No contacts yet" in for_member.text
    assert not for_member.has_button("See deleted contacts")


def test_a_search_without_results_says_so_and_offers_a_way_out(
    anyone: Browser, world: World, store: Session
) -> None:
    new_contact(store, world)
    gone = new_contact(store, world, "Gone", "Girl")
    delete(store, world, gone)
    store.commit()

    page = anyone.fill(anyone.get("/contacts"), q="gone girl")

    assert "No contact matches" in page.text
    assert "“gone girl”" in page.text
    assert anyone.press(page, "Search deleted contacts").names == ["Gone Girl"]
    assert anyone.get(str(page.button("Show all contacts")["href"])).names == ["Ann Lee"]


def test_what_was_typed_is_shown_as_text(admin: Browser, world: World, store: Session) -> None:
    new_contact(store, world, "<b>Ann</b>", "<script>alert(1)</script>")
    store.commit()

    page = admin.get("/contacts", {"q": '"><img src=x>'})
    assert not page.all("img")
    assert '“"><img src=x>”' in page.text
    assert admin.get("/contacts").names == ["<b>Ann</b> <script>alert(1)</script>"]


def test_times_are_shown_in_the_zone_of_the_account(admin: Browser, world: World, store: Session) -> None:
    new_contact(store, world, created_at=datetime(2026, 3, 5, 23, 30, tzinfo=UTC))
    store.get_one(Workspace, world.id).timezone = "Asia/Tokyo"
    store.commit()

    page = admin.get("/contacts")

    assert "6 Mar 2026, 08:30" in page.text
    assert page.one("tbody time")["datetime"] == "2026-03-05T23:30:00Z"
