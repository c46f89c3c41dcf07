"""The audit log: who did what, and when, for admins; filtered, paged, and as a file."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from sqlalchemy import delete as delete_rows
from sqlalchemy import insert
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_list
from tests.factories.people import World, new_world
from tests.support.browser import Browser
from tests.support.importing import Importing
from tests.support.seen import Seen
from webapp.audit import log
from webapp.catalogue.delete import delete_from_catalogue
from webapp.clock import read_clock
from webapp.models import AuditEvent, MailingList, PrivateText
from webapp.worker.redis_lock import RedisLock

Work = Callable[[], None]


def lines(page: Seen) -> list[str]:
    """The rows: what, who."""
    return [
        f"{' '.join(row.select('.cell-scope')[0].get_text('').split())}"
        f" / {row.select('.cell-by')[0].get_text().strip()}"
        for row in page.all("#results tbody tr")
    ]


def exported(browser: Browser, query: str = "") -> list[list[str]]:
    response = browser.client.get(f"/audit.csv{query}")
    assert response.status_code == 200
    rows = csv.reader(StringIO(response.get_data().decode("utf-8-sig"), newline=""))
    return [row for row in rows if row[3] != "audit.downloaded"]


def write(
    store: Session, world: World, count: int, *, at: datetime, action: str = "contacts.deleted"
) -> None:
    store.execute(
        insert(AuditEvent),
        [
            {
                "workspace_id": world.id,
                "user_id": world.member.id,
                "at": at,
                "action": action,
                "subject": f"workspace:{world.id}",
                "detail": {"contacts": number},
            }
            for number in range(count)
        ],
    )
    store.commit()


def test_every_act_of_deleting_restoring_and_stopping_is_there_with_its_links(
    anyone: Browser, browse: Callable[..., Browser], world: World, store: Session, work: Work
) -> None:
    contacts = new_contacts(store, world, 3)
    store.commit()
    member = browse(world.member)
    dialog = member.get("/contacts/delete?" + "&".join(f"selected={contact.id}" for contact in contacts))
    member.press(dialog, dialog.one("dialog form[method=post] button"))
    for stops in (True, False):
        dialog = anyone.get("/contacts/restore/confirm-all")
        job = anyone.press(dialog, dialog.one("dialog form[action='/restores'] button"))
        if stops:
            anyone.press(job, "Cancel this restore")
        work()

    page = anyone.press(anyone.get("/contacts"), "Audit log")

    assert page.words("h1") == "Audit log"
    assert lines(page) == [
        "Restore #2 ended: 3 restored / The system",
        "Requested Restore #2 of 3 contacts / Ada Admin",
        "Restore #1 was stopped: no contact processed / Ada Admin",
        "Asked to stop Restore #1 / Ada Admin",
        "Requested Restore #1 of 3 contacts / Ada Admin",
        "Deleted 3 contacts (deletion #1) / Max Member",
    ]
    assert anyone.get(page.all("#results tbody a")[0]["href"]).words("h1") == "Restore #2"
    assert not page.all("#results tbody tr")[5].select("a"), "all of its contacts have been restored"


def test_a_deletion_leads_to_its_contacts_as_long_as_they_can_be_restored(
    admin: Browser, world: World, store: Session
) -> None:
    recent, old = new_contact(store, world), new_contact(store, world)
    delete(store, world, old, ago=timedelta(days=31))
    delete(store, world, recent)
    store.commit()

    page = admin.get("/audit")

    assert [line.partition(" / ")[0] for line in lines(page)] == [
        "Deleted 1 contact (deletion #2)",
        "Deleted 1 contact (deletion #1)",
    ]
    assert [link["href"] for link in page.all("#results tbody a")] == ["/contacts/restore?deletion=2"]


def test_what_a_file_was_called_is_shown_as_long_as_it_is_kept(
    admin: Browser, world: World, store: Session, lock: RedisLock
) -> None:
    importing = Importing(store, world, lock)
    file_id = importing.bring(",Ann,Lee,,,,", name="\u202eAnn Lee.csv")
    importing.run(importing.start(importing.request(file_id)))
    gone = new_list(store, world, "\u202eNews")
    delete_from_catalogue(
        store, MailingList, gone.id, workspace_id=world.id, by=world.member.id, now=read_clock(store)
    )
    store.commit()
    assert lines(admin.get("/audit"))[:2] == [
        "Deleted the list “\u202eNews” / Max Member",
        "Imported 1 contact from “\u202eAnn Lee.csv” / The system",
    ]

    store.execute(delete_rows(PrivateText).where(PrivateText.workspace_id == world.id))
    store.commit()

    assert lines(admin.get("/audit"))[1] == "Imported 1 contact / The system"
    assert "Ann Lee" not in str(exported(admin))


def test_filters_by_person_by_action_and_by_days_of_the_account(
    anyone: Browser, world: World, store: Session, lock: RedisLock
) -> None:
    noon = datetime(2026, 3, 5, 12, tzinfo=UTC)
    for day, action in enumerate(["tag.deleted", "contacts.deleted", "contacts.deleted"]):
        write(store, world, 1, at=noon + timedelta(days=day), action=action)
    importing = Importing(store, world, lock)
    importing.run(importing.start(importing.request(importing.bring(",Ann", name="file.csv"))))
    assert len(lines(anyone.get("/audit"))) == 6

    assert len(lines(anyone.fill(anyone.get("/audit"), who=str(world.member.id)))) == 3
    both = anyone.fill(anyone.get("/audit"), who=str(world.member.id), action="contacts.deleted")
    assert len(lines(both)) == 2
    assert lines(anyone.fill(anyone.get("/audit"), who="system")) == [
        "Imported 1 contact from “file.csv” / The system",
        "Import #1 ended: 1 added / The system",
        "Requested Import #1 of 1 row / The system",
    ]
    assert len(lines(anyone.fill(anyone.get("/audit"), from_="2026-03-05", to="2026-03-06"))) == 2
    none = anyone.fill(anyone.get("/audit"), to="2026-03-04")
    assert lines(none) == []
    assert "No entry matches" in none.text
    assert len(lines(anyone.get(none.one("#clear-filters")["href"]))) == 6


@pytest.mark.parametrize(
    ("zone", "first", "last"), [("Pacific/Auckland", 11, 10), ("America/Los_Angeles", 8, 7), ("UTC", 0, 23)]
)
def test_a_day_is_a_day_of_the_accounts_zone(
    zone: str, first: int, last: int, store: Session, browse: Callable[..., Browser]
) -> None:
    """Auckland's 5 March began at 11:00 UTC of the 4th, that of Los Angeles at 8:00 UTC of the 5th."""
    world = new_world(store, timezone=zone)
    begin = datetime(2026, 3, 4 if zone == "Pacific/Auckland" else 5, first, tzinfo=UTC)
    for at in (begin - timedelta(seconds=1), begin, begin + timedelta(hours=23, minutes=59)):
        write(store, world, 1, at=at)

    assert len(lines(browse(world.admin).get("/audit?from=2026-03-05&to=2026-03-05"))) == 2


