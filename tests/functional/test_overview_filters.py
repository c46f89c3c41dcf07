"""The overview is sorted, and filtered by list and status, by tag and by account."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_contacts,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.contacts import by_account, find, search
from webapp.models import Contact, Tag, live

# Below it, a request reads all contacts; above, it walks.
FEW, MANY = 10_000, 40


@pytest.fixture(params=[FEW, MANY], ids=["few", "many"])
def limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    for module in (search, find):
        monkeypatch.setattr(module, "SCAN_LIMIT", request.param)
    return int(request.param)


def tagged(store: Session, world: World, contacts: list[Contact], name: str = "VIP") -> Tag:
    tag = new_tag(store, world, name)
    for contact in contacts:
        put_tag(store, contact, tag)
    return tag


def all_names(browser: Browser, path: str) -> list[str]:
    return [name for page in browser.turn(browser.get(path), "Next") for name in page.names]


def test_contacts_are_sorted_by_name_and_created_date(
    anyone: Browser, world: World, store: Session, limit: int
) -> None:
    now = read_clock(store)
    for place, (first, last) in enumerate([("Cy", "Ant"), ("Ann", "Zoe"), ("", ""), ("Ann", "Abel")]):
        new_contact(store, world, first, last, email=f"c{place}@x.example", created_at=now - timedelta(place))
    new_contacts(store, world, 60, "Dora")
    store.commit()
    by_name = ["c2@x.example", "Ann Abel", "Ann Zoe", "Cy Ant"]

    assert all_names(anyone, "/contacts?sort=name")[:4] == by_name
    assert all_names(anyone, "/contacts?sort=name-z")[-4:] == by_name[::-1]
    newest = all_names(anyone, "/contacts")
    assert all_names(anyone, "/contacts?sort=oldest") == newest[::-1]
    assert len(newest) == 64
    pages = anyone.turn(anyone.get("/contacts?sort=name"), "Next")
    back = anyone.press(pages[-1], "Previous")
    assert back.names == pages[-2].names
    assert back.one("#sort option[selected]")["value"] == "name"


def test_few_contacts_are_sorted_by_account(anyone: Browser, world: World, store: Session) -> None:
    acme, beta = new_account(store, world, "acme"), new_account(store, world, "Beta")
    gone = new_account(store, world, "Aaa")
    for name, account in (("B", beta), ("None", None), ("A1", acme), ("Gone", gone), ("A2", acme)):
        new_contact(store, world, name, "", account=account)
    tagged(store, world, list(store.scalars(select(Contact).where(live(world.id)))), "Everyone")
    gone.deleted_at = read_clock(store)
    store.commit()

    assert anyone.get("/contacts?sort=account").names == ["A1", "A2", "B", "None", "Gone"]
    assert anyone.get("/contacts?sort=account-z").names == ["B", "A2", "A1", "Gone", "None"]
    assert anyone.get("/contacts?sort=account-z&tag=everyone").names == ["B", "A2", "A1", "Gone", "None"]
    assert anyone.get("/contacts?sort=account-z&account=ACME").names == ["A2", "A1"]
    assert anyone.get("/contacts?sort=account&q=n").names == ["None"]
    assert anyone.get("/contacts?sort=account&account=ACME").names == ["A1", "A2"]


def test_many_contacts_are_sorted_by_account_only_with_a_filter_that_leaves_few(
    admin: Browser, world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "SCAN_LIMIT", MANY)
    contacts = new_contacts(store, world, 45)
    contacts[0].account_id = new_account(store, world, "Acme").id
    tagged(store, world, contacts[:3])
    store.commit()

    tagged(store, world, contacts, "Everyone")
    store.commit()
    page = admin.get("/contacts?sort=account&tag=everyone")
    assert "These are sorted by Created Date" in page.text
    assert page.names == admin.get("/contacts?tag=everyone").names
    assert admin.get("/contacts?sort=account&tag=vip").ids == [contacts[0].id, contacts[1].id, contacts[2].id]


def test_all_contacts_are_walked_by_their_accounts_in_both_directions(
    anyone: Browser, world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts with many, with few and without contacts, deleted ones, and contacts without one."""
    monkeypatch.setattr(by_account, "SCAN_LIMIT", 60)
    contacts = new_contacts(store, world, 220)
    accounts = [new_account(store, world, f"Firm {number:03}") for number in range(130)]
    for place, contact in enumerate(contacts[:160]):
        contact.account_id = accounts[129 if place < 70 else place - 70 if place < 100 else 10].id
    accounts[5].deleted_at = read_clock(store)
    delete(store, world, *contacts[150:155])
    store.commit()
    names = {account.id: account.name for account in accounts if account.deleted_at is None}

    def key(contact: Contact) -> tuple[int, str, int]:
        name = names.get(contact.account_id or 0, "")
        return (0 if name else 1, name, contact.id)

    alive = [contact for contact in contacts if contact not in contacts[150:155]]
    expected = [contact.id for contact in sorted(alive, key=key)]
    page = anyone.get("/contacts?sort=account")
    pages = anyone.turn(page, "Next")
    assert [row_id for each in pages for row_id in each.ids] == expected
    back = anyone.turn(pages[-1], "Previous")
    assert [row_id for each in back[::-1] for row_id in each.ids] == expected

    # From Z to A: those without an account come last here, too.
    with_account = [contact.id for contact in alive if names.get(contact.account_id or 0)]
    backwards = sorted(alive, key=lambda contact: (names.get(contact.account_id or 0, ""), contact.id))[::-1]
    pages = anyone.turn(anyone.get("/contacts?sort=account-z"), "Next")
    assert [row_id for each in pages for row_id in each.ids] == [contact.id for contact in backwards]
    assert backwards[len(with_account) - 1].account_id is not None
    back = anyone.turn(pages[-1], "Previous")
    assert [row_id for each in back[::-1] for row_id in each.ids] == [contact.id for contact in backwards]


