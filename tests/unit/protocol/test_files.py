"""The files of jobs: rows that are written part by part, read part by part, and erased after a day."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from webapp.clock import read_clock
from webapp.jobs import files
from webapp.models import StoredFile, StoredPart


@pytest.fixture
def file(store: Session, world: World) -> StoredFile:
    """A complete file of two parts."""
    now = read_clock(store)
    file = files.new_file(store, workspace_id=world.id, name="Anna.csv", now=now, user_id=world.admin.id)
    files.add_part(store, file, b"Email\n")
    files.add_part(store, file, b"anna@example.com\n")
    files.complete(file, now)
    store.commit()
    return file


def parts(store: Session) -> int | None:
    return store.scalar(select(func.count()).select_from(StoredPart))


def test_the_parts_come_back_in_their_order_and_from_any_part_on(store: Session, file: StoredFile) -> None:
    assert b"".join(files.read_parts(store, file.id)) == b"Email\nanna@example.com\n"
    assert list(files.read_parts(store, file.id, first=1)) == [b"anna@example.com\n"]
    assert (file.parts, file.size) == (2, 23)


def test_a_file_is_found_by_its_own_workspace_only_once_it_is_complete_and_for_a_day(
    store: Session, world: World, file: StoredFile
) -> None:
    now = read_clock(store)
    half = files.new_file(store, workspace_id=world.id, name="half.csv", now=now)
    other = new_world(store)

    assert files.find_file(store, world.id, file.id, now) is file
    assert files.find_file(store, other.id, file.id, now) is None
    assert files.find_file(store, world.id, half.id, now) is None
    assert files.find_file(store, world.id, file.id, now + timedelta(days=1, seconds=1)) is None


def test_a_file_is_erased_with_its_parts_when_its_day_is_over_and_never_before(
    store: Session, file: StoredFile
) -> None:
    # Those of other tests are gone first.
    while files.erase_old_files(store):
        pass
    before = parts(store)
    assert before

    assert files.erase_old_files(store) == 0
    file.expires_at = read_clock(store) - timedelta(seconds=1)
    store.commit()
    assert files.erase_old_files(store) == 1
    assert files.erase_old_files(store) == 0

    assert parts(store) == before - 2
