"""Filtering the bin: by name or e-mail, by day, by person, by deletion; the address says which."""

from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import HTMX, Browser
from tests.support.confirming import confirm
from webapp.clock import read_clock


@pytest.fixture
def days(world: World, store: Session) -> list[str]:
    """Three contacts, deleted one, two and three days ago, the middle one by the admin; the days."""
    noon = read_clock(store).replace(hour=12, minute=0)
    moments = [noon - n * DAY for n in (1, 2, 3)]
    names = (("Ann", "Lee"), ("Bob", "Ray"), ("Éve", "100%"))
    for (first, last), moment in zip(names, moments, strict=True):
        by = world.admin.id if first == "Bob" else None
        email = f"{first.lower()}@example.com"
        delete(store, world, new_contact(store, world, first, last, email=email), at=moment, by=by)
    store.commit()
    return [f"{moment:%Y-%m-%d}" for moment in moments]


ANN, BOB, EVE = "Ann Lee", "Bob Ray", "Éve 100%"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"q": "ann"}, [ANN]),
        ({"q": "BOB@EXAMPLE"}, [BOB]),
        ({"q": "ÉVE"}, [EVE]),
        ({"q": "0%"}, []),
        ({"q": "00%"}, [EVE]),
        ({"q": "___"}, []),
        ({"q": "ra"}, [BOB]),
        ({"from_": 1}, [ANN, BOB]),
        ({"to": 1}, [BOB, EVE]),
        ({"from_": 1, "to": 1}, [BOB]),
        ({"from_": 2, "to": 0}, [ANN, BOB, EVE]),
        ({"q": "example", "from_": 1, "to": 1}, [BOB]),
        ({"deleted_by": "admin"}, [BOB]),
        ({"deleted_by": "member"}, [ANN, EVE]),
        ({"deleted_by": "member", "to": 1}, [EVE]),
        ({"q": "nobody"}, []),
    ],
    ids=str,
)
def test_the_filters_apply_to_the_table_and_are_in_the_address(
    anyone: Browser, world: World, days: list[str], typed: dict[str, str | int], found: list[str]
) -> None:
    people = {"admin": str(world.admin.id), "member": str(world.member.id)}
    fields = {
        name: days[value] if isinstance(value, int) else people.get(value, value)
        for name, value in typed.items()
    }

    page = anyone.fill(anyone.get("/contacts/restore"), **fields)

    assert page.names == found
    assert page.words("#restore-all") == f"Restore all contacts ({len(found)} matching)"
    assert page.one("#restore-all").has_attr("disabled") is (not found)
    address = page.headers["HX-Replace-Url"]
    again = anyone.get(address)
    assert urlsplit(address).path == "/contacts/restore"
    assert again.names == found
    assert again.query == {name.rstrip("_"): value for name, value in fields.items()}
    for name, value in again.query.items():
        field = again.one(f"#browse [name={name}]")
        shown = field.select_one("option[selected]") if field.name == "select" else field
        assert shown is not None
        assert shown["value"] == value


def test_a_deletion_in_the_address_shows_its_contacts(anyone: Browser, days: list[str]) -> None:
    page = anyone.get("/contacts/restore?deletion=2")

    assert page.names == [BOB]
    assert page.words(".chips") == f"deleted by Ada Admin, {date.fromisoformat(days[1]):%a} 12:00"
    page = anyone.fill(page, q="bob")
    assert page.names == [BOB]
    assert page.headers["HX-Replace-Url"] == "/contacts/restore?q=bob&deletion=2"


def test_the_active_filters_are_shown_and_can_be_cleared(
    anyone: Browser, world: World, days: list[str]
) -> None:
    page = anyone.fill(
        anyone.get("/contacts/restore"), q="Ann", from_=days[2], to=days[0], deleted_by=str(world.member.id)
    )
    chips = page.words(".chips")

    assert "matching “Ann”" in chips
    assert "deleted from " in chips
    assert "deleted by Max Member" in chips
    assert anyone.get(str(page.one("#clear-filters")["href"])).names == [ANN, BOB, EVE]


def test_a_user_who_deleted_nothing_is_not_offered(admin: Browser, world: World, days: list[str]) -> None:
    options = [option.get_text() for option in admin.get("/contacts/restore").all("#deleted_by option")]

    assert options == ["Anyone", "Ada Admin", "Max Member"]


def test_an_empty_result_says_what_to_try(anyone: Browser, days: list[str]) -> None:
    page = anyone.fill(anyone.get("/contacts/restore"), q="nobody")

    assert "No deleted contact matches" in page.text
    assert "No contact matches." in page.words("#selection-bar")