def test_the_contacts_of_one_account_are_walked_in_every_order(
    anyone: Browser, world: World, store: Session, limit: int
) -> None:
    acme, now = new_account(store, world, "Acme"), read_clock(store)
    contacts = new_contacts(store, world, 120)
    for place, contact in enumerate(contacts):
        contact.account_id = acme.id
        contact.created_at = now - timedelta(minutes=place % 7)
    tagged(store, world, contacts[::2])
    delete(store, world, *contacts[:10])
    store.commit()
    newest = sorted(contacts[10:], key=lambda contact: (contact.created_at, contact.id), reverse=True)

    for sort, expected in (("", newest), ("account-z", newest), ("oldest", newest[::-1])):
        for tag, step in (("", 1), ("vip", 2)):
            pages = anyone.turn(anyone.get(f"/contacts?account=acme&tag={tag}&sort={sort}"), "Next")
            wanted = [contact.id for contact in expected if contact in contacts[::step]]
            assert [row_id for page in pages for row_id in page.ids] == wanted, (sort, tag)
    back = anyone.turn(pages[-1], "Previous")
    assert [row_id for page in back[::-1] for row_id in page.ids] == wanted
    assert "These are sorted by Created Date" not in anyone.get("/contacts?account=acme&sort=account").text


def test_contacts_are_filtered_by_list_status_tag_and_account(
    anyone: Browser, world: World, store: Session, limit: int
) -> None:
    contacts = new_contacts(store, world, 130, "Ann")
    news, acme = new_list(store, world, "News"), new_account(store, world, "Acme")
    for place, contact in enumerate(contacts):
        if place % 2 == 0:
            subscribe(store, contact, news, "bounced" if place % 10 == 0 else "subscribed")
        if place % 3 == 0:
            contact.account_id = acme.id
    tagged(store, world, contacts[::5])
    delete(store, world, *contacts[:30])
    store.commit()

    def numbers(query: str) -> set[int]:
        names = all_names(anyone, f"/contacts?{query}")
        assert len(names) == len(set(names))
        return {int(name.rpartition(" ")[2]) for name in names}

    live = range(30, 130)
    assert numbers("list=news") == {n for n in live if n % 2 == 0}
    assert numbers("list=News&status=bounced") == {n for n in live if n % 10 == 0}
    assert numbers("list=News&status=subscribed") == {n for n in live if n % 2 == 0 and n % 10}
    assert numbers("tag=VIP") == {n for n in live if n % 5 == 0}
    assert numbers("account=acme&sort=name") == {n for n in live if n % 3 == 0}
    assert numbers("account=acme&tag=vip&list=news&sort=name-z") == {n for n in live if n % 30 == 0}
    assert numbers("q=ann&tag=vip") == {n for n in live if n % 5 == 0}
    assert numbers("q=0004&tag=vip") == {40, 45}
    for query, number in (("tag=vip", 20), ("list=news&status=bounced", 10), ("account=acme&q=ann", 34)):
        count = anyone.get(f"/contacts/count?{query}", htmx=True)
        assert count.text.startswith(f"{number} contacts"), query


