"""Counts appear at once if they are quick; otherwise as "over N", and the exact number arrives later."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import HTMX, Browser
from tests.support.seen import Seen
from webapp.clock import read_clock
from webapp.contacts import find, search
from webapp.restoring import recycle_bin
from webapp.web import late

NAMES = ("Ann", "Bob")


@pytest.fixture
def scan_limit_of_70(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request scans at most 70 contacts, so that a few stand for a million."""
    for module in (search, find, recycle_bin):
        monkeypatch.setattr(module, "SCAN_LIMIT", 70)


@pytest.fixture
def sixty_of_each_name(world: World, elsewhere: World, store: Session, scan_limit_of_70: None) -> None:
    """Sixty of each name, live and in the bin, and some in another workspace."""
    for place, count in ((world, 60), (elsewhere, 7)):
        for name in NAMES:
            new_contacts(store, place, count, name)
            delete(store, place, *new_contacts(store, place, count, name))
    store.commit()


def page_with_count(browser: Browser, page: Seen) -> Seen:
    """The page, when the number has come."""
    return browser.ask(page, page.one("#results-count[hx-trigger^=load]"))


@pytest.mark.parametrize(
    ("path", "noun"), [("/contacts", "contacts"), ("/contacts/restore", "deleted contacts")]
)
def test_slow_counts_arrive_later(scripted: Browser, sixty_of_each_name: None, path: str, noun: str) -> None:
    page = scripted.fill(scripted.get(path), q="bob")

    assert page.words("#results-count") == f"Over 50 {noun}"
    assert page.one("#results")["data-announce"] == f"Over 50 {noun} found"
    page = page_with_count(scripted, page)
    assert page.words("#results-count") == f"60 {noun}"
    assert not page.all("[hx-trigger^=load]")
    assert page.part is not None
    assert not page.part.all("[data-announce], [autofocus]")


@pytest.mark.parametrize(
    ("path", "noun"), [("/contacts", "contacts"), ("/contacts/restore", "deleted contacts")]
)
def test_a_text_that_many_others_have_ends_the_page_and_the_next_one_goes_on(
    scripted: Browser,
    world: World,
    store: Session,
    sixty_of_each_name: None,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    noun: str,
) -> None:
    """The matches stand at the end of the order, and too many elsewhere have the text to look them up."""
    rare = new_contacts(store, world, 2, "Zoe", created_at=read_clock(store) - timedelta(days=500))
    gone = new_contacts(store, world, 2, "Zoe")
    delete(store, world, *gone, at=read_clock(store) - timedelta(days=9))
    store.commit()
    monkeypatch.setattr(search, "MOST_MATCHES", 3)

    page = scripted.get(f"{path}?q=zoe")

    assert page.names == []
    assert "None among these contacts" in page.text
    assert page.one("#results")["data-announce"] == "None found yet"
    following = scripted.press(page, "Next")
    assert set(following.ids) == {contact.id for contact in (gone if "restore" in path else rare)}
    assert following.words("#results-count") == f"Over 2 {noun}"
    assert page_with_count(scripted, following).words("#results-count") == f"2 {noun}"
    assert scripted.press(following, "Previous").names == []


