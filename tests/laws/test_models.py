"""What is true of every table, and what the database itself refuses."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import DateTime, insert, null, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_deal
from tests.factories.people import World, new_user, new_world
from webapp.models import (
    ADMIN,
    Base,
    Contact,
    DealContact,
    Job,
    User,
    UserGroup,
    UtcDateTime,
    Workspace,
    days_left,
)
from webapp.models.job import ACTIVE

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)

TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_datetime_column_stores_utc(table: object) -> None:
    plain = [c.name for c in table.columns if isinstance(c.type, DateTime)]  # type: ignore[attr-defined]

    assert plain == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_constraint_has_a_name(table: object) -> None:
    assert all(constraint.name for constraint in table.constraints)  # type: ignore[attr-defined]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_foreign_key_has_an_index(table: object) -> None:
    """Without one a purge reads the whole table for each row it deletes."""
    leading = {next(iter(index.columns)).name for index in table.indexes}  # type: ignore[attr-defined]
    for constraint in table.constraints:  # type: ignore[attr-defined]
        if hasattr(constraint, "columns") and len(constraint.columns) and constraint.name[:2] in ("pk", "uq"):
            leading.add(next(iter(constraint.columns)).name)
    refers = {key.parent.name for key in table.foreign_keys}  # type: ignore[attr-defined]

    assert refers <= leading


def test_every_row_belongs_to_a_workspace_or_to_a_row_that_does() -> None:
    """A person belongs to none: they can have a user in several."""
    owned = {table.name for table in TABLES if "workspace_id" in table.columns} | {"workspace", "person"}
    for table in TABLES:
        assert table.name in owned or {key.column.table.name for key in table.foreign_keys} <= owned


@pytest.mark.parametrize("hours", [0, 5.5, -8, 14])
def test_a_datetime_is_read_back_in_utc_to_the_microsecond(
    hours: float, session: Session, world: World
) -> None:
    moment = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=hours)))
    contact = new_contact(session, world, created_at=moment)
    session.refresh(contact)

    assert contact.created_at == moment
    assert contact.created_at.tzinfo is UTC


def test_a_datetime_without_a_zone_is_refused(session: Session, world: World) -> None:
    contact = new_contact(session, world)
    contact.deleted_at = NOW.replace(tzinfo=None)

    with pytest.raises(StatementError, match="a moment needs its time zone"):
        session.flush()
    assert UtcDateTime().process_bind_param(None, None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("age", "left"),
    [
        (timedelta(0), 30),
        (timedelta(seconds=1), 29),
        (DAY, 29),
        (29 * DAY, 1),
        (29 * DAY + timedelta(seconds=1), 0),
        (30 * DAY, 0),
        (31 * DAY, 0),
    ],
)
def test_days_left_are_whole_days_and_never_negative(age: timedelta, left: int) -> None:
    assert days_left(NOW - age, NOW) == left


def test_no_two_live_contacts_of_a_workspace_share_an_address(session: Session, world: World) -> None:
    new_contact(session, world, email="ann@x.org")

    with pytest.raises(IntegrityError):
        new_contact(session, world, email="ANN@x.org ")


def test_a_deleted_contact_reserves_no_address(session: Session, world: World) -> None:
    for _ in range(3):
        delete(session, world, new_contact(session, world, email="ann@x.org"))
    new_contact(session, world, email="ann@x.org")
    new_contact(session, new_world(session), email="ann@x.org")


def job_row(world: World, state: str, name: str) -> dict[str, object]:
    return {
        "uuid": name,
        "workspace_id": world.id,
        "requested_by": world.admin.id,
        "kind": "filters",
        "scope": {},
        "scope_hash": "",
        "as_of": NOW,
        "through_number": 0,
        "expected": 0,
        "idempotency_key": name,
        "state": state,
        "lease_until": NOW,
        "rung_at": NOW,
        "created_at": NOW,
    }


@pytest.mark.parametrize("state", ACTIVE)
@pytest.mark.parametrize("other", ACTIVE)
def test_a_workspace_never_has_two_active_jobs(
    state: str, other: str, session: Session, world: World
) -> None:
    ended = [job_row(world, state, state) for state in ("done", "cancelled", "failed")]
    elsewhere = job_row(new_world(session), state, "elsewhere")
    session.execute(insert(Job), [*ended, elsewhere, job_row(world, state, "first")])

    with pytest.raises(IntegrityError):
        session.execute(insert(Job), [job_row(world, other, "second")])


def test_a_workspace_never_has_two_jobs_in_line(session: Session, world: World) -> None:
    """Behind a job that is active; cancelled ones may keep the group, as the previous release leaves it."""
    waiting = {"waits_for_group": "restore", "exclusive_group": null()}
    session.execute(insert(Job), [job_row(world, "running", "active")])
    for state, name in (("cancelled", "left"), ("queued", "first")):
        session.execute(insert(Job).values(job_row(world, state, name) | waiting))

    with pytest.raises(IntegrityError):
        session.execute(insert(Job).values(job_row(world, "queued", "second") | waiting))


def test_a_confirmation_never_becomes_two_jobs(session: Session, world: World) -> None:
    session.execute(insert(Job), [job_row(world, "done", "once")])

    with pytest.raises(IntegrityError):
        session.execute(insert(Job), [job_row(world, "done", "once") | {"uuid": "another"}])


def test_a_deal_never_has_two_primaries(session: Session, world: World) -> None:
    deal = new_deal(session, world, new_contact(session, world), new_contact(session, world))

    with pytest.raises(IntegrityError):
        session.execute(update(DealContact).where(DealContact.deal_id == deal.id).values(is_primary=True))


def test_a_detached_place_on_a_deal_names_its_deletion(session: Session, world: World) -> None:
    deal = new_deal(session, world, new_contact(session, world))

    with pytest.raises(IntegrityError):
        session.execute(update(DealContact).where(DealContact.deal_id == deal.id).values(detached_at=NOW))


def test_an_id_is_never_reused(session: Session, world: World) -> None:
    """A report still lists contacts that have been purged."""
    purged = new_contact(session, world).id
    session.execute(delete_rows(Contact).where(Contact.id == purged))

    assert new_contact(session, world).id > purged


@pytest.mark.parametrize(
    ("group", "is_active", "may"),
    [
        (ADMIN, True, True),
        (ADMIN, False, False),
        ("Administrators", True, False),
        ("admin", True, False),
        (None, True, False),
    ],
)
def test_only_active_members_of_the_group_admin_may_restore(
    group: str | None, is_active: bool, may: bool, session: Session
) -> None:
    workspace = Workspace(name="Northwind")
    session.add(workspace)
    session.flush()
    groups = [UserGroup(workspace_id=workspace.id, name=group)] if group else []
    session.add_all(groups)
    session.flush()
    user: User = new_user(session, workspace, "Ann", *groups)
    user.is_active = is_active

    assert user.may_restore == may


def test_an_admin_of_another_workspace_may_not_restore(session: Session, world: World) -> None:
    elsewhere = Workspace(name="Elsewhere")
    session.add(elsewhere)
    session.flush()
    admins = session.scalars(
        select(UserGroup).where(UserGroup.workspace_id == world.id, UserGroup.name == ADMIN)
    ).one()

    assert not new_user(session, elsewhere, "Eve", admins).may_restore
