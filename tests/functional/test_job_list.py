"""The list of the account's jobs: every kind, who, when, how long, what came of it and what went wrong."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.models import GroupRight, Job, Right, UserGroup
from webapp.models.job import JobState


def add(store: Session, world: World, kind: str, number: int, state: JobState, **more: object) -> Job:
    now = read_clock(store)
    job = Job(
        uuid=f"{kind}-{number}-{world.id}",
        workspace_id=world.id,
        requested_by=more.pop("by", world.admin.id),
        kind=kind,
        number=number,
        exclusive_group=f"{kind}{number}",
        request={"file_id": 1, "mapping": {}, "agreed": True, "wake": False},
        counts=more.pop("counts", {}),
        idempotency_key=f"{kind}-{number}-{world.id}",
        state=state,
        lease_until=now + timedelta(minutes=5),
        rung_at=now,
        created_at=now,
        **more,
    )
    store.add(job)
    store.flush()
    return job


def titles(browser: Browser, query: str = "") -> list[str]:
    return [each.get_text().strip() for each in browser.get(f"/jobs{query}").all("#results .cell-scope a")]


def test_an_admin_sees_jobs_of_every_kind_with_time_and_trouble(
    anyone: Browser, world: World, store: Session
) -> None:
    now = read_clock(store)
    elsewhere = new_world(store)
    add(store, elsewhere, "purge", 1, JobState.DONE)
    took = {"started_at": now - timedelta(seconds=75), "finished_at": now}
    add(store, world, "purge", 1, JobState.DONE, by=None, counts={"purged": 12}, **took)
    died = {"error": {"code": "worker_died", "signal": 9}, "left_out": 2}
    add(store, world, "purge", 2, JobState.RUNNING, started_at=now - timedelta(minutes=5), **died)
    stopped = {"reason": {"code": "cancelled_by", "user": world.admin.id}, "finished_at": now}
    add(store, world, "import", 1, JobState.CANCELLED, **stopped)
    store.commit()

    page = anyone.press(anyone.get("/contacts"), "Jobs")

    rows = [" ".join(row.get_text(" ").split()) for row in page.all("#results tbody tr")]
    assert len(rows) == 3, "none of another account"
    assert "Import #1" in rows[0]
    assert "Stopped by Ada Admin." in rows[0]
    assert "5 minutes" in rows[1]
    assert "The worker process died (signal 9, SIGKILL). 2 contacts left out." in rows[1]
    assert "75 seconds" in rows[2]
    assert "The system" in rows[2]

    choices = [option["value"] for option in page.all("#kind option")]
    assert {"restore", "undo", "import", "export", "purge"} <= set(choices)
    only = anyone.fill(page, kind="purge", state="running")
    assert [each.get_text().strip() for each in only.all("#results .cell-scope a")] == ["Purge #2"]
    assert "No job matches" in anyone.fill(only, kind="import").text
    refused = anyone.get("/jobs?state=broken")
    assert (refused.status, "Choose a state from the list." in refused.text) == (422, True)


def test_many_jobs_have_pages_and_a_job_in_line_is_a_state_of_its_own(
    anyone: Browser, world: World, store: Session
) -> None:
    for number in range(1, 61):
        add(store, world, "purge", number, JobState.DONE)
    add(store, world, "import", 1, JobState.QUEUED, waits_for_group="restore")
    add(store, world, "import", 2, JobState.QUEUED)
    store.commit()

    assert titles(anyone, "?state=in_line") == ["Import #1"]
    assert titles(anyone, "?state=queued") == ["Import #2"]
    pages = anyone.turn(anyone.get("/jobs?kind=purge"), "Next")
    found = [each.get_text().strip() for page in pages for each in page.all("#results .cell-scope a")]
    assert found == [f"Purge #{number}" for number in range(60, 0, -1)]


def test_others_see_their_own_jobs_and_no_restores(
    browse: Callable[..., Browser], world: World, store: Session
) -> None:
    sales = store.query(UserGroup).filter_by(workspace_id=world.id, name="Sales").one()
    store.add(GroupRight(group_id=sales.id, right=Right.EXPORT))
    for number, kind in enumerate(("purge", "restore", "undo"), 1):
        add(store, world, kind, number, JobState.DONE, by=world.member.id)
    add(store, world, "purge", 4, JobState.DONE)
    store.commit()
    member = browse(world.member)

    assert titles(member) == ["Purge #1"]
    assert member.get("/jobs?kind=restore").status == 422