def test_a_restore_of_all_that_match_is_offered_where_none_has_been_met_yet(
    scripted: Browser,
    world: World,
    store: Session,
    sixty_of_each_name: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new_contacts(store, world, 2, "Zoe")
    delete(store, world, *new_contacts(store, world, 2, "Zoe"), at=read_clock(store) - timedelta(days=9))
    store.commit()
    monkeypatch.setattr(search, "MOST_MATCHES", 3)

    page = scripted.get("/contacts/restore?q=zoe")

    assert page.words("#results-count") == "Unknown number of deleted contacts"
    dialog = scripted.press(page, "Restore all contacts that match")
    assert "2 contacts" in dialog.text


def test_without_a_search_all_live_contacts_are_counted_later(
    scripted: Browser, sixty_of_each_name: None
) -> None:
    page = scripted.get("/contacts")

    assert page.words("#results-count") == "Over 70 contacts"
    assert page_with_count(scripted, page).words("#results-count") == "120 contacts"


def test_without_a_search_the_deleted_contacts_are_counted_at_once(
    admin: Browser, sixty_of_each_name: None
) -> None:
    page = admin.get("/contacts/restore")

    assert page.words("#results-count") == "120 deleted contacts"
    assert not page.all("[hx-trigger^=load]")


def test_the_button_shows_the_number_and_keeps_it_when_contacts_are_ticked(
    scripted: Browser, sixty_of_each_name: None
) -> None:
    page = scripted.fill(scripted.get("/contacts/restore"), q="bob")
    assert page.words("#restore-all") == "Restore all contacts (over 50 matching)"
    assert scripted.tick(page, page.ids[0]).words("#restore-all") == page.words("#restore-all")

    page = page_with_count(scripted, page)

    assert page.one("#results-count input")["data-all-label"] == "Restore all contacts (60 matching)"
    page = scripted.tick(page, page.ids[1])
    assert page.words("#restore-all") == "Restore all contacts (60 matching)"
    assert "2 of 100 selected" in page.text
    page = scripted.fill(page, q="")
    assert page.words("#restore-all") == "Restore all contacts (120)"


def test_the_dialog_shows_the_exact_number(anyone: Browser, sixty_of_each_name: None) -> None:
    page = anyone.fill(anyone.get("/contacts/restore"), q="bob")

    assert "60 contacts matching “bob”" in anyone.press(page, "Restore all contacts").text


@pytest.mark.parametrize("path", ["/contacts", "/contacts/restore"])
@pytest.mark.parametrize(
    ("q", "found"), [("nobody", 0), ("number 0005", 22), ("0005 ann", 11), ("number 00007", 2)]
)
def test_few_matches_are_counted_at_once(
    admin: Browser, sixty_of_each_name: None, path: str, q: str, found: int
) -> None:
    """Also those beyond the scan limit."""
    page = admin.get(path, {"q": q})

    assert len(page.ids) == found
    assert not page.all("[hx-trigger^=load]")
    assert page.one("#results")["data-announce"].startswith(f"{found} ")


@pytest.mark.parametrize("path", ["/contacts", "/contacts/restore"])
def test_a_small_account_is_always_counted_at_once(
    admin: Browser, world: World, store: Session, scan_limit_of_70: None, path: str
) -> None:
    new_contacts(store, world, 60)
    delete(store, world, *new_contacts(store, world, 60))
    store.commit()

    for query in ("", "q=ann", "q=number"):
        page = admin.get(f"{path}?{query}")
        assert page.words("#results-count").startswith("60 ")
        assert not page.all("[hx-trigger^=load]")


@pytest.mark.parametrize("path", ["/contacts", "/contacts/restore"])
@pytest.mark.parametrize("q", ["ann", "bob", "number 0001"])
def test_the_pages_of_a_search_show_each_match_once_by_every_plan(
    scripted: Browser, sixty_of_each_name: None, path: str, q: str
) -> None:
    forth = scripted.turn(scripted.fill(scripted.get(path), q=q), "Next")
    back = scripted.turn(forth[-1], "Previous")

    names = [name for page in forth for name in page.names]
    expected = [f"{name} Number {i:05}" for name in NAMES[::-1] for i in range(59, -1, -1)]
    found = [name for name in expected if all(word in name.lower() for word in q.split())]
    assert names == found
    assert [page.names for page in reversed(back)] == [page.names for page in forth]


def test_the_number_counts_the_filtered_contacts(
    admin: Browser, world: World, store: Session, sixty_of_each_name: None
) -> None:
    delete(store, world, *new_contacts(store, world, 3, "Bob"), by=world.admin.id)
    store.commit()

    def number(path: str) -> str:
        return admin.get(path, htmx=True).one("#results-count").own_texts[0].strip()

    assert number("/contacts/restore/count") == "123 deleted contacts"
    assert number("/contacts/restore/count?q=bob") == "63 deleted contacts"
    assert number(f"/contacts/restore/count?q=bob&deleted_by={world.admin.id}") == "3 deleted contacts"
    assert number("/contacts/restore/count?deletion=2") == "60 deleted contacts"
    assert number("/contacts/restore/count?from=2001-01-01&to=2001-01-02") == "0 deleted contacts"
    assert number("/contacts/count") == "120 contacts"
    assert number("/contacts/count?q=bob") == "60 contacts"


@pytest.mark.parametrize(
    ("q", "said", "number"), [("bob", "60 contacts", 60), ("", "Over 50 contacts", 120)], ids=["few", "many"]
)
def test_restored_contacts_are_found_and_counted(
    scripted: Browser, sixty_of_each_name: None, work: Callable[[], None], q: str, said: str, number: int
) -> None:
    dialog = scripted.press(scripted.get("/contacts/restore", {"q": q}), "Restore all contacts")
    job = scripted.press(dialog, "Restore")
    work()

    page = scripted.press(scripted.get(job.path), "View restored contacts")

    assert page.words("#results-count") == said
    found = [contact_id for each in scripted.turn(page, "Next") for contact_id in each.ids]
    assert len(set(found)) == len(found) == number
    page = page if said.startswith(str(number)) else page_with_count(scripted, page)
    assert page.words("#results-count") == f"{number} contacts"
    anns = [name for each in scripted.turn(scripted.fill(page, q="ann"), "Next") for name in each.names]
    assert len(anns) == number - 60


def test_a_number_that_was_never_shown_is_counted(admin: Browser, world: World, store: Session) -> None:
    delete(store, world, new_contact(store, world))
    store.commit()

    for seen in ("", "x", "-1", "1+1", "٣"):
        bar = admin.get("/contacts/restore/selection", {"matching": seen}, htmx=True)
        assert bar.words("#restore-all") == "Restore all contacts (1)"


@pytest.mark.parametrize("path", ["/contacts", "/contacts/restore"])
def test_one_count_runs_at_a_time_and_the_others_are_polled_for(
    scripted: Browser, sixty_of_each_name: None, path: str
) -> None:
    page = scripted.get(path, {"q": "bob"})
    asking = page.one("#results-count")
    assert "every 3s" in str(asking["hx-trigger"])

    with late._counting:
        answer = scripted.client.get(str(asking["hx-get"]), headers=HTMX)
        assert (answer.status_code, answer.text) == (204, "")

    assert page_with_count(scripted, page).words("#results-count").startswith("60 ")
