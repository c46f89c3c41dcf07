"""Restore Contacts: the deleted contacts, when and by whom they were deleted, and the days left."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.models import Workspace

HOUR = timedelta(hours=1)


def test_the_restore_page_is_opened_from_the_menu_and_closed_by_the_x_next_to_esc(anyone: Browser) -> None:
    page = anyone.press(anyone.get("/contacts"), "Restore Contact(s)")

    assert (page.status, page.path) == (200, "/contacts/restore")
    assert page.words("h1") == "Restore Contacts"
    close = page.one("#close-page")
    assert close["aria-label"] == "Close"
    assert page.words("#close-page") == "X"
    assert page.words(".layer-close") == "Esc X"
    assert close["aria-keyshortcuts"] == "Escape"
    assert anyone.press(page, close).path == "/contacts"


def test_a_row_shows_contact_time_deleter_and_days_left(admin: Browser, world: World, store: Session) -> None:
    moment = read_clock(store) - 3 * DAY - HOUR
    contact = new_contact(store, world, "Ann", "Lee", email="Ann@Example.com")
    unnamed = new_contact(store, world, "", "", email=None)
    delete(store, world, contact, at=moment)
    delete(store, world, unnamed, at=moment - DAY, by=world.admin.id)
    store.commit()

    rows = [" ".join(row.get_text(" ").split()) for row in admin.get("/contacts/restore").all("tbody tr")]

    first, second = (f"{at:%-d %b %Y, %H:%M}" for at in (moment, moment - DAY))
    assert rows == [
        f"Select Ann Lee Ann@Example.com Details 3 days ago {first} Max Member 26 days left",
        f"Select No name No e-mail Details 4 days ago {second} Ada Admin 25 days left",
    ]


@pytest.mark.parametrize(
    ("ago", "words", "warns"),
    [
        (timedelta(0), "29 days left", False),
        (25 * DAY + HOUR, "4 days left", False),
        (26 * DAY + HOUR, "3 days left", True),
        (27 * DAY + HOUR, "2 days left", True),
        (28 * DAY + HOUR, "1 day left", True),
        (29 * DAY + HOUR, "less than a day left", True),
        (30 * DAY - timedelta(minutes=1), "less than a day left", True),
    ],
)
def test_the_days_left_are_whole_days_and_the_last_three_are_marked(
    admin: Browser, world: World, store: Session, ago: timedelta, words: str, warns: bool
) -> None:
    delete(store, world, new_contact(store, world), ago=ago)
    store.commit()

    left = admin.get("/contacts/restore").one("tbody .left")

    assert left.get_text(strip=True) == words
    assert ("left-soon" in left["class"]) is warns


def test_the_last_deleted_comes_first(admin: Browser, world: World, store: Session) -> None:
    for hours, name in ((5, "Second"), (1, "First"), (9, "Third")):
        delete(store, world, new_contact(store, world, name, ""), ago=hours * HOUR)
    store.commit()

    assert admin.get("/contacts/restore").names == ["First", "Second", "Third"]


def test_only_contacts_deleted_within_30_days_are_listed(
    admin: Browser, world: World, store: Session
) -> None:
    live, late, merged, soon = (
        new_contact(store, world, name, "") for name in ("Live", "Late", "Merged", "In")
    )
    folded = delete(store, world, merged)
    # A merge removes a contact from the bin, and must lower the counter of its deletion.
    merged.merged_into_id, folded.in_bin = live.id, folded.in_bin - 1
    delete(store, world, late, ago=30 * DAY + timedelta(seconds=5))
    delete(store, world, soon, ago=30 * DAY - HOUR)
    under_way = delete(store, world, new_contact(store, world, "Under", "way"))
    under_way.completed_at = None
    store.commit()

    page = admin.get("/contacts/restore")

    assert page.names == ["In"]
    assert page.words("#restore-all") == "Restore all contacts (1)"
    assert "1 deleted contact" in page.text


def test_when_the_last_page_is_restored_the_first_one_is_shown(
    anyone: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    """Like Back in the browser, after the contacts of that page were restored."""
    contacts = new_contacts(store, world, 53)
    delete(store, world, *contacts)
    store.commit()
    last = anyone.turn(anyone.get("/contacts/restore"), "Next")[-1]
    assert len(last.ids) == 3
    after = anyone.get("/contacts/restore").one("#page-older")["value"]
    dialog = anyone.press(anyone.tick(last, *last.ids), "Restore Contact(s)")
    anyone.press(dialog, dialog.one("dialog form[method=post] button"))
    work()

    page, part = (anyone.get(f"/contacts/restore?after={after}", htmx=htmx) for htmx in (False, True))

    assert len(page.ids) == len(part.ids) == 50
    assert part.headers["HX-Replace-Url"] == "/contacts/restore"


def test_the_number_on_restore_all_counts_the_whole_bin(
    anyone: Browser, world: World, store: Session
) -> None:
    contacts = new_contacts(store, world, 1012)
    delete(store, world, *contacts[:1000])
    delete(store, world, *contacts[1000:], ago=5 * DAY)
    store.commit()

    page = anyone.get("/contacts/restore")
    assert page.words("#restore-all") == "Restore all contacts (1,012)"
    assert "1,012 deleted contacts" in page.text
    assert anyone.fill(page, q="number 0000").words("#restore-all") == "Restore all contacts (10 matching)"


def test_an_empty_bin_says_what_would_be_here(admin: Browser, world: World, store: Session) -> None:
    new_contact(store, world)
    store.commit()

    page = admin.get("/contacts/restore")

    assert "Nothing to restore" in page.text
    assert "stay here for 30 days" in page.text
    assert page.one("#restore-all").has_attr("disabled")
    assert page.one("#restore-selected").has_attr("disabled")
    assert "There is nothing to restore." in page.text
    assert page.button("Back to contacts")["href"] == "/contacts"


@pytest.mark.parametrize("moments", [1, 3, 24])
def test_the_pages_show_each_contact_once_in_both_directions(
    anyone: Browser, world: World, store: Session, moments: int
) -> None:
    """With 120 contacts deleted in one deletion, or in several."""
    contacts = new_contacts(store, world, 120)
    size = 120 // moments
    now = read_clock(store)
    for number, start in enumerate(range(0, 120, size)):
        delete(store, world, *contacts[start : start + size], at=now - HOUR + timedelta(seconds=number))
    store.commit()

    forth = anyone.turn(anyone.get("/contacts/restore"), "Next")
    back = anyone.turn(forth[-1], "Previous")

    assert [contact_id for page in forth for contact_id in page.ids] == [c.id for c in reversed(contacts)]
    assert [len(page.ids) for page in forth] == [50, 50, 20]
    assert [page.ids for page in reversed(back)] == [page.ids for page in forth]


def test_contacts_deleted_meanwhile_shift_no_page(anyone: Browser, world: World, store: Session) -> None:
    contacts = new_contacts(store, world, 60)
    delete(store, world, *contacts)
    store.commit()
    first = anyone.get("/contacts/restore")
    delete(store, world, *new_contacts(store, world, 7), ago=timedelta(minutes=1))
    store.commit()

    second = anyone.press(first, "Next")

    assert second.ids == [contact.id for contact in reversed(contacts[:10])]


def test_a_page_whose_contacts_are_all_restored_shows_the_first_page(
    anyone: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    contacts = new_contacts(store, world, 60)
    delete(store, world, *contacts[:55])
    delete(store, world, *contacts[55:], ago=2 * HOUR)
    store.commit()
    second = anyone.press(anyone.get("/contacts/restore"), "Next")
    dialog = anyone.get("/contacts/restore/confirm-all?deletion=1")
    anyone.press(dialog, dialog.one("form button.button-primary"))
    work()

    page = anyone.press(second, "Previous")

    assert page.ids == [contact.id for contact in reversed(contacts[55:])]


def test_times_and_days_are_shown_in_the_zone_of_the_account(
    admin: Browser, world: World, store: Session
) -> None:
    store.get_one(Workspace, world.id).timezone = "Pacific/Auckland"
    # The evening of one day in UTC, the morning of the next one in that zone.
    moment = (read_clock(store) - 3 * DAY).replace(hour=20)
    delete(store, world, new_contact(store, world), at=moment)
    store.commit()
    there = moment.astimezone(store.get_one(Workspace, world.id).zone)

    page = admin.get("/contacts/restore")

    assert f"{there:%-d %b %Y, %H:%M}" in page.words("tbody tr")
    assert page.one("tbody .cell-when time")["datetime"] == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    assert admin.get(f"/contacts/restore?from={there:%F}&to={there:%F}").names == ["Ann Lee"]
