"""The place in line with real workers: the second restore begins when the first one has ended, however."""

from tests.factories.people import World
from tests.support.accidents import Accident
from tests.support.deployment import Deployment
from tests.support.processes import wait_until
from webapp.clock import read_clock
from webapp.jobs.cancel import cancel
from webapp.restoring.question import about_selection
from webapp.restoring.start import line_up, start

CONTACTS = 20


def start_two(deployment: Deployment) -> tuple[World, int, int]:
    """A workspace with a restore of half of its bin, and another half in line behind it."""
    world = deployment.new_world(CONTACTS)
    ids = deployment.ids_in_the_bin(world)
    jobs = []
    with deployment.writing() as session:
        for begin, half in ((start, ids[::2]), (line_up, ids[1::2])):
            scope = about_selection(session, world.id, half, read_clock(session)).scope
            job = begin(
                session, deployment.lock, deployment.doorbell.ring, scope=scope, requested_by=world.admin.id
            )
            jobs.append(job.id)
    first, second = jobs
    return world, first, second


def test_where_the_ring_or_all_of_redis_is_lost_the_reconciler_rings(deployment: Deployment) -> None:
    """In one workspace the worker dies between the end, which commits the promotion too, and the ring. In the
    other the first restore was cancelled before a worker came, and Redis was emptied.
    """
    _, first, second = start_two(deployment)
    world, cancelled, other_second = start_two(deployment)
    with deployment.writing() as session:
        cancel(session, deployment.lock, cancelled, by=None)
    deployment.redis.flushall()

    with deployment.worker(Accident("before release", Accident.KILL)):
        wait_until(lambda: deployment.job(second).has_ended and deployment.job(other_second).has_ended)

    for job_id in (first, second, other_second):
        deployment.check_that_all_came_back_once(job_id, CONTACTS // 2)
    assert deployment.logged("horse_died")
    assert deployment.was_rung_again(second)
    assert len(deployment.live(world)) == CONTACTS // 2
    assert deployment.ended_with(cancelled) == ["restore.cancelled"]
