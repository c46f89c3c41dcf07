"""A restore is cancelled: what is done stays done, and it ends in one state, whatever happens at the same
time."""

from collections.abc import Callable
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import delete

from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.confirming import at_once, confirm, job_of
from tests.support.deployment import Deployment
from tests.support.processes import PATIENCE
from tests.support.seen import Seen
from tests.support.work import run_worker
from webapp.models import GroupMembership, User
from webapp.worker.redis_lock import key

Enter = Callable[[User], Browser]

# How often a cancellation and the last batch race; each side wins some of them.
ROUNDS = 8


def cancel(browser: Browser, page: Seen) -> Seen:
    return browser.press(page, "Cancel this restore")


def has_key(deployment: Deployment, world: World) -> bool:
    return bool(deployment.redis.exists(key("restore", world.id)))


def test_a_waiting_job_is_cancelled_at_once_and_releases_the_key(
    deployment: Deployment, enter: Enter
) -> None:
    """(8) and (25)"""
    world = deployment.new_world(6)
    admin = enter(world.admin)
    page = confirm(admin)
    assert has_key(deployment, world)

    ended = cancel(admin, page)

    assert "Cancelled" in ended.words("#progress")
    assert "0 contacts restored." in ended.words("#progress")
    assert not has_key(deployment, world)
    assert deployment.ended_with(job_of(page)) == ["restore.cancelled"]
    run_worker(deployment.app)
    assert deployment.live(world) == set()
    assert deployment.job(job_of(page)).state == "cancelled"


def test_a_running_job_stops_after_the_current_batch_keeps_what_is_done_and_says_how_much(
    deployment: Deployment, enter: Enter
) -> None:
    """(25)"""
    world = deployment.new_world(6)
    admin = enter(world.admin)
    page = confirm(admin)
    pages: list[Seen] = []

    def stop_it() -> None:
        pages.append(cancel(admin, admin.get(page.path)))

    assert deployment.carry_out(job_of(page), after_each_batch=stop_it) == "cancelled"

    [stopping] = pages
    assert "Stopping after the contacts in progress. 2 contacts of 6 done." in stopping.words("#progress")
    ended = admin.get(page.path)
    assert "Cancelled" in ended.words("#progress")
    assert "2 contacts restored." in ended.words("#progress")
    assert "Stopped by Ada Admin." in ended.words("#progress")
    assert len(deployment.live(world)) == len(deployment.outcomes(job_of(page))) == 2
    assert len(admin.get("/contacts/restore").ids) == 4
    assert deployment.ended_with(job_of(page)) == ["restore.cancelled"]
    assert not has_key(deployment, world)


@pytest.mark.parametrize("moment", ["before the claim", "before the last batch"])
def test_when_a_cancellation_races_with_the_end_the_job_ends_in_one_state(
    moment: str, deployment: Deployment, enter: Enter
) -> None:
    """(25) The last batch finds no contact: then it writes the end only."""
    world = deployment.new_world(2)
    admin = enter(world.admin)
    for _ in range(ROUNDS):
        page = confirm(admin)
        job_id = job_of(page)
        together = Barrier(2, timeout=PATIENCE)

        def run(job_id: int, together: Barrier) -> str:
            if moment == "before the claim":
                together.wait()
                return deployment.carry_out(job_id)
            return deployment.carry_out(job_id, after_each_batch=together.wait)

        def stop(page: Seen, together: Barrier) -> Seen:
            together.wait()
            return cancel(admin, page)

        acts: list[Callable[[], object]] = [partial(run, job_id, together), partial(stop, page, together)]
        at_once(acts)

        job, restored = deployment.job(job_id), len(deployment.live(world))
        assert job.state in ("done", "cancelled")
        assert restored == job.count("restored") == len(deployment.outcomes(job_id))
        assert restored == 2 or job.state == "cancelled"
        assert deployment.ended_with(job_id) == [f"restore.{job.state}"]
        assert not has_key(deployment, world)
        said = admin.get(page.path).words("#progress")
        assert said.startswith(job.state.capitalize() if job.state == "cancelled" else "Done")
        assert f"{restored} contacts restored." in said
        assert ("Stopped by Ada Admin." in said) is (job.state == "cancelled")
        deployment.delete_again(world)


@pytest.mark.parametrize("how", ["demoted", "disabled"])
def test_a_requester_who_is_no_longer_an_admin_when_the_worker_starts_restores_nothing(
    how: str, deployment: Deployment, enter: Enter
) -> None:
    """(26)"""
    world = deployment.new_world(3)
    colleague = enter(deployment.new_admin(world))
    page = confirm(enter(world.admin))
    with deployment.writing() as session:
        if how == "demoted":
            session.execute(delete(GroupMembership).where(GroupMembership.user_id == world.admin.id))
        else:
            session.get_one(User, world.admin.id).is_active = False
        session.commit()

    run_worker(deployment.app)

    said = colleague.get(page.path).words("#progress")
    assert "Cancelled" in said
    assert "0 contacts restored." in said
    assert "Ada Admin is no longer an admin of your account." in said
    assert deployment.live(world) == set()
    assert deployment.ended_with(job_of(page)) == ["restore.cancelled"]
    # An admin can still start a restore.
    again = job_of(confirm(colleague))
    run_worker(deployment.app)
    deployment.check_that_all_came_back_once(again, 3)