def test_a_range_beyond_the_window_is_cut_and_the_page_says_so(
    anyone: Browser, world: World, store: Session, days: list[str]
) -> None:
    delete(store, world, new_contact(store, world, "Too", "Late"), ago=40 * DAY)
    store.commit()
    long_ago = f"{read_clock(store) - 50 * DAY:%Y-%m-%d}"

    page = anyone.fill(anyone.get("/contacts/restore"), from_=long_ago)

    assert page.status == 200
    assert page.names == [ANN, BOB, EVE]
    assert "Contacts can be restored for 30 days. Earlier days are left out." in page.text


def test_a_range_outside_the_window_matches_nothing(anyone: Browser, days: list[str]) -> None:
    page = anyone.fill(anyone.get("/contacts/restore"), from_="2001-01-01", to="2001-02-01")

    assert page.names == []
    assert page.one("#restore-all").has_attr("disabled")


def test_filtering_on_a_later_page_shows_the_first(anyone: Browser, world: World, store: Session) -> None:
    delete(store, world, *new_contacts(store, world, 60), ago=timedelta(hours=2))
    store.commit()
    second = anyone.press(anyone.get("/contacts/restore"), "Next")

    page = anyone.fill(second, q="number 0005")

    assert page.names == [f"Ann Number {i:05}" for i in (*range(59, 49, -1), 5)]
    assert page.headers["HX-Replace-Url"] == "/contacts/restore?q=number+0005"


QUERIES = ["", "q=ann", "q=nobody", "from=2001-01-01", "from=soon", "deletion=2", "show=selected", "q=%00"]


@pytest.mark.parametrize("query", QUERIES)
def test_the_fragment_is_the_part_of_the_page(
    admin: Browser, world: World, days: list[str], query: str
) -> None:
    """Page and update cannot differ: they share template and context."""
    selected = [("selected", str(admin.get("/contacts/restore").ids[1]))]
    page = admin.get(f"/contacts/restore?{query}", selected)
    part = admin.get(f"/contacts/restore?{query}", selected, htmx=True)

    assert part.status == page.status
    assert str(part.one("#results")) == str(page.one("#results"))


def test_a_bar_is_the_part_of_its_page(admin: Browser, days: list[str], store: Session, world: World) -> None:
    new_contact(store, world)
    store.commit()
    for path in ("/contacts", "/contacts/restore"):
        page = admin.get(path)
        # The page's form sends along how many match.
        matching = str(page.one("input[name=matching]")["value"])
        bar = admin.get(f"{path}/selection", {"matching": matching}, htmx=True)
        assert str(bar.one("#selection-bar")) == str(page.one("#selection-bar"))


def test_going_back_in_the_browser_gets_the_whole_page(admin: Browser, days: list[str]) -> None:
    answer = admin.client.get(
        "/contacts/restore?q=ann", headers=HTMX | {"HX-History-Restore-Request": "true"}
    )

    assert b"<html" in answer.data
    assert "HX-Request" in answer.headers["Vary"]
    assert b"<html" not in admin.client.get("/contacts/restore?q=ann", headers=HTMX).data


def test_an_impossible_date_stays_in_its_field(admin: Browser) -> None:
    """A date field would drop it: the field becomes one of text, and the message names the value."""
    page = admin.get("/contacts/restore", {"from": "2026-13-45", "to": "2026-11-24"})

    assert page.status == 422
    assert (page.one("#from")["type"], page.one("#from")["value"]) == ("text", "2026-13-45")
    assert (page.one("#to")["type"], page.one("#to")["value"]) == ("date", "2026-11-24")
    assert page.words("[data-error-for=from]").startswith("Deleted from: Type a date as YYYY-MM-DD")


@pytest.mark.parametrize(
    ("first", "last", "q"),
    [
        ("小明", "王", "王小明"),
        ("Οδυσσεύς", "", "ΟΔΥΣ"),
        ("İbrahim", "", "ibrahim"),
        ("Flann", "O'Brien", "o’brien flann"),
    ],
)
def test_a_deleted_contact_is_found_however_its_name_is_typed_and_restored(
    admin: Browser, world: World, store: Session, work: Callable[[], None], first: str, last: str, q: str
) -> None:
    contact = new_contact(store, world, first, last, email=None)
    delete(store, world, contact, new_contact(store, world, "Ann", "Lee"))
    store.commit()
    assert admin.get("/contacts/restore", {"q": q}).names == [contact.name]

    confirm(admin, admin.get("/contacts/restore/confirm-all", {"q": q}))
    work()

    assert admin.get("/contacts", {"q": q}).names == [contact.name]
    assert admin.get("/contacts/restore").names == ["Ann Lee"]


def test_a_search_of_nothing_that_can_be_seen_is_an_error(admin: Browser, world: World) -> None:
    page = admin.get("/contacts/restore", {"q": "\u200b\u3164"})

    assert "This search has no letter, digit or sign to look for." in page.text
    assert admin.get("/contacts", {"q": "\u0301"}).one("#q")["aria-invalid"] == "true"
