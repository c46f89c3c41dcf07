"""Sessions in the database: how long they last, what ends them, and that noting their use never waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Timer

import pytest
from sqlalchemy import Engine, event, select, text, update
from sqlalchemy.orm import Session

from tests.factories.people import FIREFOX, World, new_session, new_world
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import SignIn
from webapp.people import sessions

SECOND = timedelta(seconds=1)


@pytest.fixture
def key(store: Session, world: World) -> str:
    """The key of a session of the admin, which has just begun."""
    _, key = new_session(store, world.admin)
    store.commit()
    return key


def found(store: Session, key: str) -> SignIn | None:
    store.rollback()
    each = sessions.find(store, key)
    store.rollback()
    return each[0] if each else None


def age(store: Session, key: str, *, began: timedelta, seen: timedelta) -> datetime:
    """Let the session have begun and been seen so long ago; returns the time from which it is counted."""
    here = found(store, key)
    assert here
    now = read_clock(store)
    store.rollback()
    times = {"began_at": now - began, "seen_at": now - seen}
    store.execute(update(SignIn).where(SignIn.id == here.id).values(**times))
    store.commit()
    return now


@pytest.mark.parametrize(
    ("began", "seen", "is_open"),
    [
        (timedelta(), timedelta(), True),
        (timedelta(hours=11, minutes=58), timedelta(minutes=28), True),
        (timedelta(hours=1), timedelta(minutes=30), False),
        (timedelta(hours=12), timedelta(), False),
    ],
    ids=["new", "old and used", "not used for 30 minutes", "12 hours old"],
)
def test_how_long_a_session_lasts(
    store: Session, world: World, key: str, began: timedelta, seen: timedelta, is_open: bool
) -> None:
    now = age(store, key, began=began, seen=seen)

    assert (found(store, key) is not None) is is_open
    assert len(sessions.open_sessions(store, world.admin.person_id or 0, now, limit=9)) == int(is_open)
    store.rollback()
    sessions.end_old(store)
    assert (store.scalar(select(SignIn.id).where(SignIn.user_id == world.admin.id)) is not None) is is_open


def test_the_database_does_not_hold_the_key(store: Session, key: str) -> None:
    here = found(store, key)

    assert here
    assert key not in {str(value) for value in vars(here).values()}
    assert sessions.find(store, here.key_hash) is None, "what is stored opens nothing"


def test_a_new_key_ends_the_old_one_and_keeps_the_session(store: Session, key: str) -> None:
    here = found(store, key)
    assert here
    with write_transaction(store):
        new = sessions.renew(store, here.id)

    assert found(store, key) is None
    renewed = found(store, new)
    assert renewed
    assert (renewed.id, renewed.began_at) == (here.id, here.began_at)


def test_what_ends_which_sessions(store: Session, world: World) -> None:
    other = new_world(store)
    person = world.admin.person_id or 0
    keys = [new_session(store, user)[1] for user in (world.admin, world.admin, world.member, other.admin)]
    unchosen, key = sessions.begin(store, person, None, read_clock(store), proved=True, browser="")
    elsewhere = unchosen.id
    keys.append(key)
    store.commit()
    first = found(store, keys[0])
    assert first

    with write_transaction(store):
        assert sessions.end_all_of_user(store, world.member.id) == 1
    assert [found(store, key) is not None for key in keys] == [True, True, False, True, True]
    with write_transaction(store):
        assert sessions.end_all(store, person, but=first.id) == 2
    assert [found(store, key) is not None for key in keys] == [True, False, False, True, False]
    with write_transaction(store):
        assert sessions.end_all(store, person) == 1
        assert sessions.end_all(store, person) == 0
    assert [found(store, key) is not None for key in keys] == [False, False, False, True, False]
    assert elsewhere


def test_the_words_of_a_browser_are_shortened(store: Session, world: World) -> None:
    now, person = read_clock(store), world.admin.person_id or 0
    here, _ = sessions.begin(store, person, None, now, proved=True, browser=FIREFOX + "x" * 9000)
    assert here.browser.startswith(FIREFOX)
    assert len(here.browser) == sessions.BROWSER_LENGTH


def test_the_use_is_noted_once_a_minute(engine: Engine, store: Session, key: str) -> None:
    now = age(store, key, began=timedelta(hours=1), seen=timedelta(minutes=5))
    here = found(store, key)
    assert here

    sessions.note_use(engine, here, now)
    noted = found(store, key)
    assert noted
    assert noted.seen_at == now
    with executed(engine) as statements:
        sessions.note_use(engine, noted, now + 59 * SECOND)
    assert statements == []
    # Another request may have noted it since this one has read the session.
    sessions.note_use(engine, here, now + 30 * SECOND)
    again = found(store, key)
    assert again
    assert again.seen_at == now


@contextmanager
def executed(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_noting_the_use_waits_for_no_other_writer(
    engine: Engine, store: Session, other: Session, key: str
) -> None:
    """Another transaction has the row, and on SQLite thereby the database."""
    now = age(store, key, began=timedelta(hours=1), seen=timedelta(minutes=5))
    here = found(store, key)
    assert here
    other.connection(execution_options={"writes": True})
    other.execute(text("UPDATE sign_in SET browser = browser WHERE id = :id"), {"id": here.id})
    gave_up = Event()

    def give_up() -> None:
        gave_up.set()
        other.rollback()

    # Otherwise PostgreSQL would wait for ever.
    watch = Timer(10, give_up)
    watch.start()

    with executed(engine) as statements:
        sessions.note_use(engine, here, now)

    watch.cancel()
    assert not gave_up.is_set(), "it has waited for the other transaction"
    assert sum("BEGIN IMMEDIATE" in each for each in statements) <= 1, "SQLite was asked again and again"
    other.rollback()
    unnoted = found(store, key)
    assert unnoted
    assert unnoted.seen_at == here.seen_at
    sessions.note_use(engine, here, now)
    noted = found(store, key)
    assert noted
    assert noted.seen_at == now, "the next request notes it"
