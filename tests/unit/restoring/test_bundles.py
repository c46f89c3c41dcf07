"""What one user deletes in one way in quick succession is one bundle."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contacts
from tests.factories.people import World, new_user, new_world
from tests.support.restoring import Restoring
from webapp.models import Contact, Deletion
from webapp.restoring import bundles as module
from webapp.restoring.bundles import GAP, LONGEST, Bundle, Part, chains, read_bundles
from webapp.restoring.numbers import MOST

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BEGIN = datetime(2026, 11, 24, 14, tzinfo=UTC)


def parts(*minutes: float, by: int = 1, source: str = "overview") -> list[Part]:
    """Deletions at these minutes, numbered from 1."""
    return [
        Part(number, by, "Max", source, BEGIN + minute * MINUTE, 5, 5)
        for number, minute in enumerate(minutes, 1)
    ]


def numbers(deletions: Sequence[Part]) -> list[list[int]]:
    return [[part.number for part in bundle] for bundle in chains(deletions)]


@pytest.mark.parametrize(
    ("minutes", "bundled"),
    [
        ((), []),
        ((0,), [[1]]),
        ((0, 9.99), [[1, 2]]),
        ((0, 10), [[1], [2]]),
        ((0, 9, 18, 60), [[1, 2, 3], [4]]),
        # An hour from the first to the last, and not a second more.
        (range(0, 61, 5), [list(range(1, 14))]),
        ((*range(0, 60, 5), 60.01), [list(range(1, 13)), [13]]),
        (range(0, 130, 5), [list(range(1, 14)), list(range(14, 27))]),
        ((0, 0, 0), [[1, 2, 3]]),
    ],
)
def test_gaps_are_under_ten_minutes_and_a_bundle_lasts_an_hour_at_most(
    minutes: Sequence[float], bundled: list[list[int]]
) -> None:
    assert numbers(parts(*minutes)) == bundled


def test_a_bundle_is_of_one_user_and_one_way() -> None:
    """Others, who delete at the same time, do not interrupt it."""
    mine, theirs, imported = parts(0, 2, 4), parts(1, 3, by=2), parts(2.5, source="import")
    together = sorted([*mine, *theirs, *imported], key=lambda part: part.at)

    bundles = [(b[0].user_id, b[0].source, len(b)) for b in chains(together)]

    assert bundles == [(1, "overview", 3), (2, "overview", 2), (1, "import", 1)]


def test_a_bundle_has_no_more_deletions_than_a_link_names() -> None:
    assert [len(bundle) for bundle in chains(parts(*[0.01 * i for i in range(MOST + 3)]))] == [MOST, 3]


@given(gaps=st.lists(st.floats(0, 15), max_size=40), later=st.lists(st.floats(0, 15), max_size=10))
def test_what_is_deleted_later_changes_only_the_last_bundle(gaps: list[float], later: list[float]) -> None:
    minutes: list[float] = []
    for gap in (*gaps, *later):
        minutes.append((minutes[-1] if minutes else 0) + gap)

    before, after = numbers(parts(*minutes[: len(gaps)])), numbers(parts(*minutes))

    kept = before[:-1]
    assert after[: len(kept)] == kept
    assert [number for bundle in after for number in bundle] == list(range(1, len(minutes) + 1))
    for bundle in chains(parts(*minutes)):
        assert bundle[-1].at - bundle[0].at <= LONGEST
        assert all(b.at - a.at < GAP for a, b in pairwise(bundle))


class Bundles:
    """What the member and others delete, and the bundles at a time."""

    def __init__(self, session: Session, world: World, now: datetime) -> None:
        self._session, self._world, self.now = session, world, now

    def delete(self, count: int, ago: timedelta, *, by: int | None = None) -> list[Contact]:
        contacts = new_contacts(self._session, self._world, count)
        delete(self._session, self._world, *contacts, at=self.now - ago, by=by)
        return contacts

    def at(self, now: datetime, *spans: tuple[datetime, datetime]) -> list[Bundle]:
        return read_bundles(self._session, self._world.id, now, *spans)

    @property
    def numbers(self) -> list[tuple[int, ...]]:
        return [bundle.numbers for bundle in self.at(self.now)]


@pytest.fixture
def bundles(session: Session, world: World, restoring: Restoring) -> Bundles:
    return Bundles(session, world, restoring.now())


def test_a_bundle_says_who_when_how_many_and_until_when(bundles: Bundles, world: World) -> None:
    for count, minutes in ((4, 20), (10, 17), (10, 14)):
        bundles.delete(count, minutes * MINUTE)
    bundles.delete(3, 16 * MINUTE, by=world.admin.id)
    bundles.delete(1, 2 * MINUTE)

    last, member, admin = bundles.at(bundles.now)

    assert (last.numbers, admin.numbers, member.numbers) == ((5,), (4,), (1, 2, 3))
    assert (member.user, member.user_id, member.source) == ("Max Member", world.member.id, "test")
    assert (member.first_at, member.last_at) == (bundles.now - 20 * MINUTE, bundles.now - 14 * MINUTE)
    assert (member.in_bin, member.contact_count, member.number) == (24, 24, 3)
    assert member.until == bundles.now - 20 * MINUTE + 30 * DAY
    assert member.days_left(bundles.now) == 29


def test_only_what_is_in_the_bin_is_offered_and_counted(bundles: Bundles, restoring: Restoring) -> None:
    first, second = bundles.delete(4, 20 * MINUTE), bundles.delete(5, 15 * MINUTE)
    restoring.restore(*second)
    [bundle] = bundles.at(bundles.now)
    assert (bundle.numbers, bundle.in_bin, bundle.contact_count) == ((1,), 4, 9)
    assert bundle.last_at == bundles.now - 20 * MINUTE
    # It is still the same bundle: a notice of it that was dismissed stays so.
    assert bundle.number == 2

    restoring.restore(*first)

    assert bundles.at(bundles.now) == []


def test_a_deletion_that_has_come_back_still_joins_those_around_it(
    bundles: Bundles, restoring: Restoring
) -> None:
    bundles.delete(2, 23 * MINUTE)
    between = bundles.delete(2, 15 * MINUTE)
    bundles.delete(2, 7 * MINUTE)
    assert bundles.numbers == [(1, 2, 3)]

    restoring.restore(*between)

    assert bundles.numbers == [(1, 3)]


def test_the_window_ends_within_a_bundle(bundles: Bundles) -> None:
    """What is left keeps together, whatever has expired: 50 minutes are one bundle."""
    for minutes in range(50, -1, -5):
        bundles.delete(1, 30 * DAY - 30 * MINUTE + minutes * MINUTE)

    [bundle] = bundles.at(bundles.now)

    assert len(bundle.numbers) == 7
    assert bundle.first_at == bundles.now - 30 * DAY
    assert bundles.at(bundles.now + 31 * MINUTE) == []


def test_a_span_of_time_shows_the_bundles_that_touch_it_as_a_whole(bundles: Bundles) -> None:
    for ago in (DAY + 5 * MINUTE, DAY - 2 * MINUTE, HOUR):
        bundles.delete(1, ago)

    def seen(first: timedelta, last: timedelta) -> list[tuple[int, ...]]:
        return [b.numbers for b in bundles.at(bundles.now, (bundles.now - first, bundles.now - last))]

    assert seen(DAY, 2 * HOUR) == [(1, 2)]
    assert seen(2 * HOUR, 0 * HOUR) == [(3,)]
    assert seen(2 * DAY, DAY) == [(1, 2)]
    assert seen(20 * HOUR, 2 * HOUR) == []


def test_of_very_many_deletions_the_latest_are_read(
    bundles: Bundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in (3, 2, 1):
        bundles.delete(1, hours * HOUR)
    monkeypatch.setattr(module, "MOST_READ", 2)

    assert bundles.numbers == [(3,), (2,)]


def test_others_accounts_and_deletions_under_way_are_not_shown(
    session: Session, world: World, bundles: Bundles
) -> None:
    bundles.delete(1, HOUR)
    elsewhere = new_world(session)
    delete(session, elsewhere, *new_contacts(session, elsewhere, 2), at=bundles.now - HOUR)
    under_way = Deletion(workspace_id=world.id, created_at=bundles.now - HOUR, source="test", in_bin=3)
    session.add(under_way)
    session.flush()

    assert bundles.numbers == [(1,)]


def test_a_user_who_has_left_has_no_name(session: Session, world: World, bundles: Bundles) -> None:
    left = new_user(session, world.workspace, "Olga Other")
    bundles.delete(2, HOUR, by=left.id)
    session.query(Deletion).filter_by(user_id=left.id).update({"user_id": None})

    [bundle] = bundles.at(bundles.now)

    assert (bundle.user, bundle.user_id) == (None, None)
