"""Users of an account are changed, disabled and enabled, by active Admins of it only."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_admin, new_user, new_world
from webapp.models import ADMIN, AuditEvent, Person, SignIn, User, UserGroup
from webapp.models.audit_event import Action
from webapp.people import sessions
from webapp.people.users import add_user
from webapp.workspaces.acting import NotChanged, Why
from webapp.workspaces.groups import MOST_GROUPS, create_group, delete_group, groups_of, rename_group
from webapp.workspaces.membership import change_user, disable, enable

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


def group_of(session: Session, world: World, name: str) -> UserGroup:
    return session.scalars(select(UserGroup).filter_by(workspace_id=world.id, name=name)).one()


def actions(session: Session, world: World) -> list[str]:
    found = select(AuditEvent.action).where(AuditEvent.workspace_id == world.id).order_by(AuditEvent.id)
    return list(session.scalars(found))


def begin_session(session: Session, user: User) -> None:
    assert user.person_id
    sessions.begin(session, user.person_id, user.id, NOW, proved=True, browser="Firefox")


def test_disabling_ends_the_sessions_in_this_account_only(session: Session, world: World) -> None:
    elsewhere = new_world(session)
    there = add_user(session, elsewhere.id, world.member.email, "Max there", [], NOW)
    colleague = new_user(session, world.workspace, "Cy")
    for user in (world.member, world.member, there, colleague):
        begin_session(session, user)

    for expected in (True, False):
        changed = disable(session, world.member.id, workspace_id=world.id, by=world.admin.id, now=NOW)
        assert changed is expected

    left = session.scalars(select(SignIn.user_id).where(SignIn.person_id == there.person_id)).all()
    assert left == [there.id]
    assert session.scalar(select(SignIn.user_id).where(SignIn.user_id == colleague.id))
    assert actions(session, world) == [Action.USER_DISABLED, Action.SESSIONS_ENDED]


def test_a_user_who_is_enabled_has_the_groups_that_they_had(session: Session, world: World) -> None:
    admin: dict[str, Any] = {"workspace_id": world.id, "by": world.admin.id, "now": NOW}
    disable(session, world.member.id, **admin)

    assert enable(session, world.member.id, **admin)
    assert not enable(session, world.member.id, **admin)

    member = session.get_one(User, world.member.id)
    assert member.is_active
    assert [group.name for group in member.groups] == ["Sales"]


def test_name_and_groups_are_exactly_those_that_are_given(session: Session, world: World) -> None:
    admins, sales = (group_of(session, world, name) for name in (ADMIN, "Sales"))
    begin_session(session, world.member)
    values: dict[str, Any] = {"name": "Maximilian", "groups": [admins.id]}

    for expected in (True, False):
        changed = change_user(
            session, world.member.id, **values, workspace_id=world.id, by=world.admin.id, now=NOW
        )
        assert changed is expected

    member = session.get_one(User, world.member.id)
    assert (member.name, member.groups, member.may_restore) == ("Maximilian", [admins], True)
    events = session.scalars(select(AuditEvent).where(AuditEvent.workspace_id == world.id)).all()
    assert {(event.action, event.detail.get("group")) for event in events} == {
        (Action.USER_RENAMED, None),
        (Action.GROUP_JOINED, admins.id),
        (Action.GROUP_LEFT, sales.id),
    }
    assert session.scalar(select(SignIn.id).where(SignIn.user_id == member.id)), "no session ends"


def test_only_groups_of_the_account_are_given(session: Session, world: World) -> None:
    foreign = group_of(session, new_world(session), ADMIN)

    for group_id in (foreign.id, 2**62):
        with pytest.raises(NotChanged) as refusal:
            change_user(
                session,
                world.member.id,
                name="x",
                groups=[group_id],
                workspace_id=world.id,
                by=world.admin.id,
                now=NOW,
            )
        assert refusal.value.why is Why.NO_SUCH_GROUP
    assert session.get_one(User, world.member.id).name == "Max Member"


@pytest.mark.parametrize("role", ["member", "foreign admin", "disabled admin"])
def test_nobody_but_an_active_admin_of_the_account_changes_its_users(
    session: Session, world: World, role: str
) -> None:
    by = {"member": world.member, "foreign admin": new_world(session).admin}.get(role)
    if by is None:
        by = new_admin(session, world.workspace)
        disable(session, by.id, workspace_id=world.id, by=None, now=NOW)
    target = new_user(session, world.workspace, "Target")
    acts: list[Callable[..., object]] = [
        lambda **who: disable(session, target.id, **who),
        lambda **who: enable(session, target.id, **who),
        lambda **who: change_user(session, target.id, name="x", groups=[], **who),
        lambda **who: create_group(session, "New", **who),
        lambda **who: rename_group(session, group_of(session, world, "Sales").id, "New", **who),
        lambda **who: delete_group(session, group_of(session, world, "Sales").id, **who),
    ]

    for act in acts:
        with pytest.raises(NotChanged) as refusal:
            act(workspace_id=world.id, by=by.id, now=NOW)
        assert refusal.value.why is Why.NOT_ALLOWED

    assert target.is_active


def test_a_user_of_another_account_is_not_found(session: Session, world: World) -> None:
    foreign = new_world(session).member

    with pytest.raises(NotChanged) as refusal:
        disable(session, foreign.id, workspace_id=world.id, by=world.admin.id, now=NOW)

    assert refusal.value.why is Why.NO_SUCH_USER
    assert session.get_one(User, foreign.id).is_active


def test_a_group_is_made_renamed_and_deleted_when_it_is_empty(session: Session, world: World) -> None:
    admin: dict[str, Any] = {"workspace_id": world.id, "by": world.admin.id, "now": NOW}
    group_id = create_group(session, "Support", **admin)
    assert rename_group(session, group_id, "Help desk", **admin)
    assert not rename_group(session, group_id, "Help desk", **admin)
    change_user(session, world.member.id, name="Max", groups=[group_id], **admin)
    disable(session, world.member.id, **admin)

    with pytest.raises(NotChanged) as refusal:
        delete_group(session, group_id, **admin)
    assert refusal.value.why is Why.GROUP_IN_USE, "a disabled user would lose it without a word"

    change_user(session, world.member.id, name="Max", groups=[], **admin)
    delete_group(session, group_id, **admin)
    assert [(group.name, number) for group, number in groups_of(session, world.id)] == [
        (ADMIN, 1),
        ("Sales", 0),
    ]


@pytest.mark.parametrize("name", ["Admin", "ADMIN", " admin", "Ad\u200bmin", "\uff21dmin", "sales"])
def test_no_group_looks_like_another(session: Session, world: World, name: str) -> None:
    admin: dict[str, Any] = {"workspace_id": world.id, "by": world.admin.id, "now": NOW}
    other = create_group(session, "Other", **admin)

    acts: list[Callable[[], object]] = [
        lambda: create_group(session, name, **admin),
        lambda: rename_group(session, other, name, **admin),
    ]
    for act in acts:
        with pytest.raises(NotChanged) as refusal:
            act()
        assert refusal.value.why is Why.NAME_TAKEN


def test_the_group_admin_stays_as_it_is(session: Session, world: World) -> None:
    admin: dict[str, Any] = {"workspace_id": world.id, "by": world.admin.id, "now": NOW}
    admins = group_of(session, world, ADMIN).id

    acts: list[Callable[[], object]] = [
        lambda: rename_group(session, admins, "Bosses", **admin),
        lambda: delete_group(session, admins, **admin),
    ]
    for act in acts:
        with pytest.raises(NotChanged) as refusal:
            act()
        assert refusal.value.why is Why.ADMIN_STAYS


def test_a_group_of_another_account_is_not_found_and_groups_are_limited(
    session: Session, world: World
) -> None:
    admin: dict[str, Any] = {"workspace_id": world.id, "by": world.admin.id, "now": NOW}
    foreign = group_of(session, new_world(session), "Sales").id
    for number in range(MOST_GROUPS - 2):
        create_group(session, f"Group {number}", **admin)

    refusals: list[tuple[Callable[[], object], Why]] = [
        (lambda: rename_group(session, foreign, "Mine", **admin), Why.NO_SUCH_GROUP),
        (lambda: delete_group(session, foreign, **admin), Why.NO_SUCH_GROUP),
        (lambda: create_group(session, "One more", **admin), Why.TOO_MANY_GROUPS),
    ]
    for act, why in refusals:
        with pytest.raises(NotChanged) as refusal:
            act()
        assert refusal.value.why is why


def test_a_user_of_the_previous_release_can_be_changed(session: Session, world: World) -> None:
    """It knows no persons."""
    user = User(workspace_id=world.id, email="old@example.com", name="Old", accepted_at=NOW)
    session.add(user)
    session.flush()

    assert disable(session, user.id, workspace_id=world.id, by=world.admin.id, now=NOW)
    assert session.scalar(select(Person).where(Person.email == "old@example.com")) is None
