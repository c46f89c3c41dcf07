"""Deletions as they happened, beside the deleted contacts and on a page of their own; one click scopes the
page to a bundle, and "Restore all contacts" restores precisely that."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.models import Deletion, restorable_until
from webapp.views import bundles

MINUTE = timedelta(minutes=1)


@pytest.fixture
def accident(world: World, store: Session) -> list[Deletion]:
    """Max deleted 14, 20 and 20 contacts by hand; in between, and days before, others deleted a few."""
    now = read_clock(store)
    begin = (now - DAY).replace(hour=14, minute=3, second=0, microsecond=0)
    made = [
        delete(store, world, *new_contacts(store, world, 2, "Old"), at=now - 28 * DAY - MINUTE),
        delete(store, world, *new_contacts(store, world, 14), at=begin),
        delete(store, world, *new_contacts(store, world, 3, "Eve"), at=begin + MINUTE, by=world.admin.id),
        delete(store, world, *new_contacts(store, world, 20), at=begin + 3 * MINUTE),
        delete(store, world, *new_contacts(store, world, 20), at=begin + 6 * MINUTE),
    ]
    for deletion in made:
        deletion.source = "overview" if deletion.number != 3 else "import"
    store.commit()
    return made


def test_bundles_stand_above_the_contacts(
    admin: Browser, world: World, store: Session, accident: list[Deletion]
) -> None:
    page = admin.get("/contacts/restore")

    rows = [" ".join(row.get_text(" ").split()) for row in page.all(".bundles li")]
    day = f"{accident[1].created_at:%a}"
    left = (restorable_until(accident[1].created_at) - read_clock(store)).days
    assert rows[0].startswith(
        f"Max Member {day} 14:03 to 14:09 54 contacts in 3 deletions {left} days left Restore"
    )
    assert rows[1].startswith(f"Ada Admin {day} 14:04, by an import 3 contacts {left} days left Restore")
    assert "2 contacts 1 day left Restore" in rows[2]
    assert [link["href"] for link in page.all(".bundles a")] == [
        "/contacts/restore?deletion=2,4-5",
        "/contacts/restore?deletion=3",
        "/contacts/restore?deletion=1",
    ]
    assert not page.all("#all-deletions"), "these are all"


def test_one_click_scopes_the_page_and_restore_all_restores_precisely_these(
    anyone: Browser, world: World, store: Session, work: Callable[[], None], accident: list[Deletion]
) -> None:
    page = anyone.press(anyone.get("/contacts/restore"), "Restore 54 contacts in 3 deletions")
    assert page.words("#restore-all") == "Restore all contacts (54 matching)"
    assert page.words(".chips") == f"deleted by Max Member, {accident[1].created_at:%a} 14:03 to 14:09"
    assert not page.all(".bundles")
    # Deleted by the same person in the meantime, and not meant.
    delete(store, world, new_contact(store, world, "Later"), ago=timedelta(0))
    store.commit()

    dialog = anyone.press(page, page.one("#restore-all"))
    assert "54 contacts deleted by Max Member, " in dialog.words("#confirm-scope")
    job = anyone.press(dialog, "Restore")
    work()

    said = anyone.get(job.path)
    day = f"{accident[1].created_at:%-d %b %Y}"
    assert f"54 contacts deleted by Max Member, {day}, 14:03 to 14:09." in said.text
    assert said.text.count("54") > 1
    assert "54 contacts deleted by Max Member" in anyone.get("/restores").text
    left = anyone.get("/contacts/restore")
    assert sorted(left.names) == sorted(
        ["Later Lee", *(f"Eve Number {i:05}" for i in range(3)), *(f"Old Number {i:05}" for i in range(2))]
    )


def test_what_has_come_back_is_not_offered_and_the_number_says_so(
    admin: Browser, work: Callable[[], None], accident: list[Deletion]
) -> None:
    for numbers in ("3", "5"):
        admin.press(admin.get(f"/contacts/restore/confirm-all?deletion={numbers}"), "Restore")
        work()

    page = admin.get("/contacts/restore")

    assert page.words(".bundles li:first-child .bundle-contacts") == "34 of 54 contacts in 2 deletions"
    assert page.all(".bundles a")[0]["href"] == "/contacts/restore?deletion=2,4"
    assert len(page.all(".bundles li")) == 2


def test_filters_a_later_page_and_an_empty_bin_show_no_bundles(
    admin: Browser, accident: list[Deletion]
) -> None:
    first = admin.get("/contacts/restore")
    assert admin.press(first, "Next").all(".bundles") == []
    assert admin.get("/contacts/restore?q=ann").all(".bundles") == []
    # The filter is an error or matches nothing.
    for query in ("from=soon", "q=nobody"):
        assert admin.get(f"/contacts/restore?{query}").all(".bundles") == []


def test_all_deletions_have_a_page_of_their_own(
    anyone: Browser,
    world: World,
    store: Session,
    accident: list[Deletion],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delete(store, world, new_contact(store, world), ago=2 * DAY)
    delete(store, world, new_contact(store, world), ago=31 * DAY)
    store.commit()
    page = anyone.get("/contacts/restore")
    assert len(page.all(".bundles li")) == 3
    assert page.words("#all-deletions") == "Show all deletions (4)"
    monkeypatch.setattr(bundles, "PAGE_SIZE", 3)

    pages = anyone.turn(anyone.press(page, "Show all deletions"), "Older")

    assert [len(seen.all(".bundles li")) for seen in pages] == [3, 1]
    counted = [element.get_text() for seen in pages for element in seen.all(".bundle-contacts")]
    assert counted == ["54 contacts in 3 deletions", "3 contacts", "1 contact", "2 contacts"]
    scoped = anyone.press(pages[0], "Restore 3 contacts")
    assert (scoped.path, scoped.query) == ("/contacts/restore", {"deletion": "3"})
    # A place that is no longer there leads to the beginning.
    assert len(anyone.get("/contacts/restore/deletions?after=999").all(".bundles li")) == 3


def test_without_deletions_the_page_says_so(anyone: Browser, world: World) -> None:
    page = anyone.get("/contacts/restore/deletions")

    assert "Nothing to restore" in page.text
    assert not page.all(".bundles")


def test_another_account_has_other_deletions(
    admin: Browser, elsewhere: World, store: Session, accident: list[Deletion]
) -> None:
    delete(store, elsewhere, *new_contacts(store, elsewhere, 7), ago=MINUTE)
    store.commit()

    for path in ("/contacts/restore", "/contacts/restore/deletions"):
        assert "7 contacts" not in admin.get(path).text
    assert len(admin.get("/contacts/restore/deletions").all(".bundles li")) == 3


def test_the_ways_that_were_used_can_be_chosen(anyone: Browser, accident: list[Deletion]) -> None:
    page = anyone.get("/contacts/restore")
    options = [(option["value"], option.get_text()) for option in page.all("#how option")]
    assert options == [("", "Any way"), ("import", "By an import"), ("page", "On a page")]

    page = anyone.fill(page, how="import")

    assert len(page.names) == 3
    assert page.words(".chips") == "deleted by an import"
    assert anyone.get("/contacts/restore?how=command").words("[data-error-for=how]") == (
        "How: No contacts were deleted this way in the last 30 days."
    )


def test_a_deletion_can_be_found_by_its_minute(anyone: Browser, accident: list[Deletion]) -> None:
    day = f"{accident[1].created_at:%Y-%m-%d}"

    page = anyone.fill(anyone.get("/contacts/restore"), from_=day, from_time="14:04", to=day, to_time="14:06")

    assert page.words("#restore-all") == "Restore all contacts (23 matching)"
    assert page.words(".chips") == f"deleted on {accident[1].created_at:%-d %b %Y}, 14:04 to 14:06"
    again = anyone.get(page.headers["HX-Replace-Url"])
    assert again.query == {"from": day, "from_time": "14:04", "to": day, "to_time": "14:06"}
    assert again.one("details.more-filters").has_attr("open")
    assert again.one("#from_time")["value"] == "14:04"


def test_a_wrong_time_stays_in_its_field(admin: Browser, accident: list[Deletion]) -> None:
    page = admin.get("/contacts/restore?from_time=25:00")

    assert page.status == 422
    assert (page.one("#from_time")["type"], page.one("#from_time")["value"]) == ("text", "25:00")
    assert page.words("[data-error-for=from_time]").startswith("From time: Type a time as HH:MM")
    assert page.one("#restore-all").has_attr("disabled")
    without_a_day = admin.get("/contacts/restore?to_time=12:00")
    assert "To time: Choose the day too, in “Deleted to”." in without_a_day.text


def test_what_expires_within_48_hours_can_be_chosen(
    anyone: Browser, work: Callable[[], None], accident: list[Deletion]
) -> None:
    page = anyone.fill(anyone.get("/contacts/restore"), expires="soon")
    assert page.names == ["Old Number 00001", "Old Number 00000"]
    assert page.words(".chips") == "expiring within 48 hours"

    dialog = anyone.press(page, page.one("#restore-all"))

    assert "2 contacts expiring within 48 hours." in dialog.words("#confirm-scope")
    assert ": 1 day left." in dialog.words("dialog")
    anyone.press(dialog, "Restore")
    work()
    assert anyone.get("/contacts").names == ["Old Number 00001", "Old Number 00000"]


def test_a_dialog_says_how_long_its_contacts_can_be_restored(
    admin: Browser, store: Session, work: Callable[[], None], accident: list[Deletion]
) -> None:
    ids = [("selected", str(admin.get(f"/contacts/restore?deletion={n}").ids[0])) for n in (1, 2)]

    def said(path: str, *selected: tuple[str, str]) -> str:
        return admin.get(f"/contacts/restore/{path}", list(selected)).words("dialog")

    until = f"{restorable_until(accident[0].created_at):%-d %b %Y, %H:%M}"
    assert f"The first of them can be restored until {until}: 1 day left." in said("confirm-all")
    assert f"The first of them can be restored until {until}: 1 day left." in said("confirm", *ids)
    assert f"It can be restored until {until}: 1 day left." in said("confirm", ids[0])
    # By a text they may all be younger.
    assert "At least 1 day left." in said("confirm-all?q=number")

    admin.press(admin.get("/contacts/restore/confirm-all?deletion=1"), "Restore")
    work()
    until = f"{restorable_until(accident[1].created_at):%-d %b %Y, %H:%M}"
    assert f"They can be restored until {until}: " in said("confirm-all")
