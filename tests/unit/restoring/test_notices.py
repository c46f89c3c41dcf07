"""The overview tells an admin of the latest bundle of deletions, and once of a large one that expires."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact, new_contacts
from tests.factories.people import World, new_admin, new_world
from tests.support.restoring import Restoring
from webapp.models import Deletion
from webapp.models.notice_seen import NoticeKind
from webapp.restoring import notices as domain
from webapp.restoring.notices import LARGE, Notice, mark_seen

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DELETION, EXPIRY = NoticeKind.DELETION, NoticeKind.EXPIRY
TWO_DAYS = timedelta(hours=48)


class Notices:
    """What the admin is told at a time: of each kind the deletions and the number of contacts."""

    def __init__(self, session: Session, world: World) -> None:
        self._session = session
        self._world = world

    def read(self, now: datetime, reader: int | None = None) -> list[Notice]:
        return domain.notices(self._session, self._world.id, reader=reader or self._world.admin.id, now=now)

    def at(
        self, now: datetime, kind: NoticeKind = DELETION, *, reader: int | None = None
    ) -> tuple[tuple[int, ...], int] | None:
        found = [notice for notice in self.read(now, reader) if notice.kind == kind]
        assert len(found) < 2
        return (found[0].bundle.numbers, found[0].count) if found else None

    def dismiss(self, number: int, kind: NoticeKind = DELETION) -> bool:
        return mark_seen(
            self._session,
            user_id=self._world.admin.id,
            workspace_id=self._world.id,
            kind=kind,
            number=number,
            now=NOW,
        )


NOW = datetime.fromisoformat("2026-11-26T12:00:00+00:00")


@pytest.fixture
def notices(session: Session, world: World) -> Notices:
    return Notices(session, world)


def delete_many(
    session: Session, world: World, count: int = LARGE, *, at: datetime, by: int | None = None
) -> Deletion:
    return delete(session, world, *new_contacts(session, world, count), at=at, by=by)


def test_a_bundle_of_fifty_is_large_however_many_deletions_it_has(
    session: Session, world: World, notices: Notices
) -> None:
    for count, minutes in ((20, 66), (29, 63)):
        delete_many(session, world, count, at=NOW - minutes * MINUTE)
    assert notices.at(NOW) is None

    delete_many(session, world, 1, at=NOW - HOUR)

    assert notices.at(NOW) == ((1, 2, 3), 50)
    assert notices.at(NOW - HOUR + 3 * DAY) == ((1, 2, 3), 50)
    assert notices.at(NOW - HOUR + 3 * DAY + SECOND) is None


@pytest.mark.parametrize("by_the_reader", [False, True])
def test_a_small_one_is_told_for_ten_minutes(
    session: Session, world: World, notices: Notices, by_the_reader: bool
) -> None:
    delete_many(session, world, 2, at=NOW, by=world.admin.id if by_the_reader else None)

    assert notices.at(NOW) == ((1,), 2)
    assert notices.at(NOW + 10 * MINUTE) == ((1,), 2)
    assert notices.at(NOW + 10 * MINUTE + SECOND) is None


def test_the_latest_is_told_but_what_the_reader_has_just_done_comes_first(
    session: Session, world: World, notices: Notices
) -> None:
    colleague = new_admin(session, world.workspace)
    delete_many(session, world, at=NOW - 3 * HOUR)
    delete_many(session, world, 2, at=NOW - 8 * MINUTE, by=world.admin.id)
    delete_many(session, world, 3, at=NOW - MINUTE)

    assert notices.at(NOW) == ((2,), 2)
    assert notices.at(NOW, reader=colleague.id) == ((3,), 3)
    assert notices.at(NOW + 5 * MINUTE) == ((3,), 3)
    assert notices.at(NOW + HOUR) == ((1,), LARGE)


def test_contacts_that_cannot_come_back_are_not_counted(
    session: Session, world: World, restoring: Restoring, notices: Notices
) -> None:
    """A restore leaves those whose address a live contact uses: of them alone there is nothing to tell."""
    contacts = new_contacts(session, world, LARGE)
    delete(session, world, *contacts, at=NOW - HOUR)
    for contact in contacts[:3]:
        new_contact(session, world, email=contact.email)
    assert notices.at(NOW) == ((1,), LARGE - 3)

    job = restoring.restore_all(at=NOW)

    assert (job.count("restored"), job.count("skipped")) == (LARGE - 3, 3)
    assert notices.at(NOW) is None


def test_of_very_many_contacts_all_are_counted(
    session: Session, world: World, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "LOOKED_AT", LARGE - 1)
    contacts = new_contacts(session, world, LARGE)
    delete(session, world, *contacts, at=NOW - HOUR)
    new_contact(session, world, email=contacts[0].email)

    assert notices.at(NOW) == ((1,), LARGE)


def test_merged_contacts_and_restored_ones_are_not_counted(
    session: Session, world: World, restoring: Restoring, notices: Notices
) -> None:
    contacts = new_contacts(session, world, LARGE)
    deletion = delete(session, world, *contacts, at=NOW - HOUR)
    contacts[0].merged_into_id = new_contact(session, world).id
    deletion.in_bin -= 1
    session.flush()
    job = restoring.start(restoring.question_all(at=NOW).scope)
    restoring.run_one_batch(job, 10)

    assert notices.at(NOW) == ((1,), LARGE - 11)


def test_a_dismissed_notice_returns_when_its_bundle_grows(
    session: Session, world: World, notices: Notices
) -> None:
    delete_many(session, world, at=NOW - 2 * HOUR)
    for minutes in (9, 6):
        delete_many(session, world, 2, at=NOW - minutes * MINUTE)
    session.commit()

    assert notices.dismiss(3)
    assert notices.dismiss(3), "a second time it changes nothing"
    # The one before is another notice.
    assert notices.at(NOW) == ((1,), LARGE)
    assert notices.dismiss(1)
    assert notices.at(NOW) is None
    assert notices.at(NOW, reader=world.member.id) == ((2, 3), 4)

    delete_many(session, world, 1, at=NOW - MINUTE)
    assert notices.at(NOW) == ((2, 3, 4), 5)


def test_a_notice_of_no_deletion_cannot_be_dismissed(
    session: Session, world: World, notices: Notices
) -> None:
    elsewhere = new_world(session)
    delete_many(session, elsewhere, 2, at=NOW)
    session.commit()

    assert not notices.dismiss(1)


@pytest.mark.parametrize(("count", "is_told"), [(LARGE - 1, False), (LARGE, True)])
def test_a_large_bundle_is_told_in_its_last_48_hours(
    session: Session, world: World, notices: Notices, count: int, is_told: bool
) -> None:
    first = NOW - 30 * DAY
    delete_many(session, world, count - 5, at=first)
    delete_many(session, world, 5, at=first + 4 * MINUTE)
    told = ((1, 2), count) if is_told else None

    assert notices.at(NOW - TWO_DAYS, EXPIRY) is None
    assert notices.at(NOW - TWO_DAYS + SECOND, EXPIRY) == told
    assert notices.at(NOW, EXPIRY) == told
    # Then only five are left.
    assert notices.at(NOW + SECOND, EXPIRY) is None


def test_the_one_that_expires_first_is_told_and_once_dismissed_never_again(
    session: Session, world: World, notices: Notices
) -> None:
    delete_many(session, world, at=NOW - 30 * DAY + HOUR)
    delete_many(session, world, at=NOW - 30 * DAY + 2 * HOUR, by=world.admin.id)
    session.commit()
    assert notices.at(NOW, EXPIRY) == ((1,), LARGE)

    assert notices.dismiss(1, EXPIRY)

    assert notices.at(NOW, EXPIRY) == ((2,), LARGE)
    assert notices.dismiss(2, EXPIRY)
    assert notices.at(NOW, EXPIRY) is None
    assert notices.at(NOW, EXPIRY, reader=world.member.id) == ((1,), LARGE)


def test_contacts_whose_address_is_taken_expire_as_well(
    session: Session, world: World, notices: Notices
) -> None:
    """They can come back without it, or be merged, and soon no more."""
    contacts = new_contacts(session, world, LARGE)
    delete(session, world, *contacts, at=NOW - 29 * DAY)
    new_contact(session, world, email=contacts[0].email)

    assert notices.at(NOW, EXPIRY) == ((1,), LARGE)


def test_another_accounts_deletions_and_one_under_way_are_not_told(
    session: Session, world: World, notices: Notices
) -> None:
    elsewhere = new_world(session)
    for at in (NOW - HOUR, NOW - 29 * DAY):
        delete_many(session, elsewhere, at=at)
    under_way = delete_many(session, world, at=NOW - HOUR)
    under_way.completed_at = under_way.number = None
    session.flush()

    assert notices.read(NOW) == []