def test_an_unreadable_filter_is_an_error_beside_its_field_and_keeps_the_others(
    anyone: Browser, world: World, store: Session, elsewhere: World
) -> None:
    write(store, world, 1, at=read_clock(store))
    for query, field, sentence in (
        ("from=soon", "from", "From: Type a date as YYYY-MM-DD"),
        ("from=2026-03-05&to=2026-03-04", "to", "To: “To” is before “From”"),
        ("to=9999-12-31", "to", "To: That date is beyond the calendar."),
        (f"who={elsewhere.admin.id}", "who", "Who: Choose a person from the list."),
        ("action=contact.cloned", "action", "What: Choose an action from the list."),
    ):
        page = anyone.get(f"/audit?{query}")
        assert (page.status, lines(page)) == (422, [])
        assert sentence in page.complaint
        assert page.one(f"#{field}").get("aria-invalid") == "true"
        assert not page.all("#export")


def test_long_logs_have_pages_and_the_file_has_all_of_it(
    anyone: Browser, world: World, store: Session
) -> None:
    now = read_clock(store)
    for age in range(3):
        write(store, world, 40, at=now - timedelta(hours=age))

    pages = anyone.turn(anyone.get("/audit"), "Next")

    assert [len(lines(page)) for page in pages] == [50, 50, 20]
    back = anyone.press(pages[2], "Previous")
    assert lines(back) == lines(pages[1])
    rows = exported(anyone)
    assert [len(rows), rows[0][:3]] == [121, ["Time (UTC)", "Who", "E-mail"]]
    assert [row[4] for row in rows[1:]] == [
        line.partition(" / ")[0] for page in pages for line in lines(page)
    ]


def test_the_file_has_what_the_filters_show_and_no_formula(
    anyone: Browser, world: World, store: Session, elsewhere: World
) -> None:
    moment = datetime(2026, 3, 5, 12, tzinfo=UTC)
    write(store, elsewhere, 1, at=moment)
    write(store, world, 2, at=moment, action="=1+1")
    write(store, world, 3, at=moment)

    page = anyone.get("/audit?action=contacts.deleted&from=2026-03-05")
    rows = exported(anyone, page.one("#export")["href"].removeprefix("/audit.csv"))

    assert [row[0] for row in rows[1:]] == ["2026-03-05 12:00:00"] * 3
    assert rows[1] == [
        *("2026-03-05 12:00:00", "Max Member", world.member.email, "contacts.deleted", "Deleted 2 contacts"),
        *(f"workspace:{world.id}", '{"contacts": 2}'),
    ]
    assert [row[3:5] for row in exported(anyone) if "=1" in row[3]] == [["'=1+1", "'=1+1"]] * 2


def test_the_file_is_read_in_pages_and_ends(
    admin: Browser, world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full last page is not followed by the first one again."""
    write(store, world, 6, at=read_clock(store))
    for size in (1, 2, 3, 5, 6, 7):
        monkeypatch.setattr(log.read_all, "__kwdefaults__", {"size": size})
        assert [row[4] for row in exported(admin)[1:]] == [
            f"Deleted {number} contact{'' if number == 1 else 's'}" for number in (5, 4, 3, 2, 1, 0)
        ]


def test_an_empty_log_says_what_would_be_there(anyone: Browser) -> None:
    page = anyone.get("/audit")

    assert "Nothing has happened yet" in page.text
    assert not page.all("#export, #clear-filters")
