"""`flask contacts import --list`: all contacts of the file are put on one list."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import new_list
from tests.factories.people import World
from tests.support.state import nothing_changes
from webapp.cli import contacts as command
from webapp.clock import read_clock
from webapp.importing import brought
from webapp.models import Contact, Job, MailingList, StoredFile, Subscription

Import = Callable[..., Result]
Stored = Callable[..., list[Any]]
ROWS = ("ann@fair.example", "bob@fair.example")


@pytest.fixture
def news(store: Session, place: World) -> int:
    news = new_list(store, place, "News")
    store.commit()
    return news.id


def test_they_are_put_on_the_list_in_whatever_spelling(
    import_rows: Import, news: int, stored: Stored
) -> None:
    result = import_rows(*ROWS, header="Email", flags=("--list", "news"))

    assert result.output == "2 contacts added. 2 contacts were put on the list “News”.\n"
    places = stored(select(Subscription).where(Subscription.list_id == news))
    assert [place.status for place in places] == ["subscribed"] * 2


def test_an_unknown_list_is_refused(import_rows: Import, engine: Engine, news: int) -> None:
    with nothing_changes(engine):
        result = import_rows(*ROWS, header="Email", flags=("--list", "Newz"))

    assert (result.exit_code, result.output) == (2, "Error: There is no list “Newz”. Nothing was changed.\n")


def test_a_list_that_is_deleted_while_the_file_is_read_is_refused(
    import_rows: Import,
    engine: Engine,
    place: World,
    news: int,
    stored: Stored,
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    def bring_slowly(*args: Any, **options: Any) -> StoredFile:
        file = brought.bring(*args, **options)
        with Session(engine) as other:
            other.execute(
                update(MailingList).where(MailingList.id == news).values(deleted_at=read_clock(other))
            )
            other.commit()
        return file

    monkeypatch.setattr(command, "bring", bring_slowly)
    result = import_rows(*ROWS, header="Email", flags=("--list", "News"))

    said = "Error: The list “News” has just been deleted. Nothing was changed.\n"
    assert (result.exit_code, result.output) == (2, said)
    for left in (Contact, Job, StoredFile):
        assert stored(select(left.id).where(left.workspace_id == place.id)) == []
