"""What takes too long is ended with a sentence, and nothing that is slow keeps other pages from answering."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.another_app import another_app
from tests.support.browser import HTMX, Browser
from tests.support.processes import wait_until
from webapp import time_limits
from webapp.extensions import db
from webapp.web import counting, late

# Counting takes a second for each few million.
SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT count(*) FROM n"


@pytest.fixture
def hasty(environ: dict[str, str], app: Flask) -> Iterator[Flask]:
    """An app whose statements may take a twentieth of a second, with a page that takes minutes."""
    with another_app(environ, STATEMENT_SECONDS="0.05") as hasty:
        hasty.add_url_rule(
            "/slow/<int:steps>", view_func=lambda steps: str(db.session.scalar(text(SLOW.format(steps))))
        )
        yield hasty


def test_a_page_whose_statement_takes_too_long_says_so(hasty: Flask, world: World) -> None:
    browser = Browser(hasty, world.admin)
    for headers in ({}, HTMX):
        slow = browser.client.get("/slow/1000000000?q=secret", headers=headers)

        assert slow.status_code == 503
        assert "This takes too long at the moment. Nothing was changed." in slow.text
        assert slow.headers["Retry-After"] == "5"
    # The connection is as good as before.
    assert browser.client.get("/slow/2").text == "2"
    assert browser.get("/contacts").status == 200


def test_a_command_has_no_such_limit(hasty: Flask, world: World) -> None:
    """Not even on a connection that a page has had before."""
    assert hasty.test_client().get("/slow/1").text == "1"

    with hasty.app_context():
        assert db.session.scalar(text(SLOW.format(600_000))) == 600_000


def test_a_number_that_comes_later_takes_one_core(app: Flask, store: Session) -> None:
    """On a database's other cores pages are made meanwhile."""
    if store.get_bind().dialect.name == "sqlite":
        pytest.skip("SQLite counts on one core anyway")
    settings = "max_parallel_workers_per_gather", "jit"
    shown = text("SELECT " + ", ".join(f"current_setting('{name}')" for name in settings))
    with app.app_context():
        before = db.session.execute(shown).one()
        db.session.rollback()

        assert late.late_number(lambda: str(db.session.execute(shown).one()), pytest.fail) == "('0', 'off')"

        db.session.rollback()
        assert db.session.execute(shown).one() == before != ("0", "off")


@pytest.fixture
def dialogs(store: Session, world: World) -> list[str]:
    """The addresses of dialogs that count."""
    new_contact(store, world)
    delete(store, world, new_contact(store, world))
    store.commit()
    return [
        "/contacts/restore/confirm-all",
        "/contacts/restore/confirm?line_up=1",
        "/contacts/restore/erase",
        "/contacts/delete-all",
    ]


def test_a_dialog_waits_for_its_turn_to_count_but_not_for_long(
    admin: Browser, dialogs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "PATIENCE", 0.01)
    with counting._counting:
        for headers in ({}, HTMX):
            for path in dialogs:
                refused = admin.client.get(path, headers=headers)
                assert refused.status_code == 503, path
                assert "Other contacts are being counted. Nothing was changed." in refused.text
                assert refused.headers["Retry-After"] == "5"
        # An export does without the number, and a page's number has a turn of its own.
        assert admin.get("/contacts/export").status == 200
        assert admin.get("/contacts/count", htmx=True).status == 200
    for path in dialogs:
        assert admin.get(path).status == 200


def test_only_a_few_threads_wait_for_their_turn(
    app: Flask, world: World, dialogs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """16 dialogs at once once kept the whole process from answering."""
    monkeypatch.setattr(counting, "PATIENCE", 60.0)

    def ask(_: int) -> int:
        return Browser(app, world.admin).client.get(dialogs[0]).status_code

    with ThreadPoolExecutor(16) as pool:
        with counting._counting:
            asked = [pool.submit(ask, number) for number in range(16)]
            wait_until(lambda: sum(one.done() for one in asked) == 16 - counting.MOST_WAITING)
            assert {one.result() for one in asked if one.done()} == {503}
        assert sorted(one.result() for one in asked)[: counting.MOST_WAITING] == [200] * counting.MOST_WAITING


# PostgreSQL may be faster than any limit.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
def test_a_count_that_takes_too_long_is_given_up(
    admin: Browser, dialogs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number on a page stays what it was: the page does not ask again."""
    monkeypatch.setattr(time_limits, "STEPS", 1)
    for module in (counting, late):
        monkeypatch.setattr(module, "TIME_LIMIT", 0.001)

    for path in dialogs:
        refused = admin.get(path)
        assert refused.status == 503
        assert "Counting these contacts takes too long at the moment. Nothing was changed." in refused.text
    for path in ("/contacts/count", "/contacts/restore/count"):
        for shown, words in (("10000+", "Over 10,000 "), ("0+", "Unknown number "), ("", "Over 50 ")):
            part = admin.get(path, {"q": "ann", "matching": shown}, htmx=True)
            assert part.words("#results-count").startswith(words)
            assert not part.all("[hx-get]")
