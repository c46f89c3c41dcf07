"""The page of a restore: progress, return, cancellation; and the list of all restores."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete as delete_rows
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.clock import read_clock
from webapp.jobs.heartbeat import beat
from webapp.models import AuditEvent, Contact, Job, WorkerHeartbeat
from webapp.models.job import JobState
from webapp.restoring.scope import Scope
from webapp.worker.queue import QUEUES
from webapp.worker.services import services

Work = Callable[[], None]


@pytest.fixture
def binned(world: World, store: Session) -> list[Contact]:
    contacts = new_contacts(store, world, 60)
    delete(store, world, *contacts)
    store.commit()
    return contacts


def start_all(browser: Browser, query: str = "") -> Seen:
    dialog = browser.get(f"/contacts/restore/confirm-all{query}")
    return browser.press(dialog, dialog.one("dialog form[action='/restores'] button"))


def test_the_job_page_says_what_is_being_done_and_by_whom(anyone: Browser, binned: list[Contact]) -> None:
    job = start_all(anyone, "?q=ann")

    assert job.words("h1") == "Restore #1", "numbered by account: restores of other accounts do not count"
    assert "60 contacts matching “ann”." in job.text
    assert "Started by Ada Admin" in job.text
    assert "It can take up to 15 minutes. You can leave this page; the restore continues." in job.text
    assert "No automations will run and no campaigns will be sent." in job.text
    assert job.all("progress[aria-label]")


def test_the_job_page_polls_until_the_end(scripted: Browser, binned: list[Contact], work: Work) -> None:
    job = start_all(scripted)
    polling = job.one("[data-poll]")
    assert "load delay:" in str(polling["hx-trigger"])

    again = scripted.poll(job)
    assert again.part is not None
    assert again.all("[data-poll]")
    work()
    ended = scripted.poll(again)

    assert not ended.all("main [data-poll], main [hx-trigger]")
    assert "Done" in ended.text
    assert "60 contacts restored." in ended.text
    assert "No automations ran and no campaigns were sent." in ended.text
    assert ended.words("#progress") == scripted.get(job.path).words("#progress")


def test_an_interrupted_restore_says_why_and_that_it_continues(
    admin: Browser, binned: list[Contact], store: Session, world: World, work: Work
) -> None:
    page = start_all(admin)
    job = store.scalars(select(Job).where(Job.workspace_id == world.id)).one()
    why = "The database has no room left: database or disk is full."
    job.state = JobState.RUNNING
    job.error = {"code": "database_full", "detail": "database or disk is full"}
    store.commit()

    assert f"Interrupted at 0 of 60; it resumes automatically. {why}" in admin.get(page.path).text

    work()
    done = admin.get(page.path).text
    assert "60 contacts restored." in done
    assert "Interrupted" not in done


def test_a_job_that_waits_says_that_no_worker_runs(
    admin: Browser, app: Flask, binned: list[Contact], store: Session, work: Work
) -> None:
    """After 30 seconds, by the heartbeat; "Waiting to begin" alone would promise that it begins soon."""
    page = start_all(admin)
    job = store.scalars(select(Job).order_by(Job.id.desc()).limit(1)).one()
    with app.app_context():
        silence = timedelta(seconds=services().silence_seconds)
    store.execute(delete_rows(WorkerHeartbeat))
    store.commit()
    assert "No worker" not in admin.get(page.path).text, "it has not waited for long"

    job.created_at -= silence
    store.commit()
    assert "Waiting to begin: 60 contacts. No worker has run yet." in admin.get(page.path).text

    beat(store, QUEUES)
    assert "No worker" not in admin.get(page.path).text
    store.get_one(WorkerHeartbeat, "restore").seen_at -= timedelta(minutes=3)
    store.commit()
    text = admin.get(page.path).text
    assert "No worker has run for 3 minutes. The job begins when a worker runs." in text
    work()


def test_without_scripts_the_page_reloads_itself_until_the_end(
    admin: Browser, binned: list[Contact], work: Work
) -> None:
    job = start_all(admin)
    assert job.one("noscript meta[http-equiv=refresh]")["content"] == "5"
    work()

    assert not admin.get(job.path).all("meta[http-equiv=refresh]")


def test_a_waiting_job_is_cancelled_at_once_and_another_can_start(
    anyone: Browser,
    world: World,
    binned: list[Contact],
    work: Work,
    stored: Callable[..., list[Any]],
) -> None:
    job = start_all(anyone)

    cancelled = anyone.press(job, "Cancel this restore")
    assert cancelled.path == job.path
    assert "Cancelled" in cancelled.text
    assert "Stopped by Ada Admin." in cancelled.text
    assert not cancelled.all("#view-restored")
    work()
    assert anyone.get("/contacts").ids == [], "the second message does nothing"
    assert "restore.cancel_requested" in stored(select(AuditEvent.action).filter_by(workspace_id=world.id))

    another = start_all(anyone)
    work()
    assert another.path != job.path
    assert "60 contacts restored." in anyone.get(another.path).text


def test_cancelling_an_ended_job_changes_nothing(
    anyone: Browser,
    binned: list[Contact],
    work: Work,
    unchanged: Callable[[], AbstractContextManager[None]],
) -> None:
    job = start_all(anyone)
    work()
    anyone.get(job.path)  # which notes that the end was seen

    with unchanged():
        seen = anyone.press(job, "Cancel this restore")

    assert "60 contacts restored." in seen.text


def test_a_running_job_that_is_being_cancelled_says_so(
    anyone: Browser, world: World, store: Session, binned: list[Contact]
) -> None:
    job = start_all(anyone)
    values = {"state": "running", "started_at": read_clock(store), "counts": {"restored": 20}, "fence": 1}
    values["lease_until"] = read_clock(store) + timedelta(seconds=30)
    store.execute(update(Job).filter_by(workspace_id=world.id).values(**values))
    store.commit()

    running = anyone.get(job.path)
    assert "33 %" in running.text
    assert "Restoring 20 of 60" in running.text
    stopping = anyone.press(running, "Cancel this restore")

    assert "Stopping after the contacts in progress. 20 contacts of 60 done." in stopping.text
    assert not stopping.has_button("Cancel this restore")


def test_a_long_report_has_pages(
    anyone: Browser, world: World, store: Session, binned: list[Contact], work: Work
) -> None:
    store.execute(update(Contact).filter_by(workspace_id=world.id).values(email_key="twin@example.com"))
    store.commit()
    job = start_all(anyone)
    work()

    first = anyone.get(job.path)
    assert "1 contact restored, 59 skipped." in first.text
    second = anyone.press(first, "More")

    names = [
        element.get_text(strip=True)
        for seen in (first, second)
        for element in seen.all(".rows-outcomes .cell-name")
    ]
    assert names == [contact.name for contact in binned[:59]]
    assert len(first.all(".rows-outcomes .cell-name")) == 50
    assert not second.has_button("More")


def test_opening_the_job_page_rings_again_for_a_lost_ring(
    admin: Browser, world: World, store: Session, binned: list[Contact], redis: Any, work: Work
) -> None:
    job = start_all(admin)
    redis.delete("rq:queue:restore")
    work()
    assert "Waiting to begin" in admin.get(job.path).text
    long_ago = read_clock(store) - timedelta(minutes=1)
    store.execute(update(Job).filter_by(workspace_id=world.id).values(rung_at=long_ago, lease_until=long_ago))
    store.commit()

    admin.get(job.path)
    work()

    assert "60 contacts restored." in admin.get(job.path).text


def test_all_restores_are_listed_newest_first(anyone: Browser, binned: list[Contact], work: Work) -> None:
    assert "No restores yet" in anyone.get("/restores").text
    first = start_all(anyone, "?q=number+00001")
    work()
    second = start_all(anyone)

    listed = anyone.press(anyone.get("/contacts"), "Restores")

    rows = [" ".join(row.get_text(" ").split()) for row in listed.all("tbody tr")]
    assert len(rows) == 2
    assert "All 59 contacts deleted in the last 30 days." in rows[0]
    assert "Queued" in rows[0]
    assert "1 contact matching “number 00001”." in rows[1]
    assert "Ada Admin just now" in rows[1]
    assert rows[1].endswith("Done 1 0")
    assert [str(link["href"]) for link in listed.all("tbody a")] == [second.path, first.path]


def test_a_long_list_of_restores_has_pages(admin: Browser, world: World, store: Session) -> None:
    moment = read_clock(store)
    scope = Scope(world.id, as_of=moment, through_number=1, key="", expected=1, ids=(1,))
    for _ in range(60):
        key = str(uuid.uuid4())
        store.add(
            Job(
                uuid=key,
                workspace_id=world.id,
                requested_by=world.admin.id,
                kind="restore",
                request=scope.to_dict(),
                counts={"restored": 1},
                total=1,
                idempotency_key=key,
                state="done",
                lease_until=moment,
                rung_at=moment,
                created_at=moment,
            )
        )
        store.flush()
    store.commit()

    pages = admin.turn(admin.get("/restores"), "Older")

    ids = [int(str(link["href"]).rpartition("/")[2]) for page in pages for link in page.all("tbody a")]
    assert [len(page.all("tbody tr")) for page in pages] == [25, 25, 10]
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == 60
