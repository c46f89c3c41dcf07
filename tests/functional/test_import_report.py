"""The report of an import: what became of the rows, and the rejected ones as a file to mend."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, new_tag
from tests.factories.people import World, new_world
from tests.support.browser import Browser
from tests.support.importing import Importing
from tests.support.marketing import Marketing
from webapp.clock import read_clock
from webapp.importing.ledger import erase_old_records
from webapp.models import AutomationRun, Contact, ContactTag, GroupRight, ImportLine, Job, Right, UserGroup
from webapp.views import import_report
from webapp.worker.redis_lock import RedisLock
from webapp.worker.services import services

Stored = Callable[..., list[Any]]


@pytest.fixture
def importing(store: Session, world: World, lock: RedisLock) -> Importing:
    return Importing(store, world, lock)


def figures(page: Any) -> dict[str, str]:
    words, numbers = page.all(".figures-row dt"), page.all(".figures-row dd")
    return {word.get_text(): number.get_text().strip() for word, number in zip(words, numbers, strict=True)}


def rows(page: Any) -> list[str]:
    return [" ".join(row.get_text().split()) for row in page.all("#rows li")]


def test_the_report_says_what_became_of_each_row(
    anyone: Browser, world: World, store: Session, importing: Importing
) -> None:
    ann = new_contact(store, world, email="ann@there.example", first_name="\u202eAnn", last_name="")
    delete(store, world, new_contact(store, world, email="gone@there.example"))
    store.commit()
    job = importing.imported(
        "new@there.example,New",
        "Ann@there.example,Other",
        "gone@there.example",
        "\u202enope,Bad",
        "new@there.example,Again",
        by=world.admin.id,
    )

    page = anyone.get(f"/jobs/{job.id}")

    assert figures(page) == {
        "Added": "1",
        "Updated": "0",
        "Already there": "1",
        "Among the deleted": "1",
        "Rejected": "2",
    }
    assert rows(page) == [
        "Line 5 “\u202enope” is not an e-mail address: it has no @.",
        "Line 6 “new@there.example” is already in line 2.",
    ]
    assert "1 row is about deleted contacts and was skipped. Restore instead" in page.text
    assert page.one("#undo-import")["href"] == f"/jobs/{job.id}/undo"
    skipped = anyone.get(page.one("#rows .rows-which a")["href"])
    assert rows(skipped)[1:] == ["Line 4 Skipped: it is about a deleted contact."]
    assert "Line 3 Skipped: this contact is already there." in rows(skipped)[0]
    assert skipped.one(f'#rows a[href="/contacts/{ann.id}"]').get_text() == "\u202eAnn"


def test_the_rows_have_pages(
    anyone: Browser, world: World, importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_report, "PAGE_SIZE", 2)
    job = importing.imported(*(f"bad {number}" for number in range(5)))

    page = anyone.get(f"/jobs/{job.id}")
    seen = rows(page)
    for _ in range(2):
        page = anyone.get(page.one("#rows .pager a")["href"])
        seen += rows(page)

    assert [row.split(" “")[0] for row in seen] == [f"Line {line}" for line in range(2, 7)]
    assert page.all("#rows .pager") == []


def test_the_rejected_rows_can_be_mended_and_imported_again(
    admin: Browser, world: World, importing: Importing
) -> None:
    header = "Email,First Name,Notes"
    job = importing.imported(
        "ok@mend.example,Ok,x", "'=bad,'=Ann,\"a,\nb\"", "two@mend.example,Bo,,,more", header=header
    )

    response = admin.client.get(f"/jobs/{job.id}/rejected.csv")

    assert (
        response.headers["Content-Disposition"] == f'attachment; filename="import-{job.number}-rejected.csv"'
    )
    head, first, second = csv.reader(StringIO(response.get_data().decode("utf-8-sig"), newline=""))
    assert head == [*header.split(","), "Reason"]
    assert first == ["'=bad", "'=Ann", "a,\nb", "Line 3: “=bad” is not an e-mail address: it has no @."]
    assert second == ["two@mend.example", "Bo", "", "", "more", "Line 4: it has 5 fields instead of 3."]

    mended = StringIO()
    csv.writer(mended).writerows([["one@mend.example", *first[1:]], [*second[:3], second[-1]]])
    again = importing.imported(*mended.getvalue().splitlines(), header=",".join(head))

    assert again.counts == {"added": 2}
    assert [contact.name for contact in importing.contacts()] == ["Ok", "=Ann", "Bo"]


def test_what_an_import_of_a_worker_begins_is_worked_off_at_its_end(
    app: Flask,
    world: World,
    store: Session,
    importing: Importing,
    work: Callable[[], None],
    stored: Stored,
) -> None:
    """Without the supervisor, which would come by."""
    news, vip = new_list(store, world, "News"), new_tag(store, world, "VIP")
    Marketing(store, world).automation(news, {"do": "add_tag", "tag": vip.id})
    store.commit()
    request = importing.request(importing.bring("new@begins.example,,,,,,News"))
    with app.app_context():
        ring = services().doorbell.ring
    importing.start(request, by=world.admin.id, ring=ring)

    work()

    [run] = stored(select(AutomationRun).where(AutomationRun.workspace_id == world.id))
    assert run.state == "done"
    [contact] = stored(select(Contact).where(Contact.workspace_id == world.id))
    assert stored(select(ContactTag.tag_id).where(ContactTag.contact_id == contact.id)) == [vip.id]


def test_the_rejected_rows_are_kept_for_a_day(
    admin: Browser, world: World, store: Session, importing: Importing, stored: Stored
) -> None:
    job = importing.imported("nope,Ann", "ok@day.example")
    kept = importing.imported("nope")
    store.execute(
        update(Job).where(Job.id == job.id).values(finished_at=read_clock(store) - timedelta(days=1))
    )
    store.commit()

    while erase_old_records(store):
        pass

    lines = stored(select(ImportLine).where(ImportLine.job_id == job.id))
    assert [line.record for line in lines] == [None, None]
    page = admin.get(f"/jobs/{job.id}")
    assert rows(page) == ["Line 2 it has no valid e-mail address."]
    assert page.all("#download-rejected") == []
    assert admin.client.get(f"/jobs/{job.id}/rejected.csv").status_code == 404
    assert admin.client.get(f"/jobs/{kept.id}/rejected.csv").status_code == 200
    assert erase_old_records(store) == 0


def test_only_the_admins_and_the_one_who_imported_see_the_rows(
    browse: Callable[..., Browser], world: World, store: Session, importing: Importing
) -> None:
    job = importing.imported("nope", by=world.admin.id)
    elsewhere = new_world(store)
    store.commit()

    assert browse(world.admin).client.get(f"/jobs/{job.id}/rejected.csv").status_code == 200
    assert browse(world.member).client.get(f"/jobs/{job.id}/rejected.csv").status_code == 403
    assert browse(elsewhere.admin).client.get(f"/jobs/{job.id}/rejected.csv").status_code == 404


def test_a_member_who_imports_is_told_whom_to_ask(
    browse: Callable[..., Browser], world: World, store: Session, importing: Importing
) -> None:
    delete(store, world, new_contact(store, world, email="gone@member.example"))
    sales = store.scalars(select(UserGroup).filter_by(workspace_id=world.id, name="Sales")).one()
    store.add(GroupRight(group_id=sales.id, right=Right.IMPORT))
    store.commit()
    job = importing.imported("gone@member.example", "new@member.example", by=world.member.id)

    page = browse(world.member).get(f"/jobs/{job.id}")

    assert "An admin can restore them instead" in page.text
    assert page.all("#undo-import") == []
    assert rows(page) == ["Line 2 Skipped: it is about a deleted contact."]
