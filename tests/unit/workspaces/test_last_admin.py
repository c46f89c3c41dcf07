"""An account keeps an active Admin, also when two Admins act at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.people import World, new_admin, new_world
from tests.support.second_writer import SecondWriter
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import User
from webapp.workspaces.acting import NotChanged, Why, active_admins
from webapp.workspaces.membership import change_user, disable

Act = Callable[[Session, User, int | None], object]


def disabling(session: Session, user: User, by: int | None) -> object:
    return disable(session, user.id, workspace_id=user.workspace_id, by=by, now=read_clock(session))


def taking_out(session: Session, user: User, by: int | None) -> object:
    return change_user(
        session,
        user.id,
        name=user.name,
        groups=[],
        workspace_id=user.workspace_id,
        by=by,
        now=read_clock(session),
    )


ACTS = [disabling, taking_out]


@pytest.mark.parametrize("act", ACTS)
def test_the_last_active_admin_stays(session: Session, act: Act) -> None:
    world = new_world(session)
    other = new_admin(session, world.workspace)

    act(session, other, world.admin.id)
    with pytest.raises(NotChanged) as refusal:
        act(session, world.admin, None)

    assert refusal.value.why is Why.LAST_ADMIN, "not even the operator"
    assert active_admins(session, world.id) == {world.admin.id}


@pytest.mark.parametrize("act", ACTS)
def test_an_admin_does_it_to_nobody_by_accident(session: Session, act: Act) -> None:
    world = new_world(session)
    new_admin(session, world.workspace)

    with pytest.raises(NotChanged) as refusal:
        act(session, world.admin, world.admin.id)

    assert refusal.value.why is Why.ONESELF


def test_a_disabled_admin_does_not_count_and_may_leave_the_group(session: Session) -> None:
    world = new_world(session)
    other = new_admin(session, world.workspace)
    disabling(session, other, world.admin.id)

    taking_out(session, other, world.admin.id)

    assert other.groups == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("by_operators", [False, True])
def test_of_two_admins_who_do_it_to_each_other_at_once_one_stays(
    engine: Engine, store: Session, world: World, act: Act, by_operators: bool
) -> None:
    """The second waits for the first, and then is no Admin any more; an operator meets the last one."""
    other = new_admin(store, world.workspace)
    pairs = (world.admin, other), (other, world.admin)
    (first, by), (second, by_second) = ((user, None if by_operators else by.id) for user, by in pairs)
    store.commit()

    def act_second(own: Session) -> Why | None:
        try:
            with write_transaction(own):
                act(own, own.get_one(User, second.id), by_second)
        except NotChanged as refusal:
            return refusal.why
        return None

    with ThreadPoolExecutor() as threads, Session(engine) as session:
        with write_transaction(session):
            act(session, session.get_one(User, first.id), by)
            told = SecondWriter(threads, engine, act_second)
            told.check_that_it_waits(session)
        assert told.result() is (Why.LAST_ADMIN if by_operators else Why.NOT_ALLOWED)

    assert active_admins(store, world.id) == {second.id}
    store.rollback()
