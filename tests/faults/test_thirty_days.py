"""What is within 30 days is decided once, when the dialog opens, and by one clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.contacts import DAY, delete, new_contact
from tests.factories.people import World, new_world
from tests.support.browser import Browser
from tests.support.clock import database_clock, fixed_clock, host_clock
from tests.support.confirming import ASK_ABOUT_ALL, ask_about, confirm, job_of
from tests.support.deployment import Deployment
from tests.support.seen import Seen
from webapp.models import User
from webapp.restoring.scope import Scope

Enter = Callable[[User], Browser]

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

WRONG = pytest.mark.parametrize("wrong_by", [HOUR, -HOUR], ids=["ahead", "behind"])


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def with_one_on_each_side(deployment: Deployment, now: datetime) -> tuple[World, int, int]:
    """A workspace with a contact deleted 30 days ago minus a second, and one deleted two seconds earlier."""
    with deployment.writing() as session:
        world = new_world(session)
        inside, outside = new_contact(session, world), new_contact(session, world)
        delete(session, world, outside, at=now - 30 * DAY - SECOND)
        delete(session, world, inside, at=now - 30 * DAY + SECOND)
        session.commit()
        return world, inside.id, outside.id


def send(browser: Browser, dialog: Seen) -> Seen:
    """Confirm the dialog of another browser of the same user."""
    scope = str(dialog.one("input[name=scope]")["value"])
    return browser.submit(browser.get(ASK_ABOUT_ALL), "form[action='/restores']", scope=scope)


@pytest.mark.parametrize("kind", ["ids", "filters"])
def test_an_hour_later_exactly_the_contacts_that_were_within_30_days_when_the_dialog_opened_are_restored(
    kind: str, deployment: Deployment, enter: Enter, now: datetime
) -> None:
    """(23) Confirmed as late as possible, and carried out after an hour."""
    world, inside, outside = with_one_on_each_side(deployment, now)
    with fixed_clock(now):
        admin = enter(world.admin)
        assert admin.get("/contacts/restore").ids == [inside]
        dialog = ask_about(admin, [inside, outside]) if kind == "ids" else admin.get(ASK_ABOUT_ALL)
    with fixed_clock(now + 29 * MINUTE):
        assert admin.get("/contacts/restore").ids == [], "a new dialog finds nothing"
        job_id = job_of(confirm(admin, dialog))

    with fixed_clock(now + HOUR):
        assert deployment.carry_out(job_id) == "done"

    assert deployment.live(world) == {inside}
    left_out = {outside: ("skipped", "no_longer_deleted")} if kind == "ids" else {}
    assert deployment.outcomes(job_id) == {inside: ("restored", None)} | left_out


@WRONG
def test_a_web_host_whose_clock_is_off_by_an_hour_restores_the_same_contacts(
    wrong_by: timedelta, deployment: Deployment, enter: Enter, now: datetime
) -> None:
    """(23)"""
    only_postgresql(deployment)
    world, inside, _ = with_one_on_each_side(deployment, now)
    with database_clock(now), host_clock(now + wrong_by):
        admin = enter(world.admin)
        assert admin.get("/contacts/restore").ids == [inside]
        job_id = job_of(confirm(admin))
        assert deployment.carry_out(job_id) == "done"

    assert deployment.live(world) == {inside}
    job = deployment.job(job_id)
    assert Scope.from_dict(job.request).as_of == job.created_at == job.started_at == job.finished_at == now


@WRONG
@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 409)])
def test_a_confirmation_is_valid_for_30_minutes_whatever_the_clock_of_the_receiving_host(
    minutes: int, status: int, wrong_by: timedelta, deployment: Deployment, enter: Enter, now: datetime
) -> None:
    """(23) The dialog was opened on a host whose clock is right."""
    only_postgresql(deployment)
    world = deployment.new_world(1)
    with fixed_clock(now):
        dialog = enter(world.admin).get(ASK_ABOUT_ALL)

    then = now + minutes * MINUTE
    with database_clock(then), host_clock(then + wrong_by):
        answer = send(enter(world.admin), dialog)

    assert answer.status == status
    assert ("open for more than 30 minutes" in answer.text) is (status == 409)


def only_postgresql(deployment: Deployment) -> None:
    if deployment.engine.dialect.name != "postgresql":
        pytest.skip("on SQLite the one host's clock is the one clock")
