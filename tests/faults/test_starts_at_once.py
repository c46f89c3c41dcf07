"""Many users confirm at the same time: one restore starts, and the others get a link to it."""

import uuid
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.confirming import ASK_ABOUT_ALL, confirm, confirm_at_once, job_of, open_dialogs
from tests.support.deployment import Deployment
from tests.support.seen import Seen
from tests.support.work import run_worker
from webapp.models import Job, User
from webapp.worker.redis_lock import key

Enter = Callable[[User], Browser]

# Far more than a web process has threads.
MANY = 50


def jobs(deployment: Deployment, world: World) -> list[int]:
    with Session(deployment.engine) as session:
        return list(session.scalars(select(Job.id).where(Job.workspace_id == world.id)))


def check_that_one_started(deployment: Deployment, world: World, answers: list[Seen]) -> int:
    """One start led to the only job; the others got a 409 with a link to it."""
    assert sorted(answer.status for answer in answers) == [200] + [409] * (len(answers) - 1)
    [job_id] = jobs(deployment, world)
    for answer in answers:
        if answer.status == 200:
            assert job_of(answer) == job_id
        else:
            assert leads_to(answer) in (f"/restores/{job_id}", "/restores")
    return job_id


def leads_to(refused: Seen) -> str:
    """The link in the refusal: to the other restore, or to the list while that has no page yet."""
    assert "Nothing was changed." in refused.text
    known = refused.has_button("See the running restore")
    return str(refused.button("See the running restore" if known else "See all restores")["href"])


def test_of_fifty_simultaneous_starts_one_succeeds_and_the_others_link_to_it(
    deployment: Deployment, enter: Enter
) -> None:
    """(1)"""
    world = deployment.new_world(3)
    dialogs = open_dialogs(*[enter(world.admin) for _ in range(MANY)])

    answers = confirm_at_once(dialogs)

    job_id = check_that_one_started(deployment, world, answers)
    run_worker(deployment.app)
    deployment.check_that_all_came_back_once(job_id, 3)


def test_when_redis_loses_its_data_between_starts_the_unique_index_lets_one_succeed(
    deployment: Deployment, enter: Enter
) -> None:
    """(2) No start finds a key."""
    world = deployment.new_world(3)
    pair = enter(world.admin), enter(world.admin)
    pairs = [open_dialogs(*pair) for _ in range(MANY // 2)]

    answers = []
    for dialogs in pairs:
        answers += confirm_at_once(dialogs)
        deployment.redis.flushall()

    job_id = check_that_one_started(deployment, world, answers)
    # The message that rang for the job is lost as well.
    deployment.doorbell.ring("restore", job_id)
    run_worker(deployment.app)
    deployment.check_that_all_came_back_once(job_id, 3)


def test_two_workspaces_start_at_once_and_both_are_restored(deployment: Deployment, enter: Enter) -> None:
    """(3)"""
    worlds = [deployment.new_world(3) for _ in range(2)]

    answers = confirm_at_once([dialog for w in worlds for dialog in open_dialogs(enter(w.admin))])

    run_worker(deployment.app)
    for world, answer in zip(worlds, answers, strict=True):
        assert jobs(deployment, world) == [job_of(answer)]
        deployment.check_that_all_came_back_once(job_of(answer), 3)


def test_a_start_that_meets_one_in_progress_links_to_the_page_where_it_will_appear(
    deployment: Deployment,
) -> None:
    """(1) Between another's key and its row there is no page yet; at the real times, for ten seconds."""
    world = deployment.new_world(1)
    with another_app(deployment.environ, TIME_SCALE="1") as web:
        admin = Browser(web, world.admin)
        dialog = admin.get(ASK_ABOUT_ALL)
        deployment.lock.acquire("restore", world.id, str(uuid.uuid4()))
        deployment.redis.pexpire(key("restore", world.id), 60_000)

        refused = confirm(admin, dialog)

    assert refused.status == 409
    assert "Another restore is being started. Nothing was changed." in refused.complaint
    assert leads_to(refused) == "/restores"
    assert jobs(deployment, world) == []
