"""`flask restore status` and `flask restore cancel`: what an operator sees and does without the pages."""

from collections.abc import Callable
from itertools import takewhile

import pytest
from click.testing import Result
from flask import Flask
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.restoring import Restoring, expire_lease
from webapp.jobs.claim import claim, release_dead
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings
from webapp.models import AuditEvent, Job
from webapp.restoring.start import line_up
from webapp.worker.kinds import KINDS
from webapp.worker.redis_lock import RedisLock, key

Run = Callable[..., Result]
PACE = BatchSettings(lease=30, size=2)


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *words: app.test_cli_runner().invoke(args=["restore", *words])


@pytest.fixture
def restoring(store: Session, place: World, lock: RedisLock) -> Restoring:
    return Restoring(store, place, lock)


@pytest.fixture
def job(restoring: Restoring, store: Session, place: World) -> Job:
    """A queued job over five contacts."""
    delete(store, place, *new_contacts(store, place, 5))
    return restoring.start(restoring.question_all().scope)


def lines_about(result: Result, job: Job) -> list[str]:
    """The lines about this job; other jobs do not matter."""
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(f"Restore {job.id} (#"))
    more = takewhile(lambda line: line.startswith("  "), lines[at + 1 :])
    return [lines[at], *(" ".join(line.split()) for line in more)]


def test_a_queued_job_is_shown_with_what_it_waits_for(run: Run, job: Job, place: World) -> None:
    head, *lines = lines_about(run("status"), job)

    assert head == (
        f"Restore {job.id} (#{job.number} of {place.workspace.name}, workspace {place.id}), "
        "requested by Ada Admin: queued"
    )
    assert lines[:2] == ["progress 0 of 5 contacts", "fence 0, claims since progress 0"]
    assert lines[2].startswith("lease none yet: requested ")


def test_a_running_job_is_shown_with_its_runner_and_its_lease(run: Run, job: Job, store: Session) -> None:
    claim(store, job.id, KINDS, lease=30, runner="web-1:42")

    head, *lines = lines_about(run("status"), job)

    assert head.endswith(": running")
    assert "fence 1, claims since progress 1" in lines
    assert any(line.startswith("lease web-1:42 for ") and line.endswith(" more seconds") for line in lines)


def test_a_job_whose_runner_died_is_shown_with_its_last_error(run: Run, job: Job, store: Session) -> None:
    claim(store, job.id, KINDS, lease=30, runner="web-1:42")
    release_dead(store, job.id, runner="web-1:42", error={"code": "worker_died", "signal": 9})

    lines = lines_about(run("status"), job)

    assert "last error The worker process died (signal 9, SIGKILL)." in lines
    assert any(line.startswith("lease web-1:42 had it until ") for line in lines)


def test_a_job_in_line_is_shown_and_can_be_taken_out(
    run: Run, job: Job, restoring: Restoring, store: Session, place: World
) -> None:
    scope = restoring.question_all().scope
    waiting = line_up(store, restoring.lock, lambda *_: None, scope=scope, requested_by=place.admin.id)

    head, *lines = lines_about(run("status"), waiting)

    assert head.endswith("requested by Ada Admin: in line")
    wait = "lease none: it waits until the running restore has ended; lined up "
    assert any(line.startswith(wait) for line in lines)
    restoring.run(job)
    assert any(line.endswith(", not rung for yet") for line in lines_about(run("status"), waiting))
    output = run("cancel", str(waiting.id)).output
    assert output == f"Restore {waiting.id} is cancelled. It had not begun.\n"


def test_ended_jobs_are_shown_on_request_only(run: Run, job: Job, restoring: Restoring) -> None:
    restoring.run(job)

    assert f"Restore {job.id} (#" not in run("status").output
    head, *lines = lines_about(run("status", "--ended", "1000"), job)

    assert head.endswith(": done")
    assert lines == [
        "progress 5 of 5 contacts",
        "fence 1, claims since progress 1",
        "lease none: it has ended",
    ]


def test_an_undo_is_shown_and_stopped_like_a_restore(
    run: Run, job: Job, restoring: Restoring, place: World
) -> None:
    """It keeps restores from starting, and says by its name that it is none."""
    restoring.run(job)
    undo = restoring.start_undo(job)

    lines = run("status").output.splitlines()

    head = (
        f"Undo {undo.id} (#1 of {place.workspace.name}, workspace {place.id}), requested by Ada Admin: queued"
    )
    assert head in lines
    assert " ".join(lines[lines.index(head) + 1].split()) == "progress 0 of 5 contacts"
    assert run("cancel", str(undo.id)).output == f"Undo {undo.id} is cancelled. It had not begun.\n"


def test_a_queued_job_is_cancelled_at_once(
    run: Run, job: Job, store: Session, place: World, redis: Redis
) -> None:
    result = run("cancel", str(job.id))

    assert (result.exit_code, result.output) == (0, f"Restore {job.id} is cancelled. It had not begun.\n")
    store.rollback()
    store.refresh(job)
    assert (job.state, job.reason) == ("cancelled", {"code": "cancelled_by_operator"})
    assert redis.get(key("restore", place.id)) is None
    event = store.scalars(
        select(AuditEvent).where(
            AuditEvent.workspace_id == place.id, AuditEvent.action == "restore.cancel_requested"
        )
    ).one()
    assert event.user_id is None


def test_a_running_job_stops_after_its_current_batch(
    run: Run, job: Job, store: Session, restoring: Restoring
) -> None:
    outputs = []

    def stop_it() -> bool:
        outputs.append(run("cancel", str(job.id)).output)
        outputs.extend(lines_about(run("status"), job))
        return False

    store.commit()
    assert carry_out(store, restoring.lock, KINDS, job.id, settings=PACE, should_stop=stop_it) == "cancelled"

    assert outputs[0] == f"Restore {job.id} stops after the current batch.\n"
    assert "cancelled after the current batch" in outputs
    assert (job.count("restored"), job.reason) == (2, {"code": "cancelled_by_operator"})


def test_a_job_whose_runner_is_gone_stops_at_its_next_claim(
    run: Run, job: Job, store: Session, restoring: Restoring
) -> None:
    claim(store, job.id, KINDS, lease=30)
    expire_lease(store, job.id)
    assert run("cancel", str(job.id)).exit_code == 0

    assert restoring.run(job) == "cancelled"


def test_an_ended_job_is_not_changed(run: Run, job: Job, restoring: Restoring) -> None:
    restoring.run(job)

    result = run("cancel", str(job.id))

    assert result.exit_code == 2
    assert f"Restore {job.id} has ended already: done. Nothing was changed." in result.output


def test_without_jobs_the_command_says_so(empty_app: Flask) -> None:
    result = empty_app.test_cli_runner().invoke(args=["restore", "status", "--ended", "5"])

    assert (result.exit_code, result.output) == (0, "No restore is queued or running.\n")
