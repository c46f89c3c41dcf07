"""An exact number that was counted is shown at once for some seconds, unless its account has changed."""

from collections.abc import Callable
from time import monotonic

import pytest
from sqlalchemy import delete as delete_rows
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.contacts import find, search
from webapp.models import Contact, ContactSearch, Workspace, live
from webapp.restoring import recycle_bin
from webapp.web import browse, counted

LIVE, BIN = "/contacts?q=bob", "/contacts/restore?q=bob"
BOTH = pytest.mark.parametrize("path", [LIVE, BIN])


@pytest.fixture(autouse=True)
def sixty_bobs_on_both_sides(world: World, store: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a request counts, among others."""
    for module in (search, find, recycle_bin):
        monkeypatch.setattr(module, "SCAN_LIMIT", 70)
    # However busy the machine is.
    for limit in ("KEPT_SECONDS", "MOST_SECONDS"):
        monkeypatch.setattr(counted, limit, 3600.0)
    for name in ("Ann", "Bob"):
        new_contacts(store, world, 60, name)
        delete(store, world, *new_contacts(store, world, 60, name))
    store.commit()


def number(browser: Browser, path: str) -> str:
    """What the page says at once."""
    return browser.get(path).words("#results-count").split(" ", 2)[0]


def counted_by(browser: Browser, path: str) -> str:
    """What the count says that the page asks for."""
    words = browser.get(path.replace("?", "/count?"), htmx=True).words("#results-count")
    return words.split(" ", 2)[0]


@BOTH
def test_the_next_pages_show_at_once_what_was_counted(scripted: Browser, path: str) -> None:
    assert number(scripted, path) == "Over"
    assert counted_by(scripted, path) == "60"

    page = scripted.get(path)

    assert page.words("#results-count").startswith("60 ")
    assert page.one("#results")["data-announce"].startswith("60 ")
    assert not page.all("[hx-trigger^=load]")
    following = scripted.press(page, "Next")
    assert following.words("#results-count").startswith("60 ")
    assert number(scripted, path.replace("bob", "bob+n")) == "Over"


def ask_for_the_count(browser: Browser, page: Seen) -> str:
    """What the count says that this page asks for."""
    return browser.ask(page, page.one("#results-count")).words("#results-count").split(" ", 1)[0]


@BOTH
def test_a_page_takes_the_number_that_was_counted_since_it_was_made(
    scripted: Browser, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Those who search for the same at the same time need one count."""
    first, second = (scripted.get(path) for _ in range(2))
    assert ask_for_the_count(scripted, first) == "60"

    monkeypatch.setattr(browse, "late_number", lambda *_: pytest.fail("counted once more"))

    assert ask_for_the_count(scripted, second) == "60"


def test_the_button_has_the_number_that_was_counted(scripted: Browser) -> None:
    counted_by(scripted, BIN)

    assert scripted.get(BIN).words("#restore-all") == "Restore all contacts (60 matching)"


def test_selected_contacts_that_do_not_match_disprove_no_number(
    scripted: Browser, world: World, store: Session
) -> None:
    counted_by(scripted, BIN)
    gone = store.scalars(
        select(Contact.id).where(Contact.workspace_id == world.id, Contact.deleted_at.is_not(None)).limit(61)
    )

    page = scripted.get(f"{BIN}&show=selected", [("selected", str(each)) for each in gone])

    assert len(page.ids) == 61
    assert page.words("#restore-all") == "Restore all contacts (60 matching)"


@BOTH
def test_a_change_by_a_page_makes_the_numbers_old(scripted: Browser, path: str) -> None:
    counted_by(scripted, path)
    page = scripted.get(LIVE)

    scripted.press(scripted.press(scripted.tick(page, page.ids[0]), "Delete"), "Delete")

    assert number(scripted, path) == "Over"
    assert counted_by(scripted, path) == ("59" if path == LIVE else "61")
    assert number(scripted, path) == counted_by(scripted, path)


def test_the_end_of_a_job_makes_the_numbers_old(scripted: Browser, work: Callable[[], None]) -> None:
    scripted.press(scripted.press(scripted.get(BIN), "Restore all contacts"), "Restore")
    counted_by(scripted, LIVE)
    assert number(scripted, LIVE) == "60"

    work()

    assert number(scripted, LIVE) == "Over"
    assert counted_by(scripted, LIVE) == number(scripted, LIVE) == "120"


def test_what_changes_without_a_word_is_seen_some_seconds_later(
    scripted: Browser, world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted_by(scripted, LIVE)
    bobs = store.scalars(select(Contact.id).where(live(world.id), Contact.first_name == "Bob"))
    store.execute(delete_rows(ContactSearch).where(ContactSearch.contact_id == bobs.first()))
    store.commit()
    assert number(scripted, LIVE) == "60"

    monkeypatch.setattr(counted, "MOST_SECONDS", 0.0)

    assert number(scripted, LIVE) == "Over"
    assert counted_by(scripted, LIVE) == "59"


def test_each_account_has_its_own_numbers(
    scripted: Browser, browse: Callable[..., Browser], elsewhere: World, store: Session
) -> None:
    other_admin = browse(elsewhere.admin)
    new_contacts(store, elsewhere, 53, "Bob")
    new_contacts(store, elsewhere, 60, "Ann")
    store.execute(update(Workspace).values(changes=7))
    store.commit()

    assert counted_by(scripted, LIVE) == "60"
    assert counted_by(other_admin, LIVE) == "53"
    assert (number(scripted, LIVE), number(other_admin, LIVE)) == ("60", "53")


@pytest.mark.parametrize("place", ["/contacts", "/contacts/restore"])
def test_no_number_is_shown_that_the_rows_beside_it_disprove(
    scripted: Browser, world: World, store: Session, place: str
) -> None:
    """As while a job brings contacts, batch by batch."""
    path = f"{place}?q=zed"
    assert counted_by(scripted, path) == "0"

    zeds = new_contacts(store, world, 60, "Zed")
    if "restore" in place:
        changes = store.scalar(select(Workspace.changes).where(Workspace.id == world.id))
        delete(store, world, *zeds)
        store.execute(update(Workspace).where(Workspace.id == world.id).values(changes=changes))
    store.commit()

    page = scripted.get(path)
    assert page.words("#results-count").startswith("Over 50 ")
    assert ask_for_the_count(scripted, page) == number(scripted, path) == "60"


def test_the_oldest_number_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "MOST_KEPT", 2)
    kept, keys = counted.KeptNumbers(), [(1, 0, address) for address in "abc"]

    for place, key in enumerate([keys[0], *keys]):
        kept.keep(key, place, at=monotonic(), took=0)

    assert [kept.recall(key, least=0) for key in keys] == [None, 2, 3]


@pytest.mark.parametrize(
    ("seconds_ago", "took", "serves"),
    [(10, 0, False), (10, 0.5, False), (11, 2, True), (40, 2, False), (60, 9, False)],
)
def test_a_number_that_took_long_serves_for_longer_from_the_beginning_of_its_count(
    monkeypatch: pytest.MonkeyPatch, seconds_ago: float, took: float, serves: bool
) -> None:
    # Hours for seconds: the test itself takes some.
    for limit, hours in (("KEPT_SECONDS", 10), ("MOST_SECONDS", 60)):
        monkeypatch.setattr(counted, limit, hours * 3600.0)
    kept = counted.KeptNumbers()

    kept.keep((1, 0, "a"), 7, at=monotonic() - seconds_ago * 3600, took=took * 3600)

    assert kept.recall((1, 0, "a"), least=0) == (7 if serves else None)