def test_a_page_ends_where_it_has_looked_at_enough(
    anyone: Browser, world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a large tag whose contacts are among the last, the first pages find none, and say so."""
    monkeypatch.setattr(find, "SCAN_LIMIT", MANY)
    contacts = new_contacts(store, world, 150)
    binned = new_contacts(store, world, 60)
    tagged(store, world, [*contacts[:3], *binned])
    delete(store, world, *binned)
    store.commit()

    pages = anyone.turn(anyone.get("/contacts?tag=vip&sort=name-z"), "Next")

    assert "None among these contacts" in pages[0].text
    found = [f"Ann Number {number:05}" for number in (2, 1, 0)]
    assert [page.names for page in pages] == [[], [], [], found]
    back = anyone.press(pages[-1], "Previous")
    assert "None among these contacts" in back.text
    assert anyone.get("/contacts/count?tag=vip", htmx=True).text.startswith("3 contacts")
    # In the other direction the last page finds none.
    pages = anyone.turn(anyone.get("/contacts?tag=vip&sort=name"), "Next")
    assert [page.names for page in pages] == [found[::-1], [], [], []]


def test_what_no_filter_knows_is_said_at_its_field_and_shows_nothing(
    anyone: Browser, world: World, store: Session
) -> None:
    new_contact(store, world)
    gone = new_tag(store, world, "Gone")
    gone.deleted_at = read_clock(store)
    store.commit()

    for query, says in {
        "tag=gone": "There is no tag with this name.",
        "list=x": "There is no list with this name.",
        "account=x": "There is no account with this name.",
        "status=bounced": "Choose the list on which contacts have this status.",
        "status=x": "Choose a status from the list.",
        "sort=x": "Choose an order from the list.",
    }.items():
        page = anyone.get(f"/contacts?{query}")
        assert (page.status, page.names) == (422, [])
        assert says in page.text, query


def test_the_choice_stays_in_the_address_and_with_the_selection(
    scripted: Browser, world: World, store: Session
) -> None:
    contacts = new_contacts(store, world, 60)
    tagged(store, world, contacts)
    other = new_contact(store, world, "Other", "One")
    store.commit()
    page = scripted.fill(scripted.get("/contacts"), tag="vip", sort="name")
    assert page.part is not None
    assert page.part.headers["HX-Replace-Url"] == "/contacts?sort=name&tag=vip"

    page = scripted.press(scripted.tick(page, contacts[0]), "Next")
    assert page.selected == [contacts[0].id]
    assert "tag=vip" in page.part.headers["HX-Replace-Url"] if page.part else False
    bar = scripted.get(f"/contacts/selection?tag=vip&selected={other.id}", htmx=True)
    assert "1 not shown by this filter" in bar.text
    shown = scripted.get(f"/contacts?tag=vip&show=selected&selected={other.id}&sort=name")
    assert shown.names == ["Other One"]


def test_names_are_offered_that_fit_what_is_typed(admin: Browser, world: World, store: Session) -> None:
    for number in range(12):
        new_tag(store, world, f"Fair {number:02}")
    new_list(store, world, "Fair list")
    store.commit()

    def offered(query: str) -> list[str]:
        part = admin.get(f"/contacts/names?{query}", htmx=True)
        return [str(option["value"]) for option in part.all("option")]

    assert offered("tag=FAIR") == [f"Fair {number:02}" for number in range(8)]
    assert offered("tag=11") == ["Fair 11"]
    assert offered("list=fair") == ["Fair list"]
    assert offered("account=fair") == []
