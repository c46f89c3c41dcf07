"""A restore is confirmed while Redis is down: nothing starts, nothing changes, and the page says so at
once."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.confirming import ASK_ABOUT_ALL, confirm, start_as_soon_as_possible
from tests.support.deployment import Deployment
from tests.support.seen import Seen
from webapp.models import Job, User


def refuse(browser: Browser, dialog: Seen) -> None:
    """Confirm the dialog and check that it is refused correctly."""
    refused = confirm(browser, dialog)

    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "Nothing was changed." in refused.complaint
    assert refused.words("#confirm-title") == dialog.words("#confirm-title"), "the scope is kept"


def check_that_nothing_was_started(deployment: Deployment, world: World) -> None:
    with Session(deployment.engine) as session:
        jobs = select(Job.id).where(Job.workspace_id == world.id)
        assert session.scalars(jobs).all() == []


def test_the_web_waits_for_redis_twice_for_a_second(deployment: Deployment) -> None:
    """(5) So a start is answered within three seconds, whatever the state of Redis."""
    settings = deployment.redis.connection_pool.connection_kwargs
    assert (settings["socket_connect_timeout"], settings["socket_timeout"]) == (1, 1)
    assert settings["retry"].get_retries() == 1


def test_a_start_is_refused_when_redis_refuses_connections(deployment: Deployment) -> None:
    """(5)"""
    world = deployment.new_world(1)
    with another_app(deployment.environ, REDIS_URL="redis://127.0.0.1:1") as cut_off:
        admin = Browser(cut_off, world.admin)

        refuse(admin, admin.get(ASK_ABOUT_ALL))

    check_that_nothing_was_started(deployment, world)


def test_a_start_is_refused_when_redis_accepts_and_never_answers(
    deployment: Deployment, enter: Callable[[User], Browser]
) -> None:
    """(5)"""
    world = deployment.new_world(1)
    admin = enter(world.admin)
    dialog = admin.get(ASK_ABOUT_ALL)
    redis = int(deployment.redis.info("server")["process_id"])

    os.kill(redis, signal.SIGSTOP)
    try:
        refuse(admin, dialog)
        check_that_nothing_was_started(deployment, world)
    finally:
        with suppress(ProcessLookupError):
            os.kill(redis, signal.SIGCONT)

    # Redis answers again, and may even execute the earlier command: a key without a job does not block starts
    # for long.
    start_as_soon_as_possible(admin)
