"""One confirmation makes one job, however often and whenever it is sent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from flask_login import login_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.clock import fixed_clock
from tests.support.confirming import ASK_ABOUT_ALL, at_once, confirm, job_of
from tests.support.deployment import Deployment
from tests.support.seen import Seen
from tests.support.work import run_worker
from webapp.models import Job, User
from webapp.web.signing import sign, unsign

Enter = Callable[[User], Browser]


def jobs(deployment: Deployment, world: World) -> list[int]:
    with Session(deployment.engine) as session:
        return list(session.scalars(select(Job.id).where(Job.workspace_id == world.id)))


def another_window(web: Flask, browser: Browser) -> Browser:
    """A second client with the same cookie, because a client sends one request at a time."""
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    window = Browser(web, javascript=browser.javascript)
    window.client.set_cookie("session", cookie.value)
    return window


@pytest.mark.parametrize("javascript", [False, True], ids=["plain", "htmx"])
def test_a_double_click_the_back_button_and_a_retry_after_the_end_all_lead_to_one_job(
    javascript: bool, deployment: Deployment, web: Flask, enter: Enter
) -> None:
    """(24)"""
    world = deployment.new_world(3)
    admin = enter(world.admin)
    admin.javascript = javascript
    dialog = admin.get(ASK_ABOUT_ALL)
    clicks = [partial(confirm, window, dialog) for window in (admin, another_window(web, admin))]

    [job_id] = {job_of(page) for page in at_once(clicks)}

    assert job_of(confirm(admin, dialog)) == job_id, "Back, and again"
    run_worker(deployment.app)
    retried = confirm(admin, dialog)
    assert job_of(retried) == job_id
    assert "3 contacts restored." in retried.words("#progress")
    assert jobs(deployment, world) == [job_id]
    run_worker(deployment.app)
    deployment.check_that_all_came_back_once(job_id, 3)
    assert deployment.job(job_id).fence == 1


def with_another_scope(web: Flask, dialog: Seen, user: User) -> str:
    """The user's token of the dialog with the same key and another scope."""
    with web.test_request_context():
        login_user(user)
        scope = unsign(str(dialog.one("input[name=scope]")["value"]))
        return sign(replace(scope, expected=scope.expected + 1))


@pytest.mark.parametrize("minutes", [0, 60])
@pytest.mark.parametrize("ended", [False, True], ids=["while it waits", "after its end"])
def test_the_idempotency_key_of_one_job_cannot_start_another_scope(
    ended: bool, minutes: int, deployment: Deployment, web: Flask, enter: Enter
) -> None:
    """(24)"""
    world = deployment.new_world(3)
    admin = enter(world.admin)
    dialog = admin.get(ASK_ABOUT_ALL)
    job_id = job_of(confirm(admin, dialog))
    if ended:
        run_worker(deployment.app)

    then = datetime.now(UTC) + timedelta(minutes=minutes)
    admin.keep_session(then)
    with fixed_clock(then):
        refused = admin.submit(
            dialog, "form[action='/restores']", scope=with_another_scope(web, dialog, world.admin)
        )

    assert refused.status == 422
    assert "This confirmation has been used for another restore." in refused.complaint
    assert "Nothing was changed." in refused.complaint
    assert jobs(deployment, world) == [job_id]
    run_worker(deployment.app)
