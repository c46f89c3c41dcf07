"""The overview has a notice of the latest large deletion by a colleague, while it is recent and useful."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contacts
from tests.factories.people import World, new_user, new_world
from tests.support.restoring import Restoring
from webapp.models import Deletion
from webapp.restoring.recent_deletion import LARGE, recent_large_deletion

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


class Notices:
    """The deletion in the admin's notice at a time: its number, or None."""

    def __init__(self, session: Session, world: World) -> None:
        self._session = session
        self._world = world

    def at(self, now: datetime, *, reader: int | None = None) -> int | None:
        notices = recent_large_deletion(
            self._session, self._world.id, reader=reader or self._world.admin.id, now=now
        )
        return notices.number if notices else None


@pytest.fixture
def notices(session: Session, world: World) -> Notices:
    return Notices(session, world)


def delete_many(
    session: Session, world: World, count: int = LARGE, *, at: datetime, by: int | None = None
) -> Deletion:
    return delete(session, world, *new_contacts(session, world, count), at=at, by=by)


def test_the_notice_says_who_deleted_how_many_and_when(
    session: Session, world: World, restoring: Restoring
) -> None:
    now = restoring.now()
    delete_many(session, world, 60, at=now - HOUR)

    found = recent_large_deletion(session, world.id, reader=world.admin.id, now=now)

    assert found is not None
    assert found.user is not None
    assert (found.user.name, found.contact_count, found.in_bin) == ("Max Member", 60, 60)
    assert found.created_at == now - HOUR


def test_without_a_deletion_there_is_no_notice(notices: Notices, restoring: Restoring) -> None:
    assert notices.at(restoring.now()) is None


@pytest.mark.parametrize(("count", "number"), [(LARGE - 1, None), (LARGE, 1)])
def test_a_deletion_is_large_above_the_limit_of_a_selection(
    session: Session, world: World, restoring: Restoring, notices: Notices, count: int, number: int | None
) -> None:
    now = restoring.now()
    delete_many(session, world, count, at=now - HOUR)

    assert notices.at(now) == number


def test_the_notice_stays_from_friday_evening_to_monday_morning(
    session: Session, world: World, restoring: Restoring, notices: Notices
) -> None:
    deleted_at = restoring.now() - HOUR
    delete_many(session, world, at=deleted_at)

    assert notices.at(deleted_at + 3 * DAY) == 1
    assert notices.at(deleted_at + 3 * DAY + SECOND) is None


def test_the_notice_stays_while_any_of_its_contacts_are_deleted(
    session: Session, world: World, restoring: Restoring, notices: Notices
) -> None:
    now = restoring.now()
    contacts = new_contacts(session, world, LARGE)
    delete(session, world, *contacts, at=now - HOUR)

    restoring.restore(*contacts[1:])
    assert notices.at(now) == 1

    restoring.restore(contacts[0])
    assert notices.at(now) is None


def test_every_admin_but_the_deleter_sees_the_notice(
    session: Session, world: World, restoring: Restoring, notices: Notices
) -> None:
    now = restoring.now()
    other = new_user(session, world.workspace, "Olga Other")
    delete_many(session, world, at=now - HOUR, by=world.admin.id)

    assert notices.at(now) is None
    assert notices.at(now, reader=other.id) == 1


def test_a_deletion_without_a_user_has_a_notice(
    session: Session, world: World, restoring: Restoring, notices: Notices
) -> None:
    now = restoring.now()
    delete_many(session, world, at=now - HOUR).user_id = None
    session.flush()

    assert notices.at(now) == 1


def test_the_latest_of_several_deletions_is_shown_first(
    session: Session, world: World, restoring: Restoring, notices: Notices
) -> None:
    now = restoring.now()
    delete_many(session, world, at=now - 3 * HOUR)
    second = new_contacts(session, world, LARGE + 10)
    delete(session, world, *second, at=now - 2 * HOUR)
    delete_many(session, world, 1, at=now - HOUR)
    delete_many(session, world, at=now - SECOND, by=world.admin.id)
    assert notices.at(now) == 2

    restoring.restore(*second)
    assert notices.at(now) == 1


def test_an_incomplete_deletion_has_no_notice(session: Session, world: World, restoring: Restoring) -> None:
    now = restoring.now()
    deletion = delete_many(session, world, at=now - HOUR)
    deletion.completed_at = deletion.number = None
    session.flush()

    assert recent_large_deletion(session, world.id, reader=world.admin.id, now=now) is None


def test_a_deletion_of_another_account_has_no_notice(
    session: Session, world: World, restoring: Restoring, notices: Notices
) -> None:
    now = restoring.now()
    elsewhere = new_world(session)
    delete_many(session, elsewhere, at=now - HOUR)

    assert notices.at(now) is None
