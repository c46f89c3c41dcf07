"""A text that very many contacts have is not looked up in the index, which would collect them all."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.support.plans import plans
from webapp.clock import read_clock
from webapp.contacts import search
from webapp.contacts.keyset import Page
from webapp.restoring import recycle_bin
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters

LOOKED_AT = 10
NOTHING = Page([], older=None, newer=None, total=0)


@pytest.fixture
def world(session: Session, monkeypatch: pytest.MonkeyPatch) -> World:
    """Many live contacts have the text, and no deleted one."""
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("SQLite has no index of texts")
    for module in (search, recycle_bin):
        monkeypatch.setattr(module, "SCAN_LIMIT", LOOKED_AT)
    # So many that one of the contacts is met, whatever other tests have left.
    monkeypatch.setattr(search, "SAMPLE", 5000)
    world = new_world(session)
    for _ in range(40):
        new_contact(session, world, "Zoe")
    delete(session, world, *(new_contact(session, world, "Ann") for _ in range(LOOKED_AT + 5)))
    session.flush()
    return world


def look_for(session: Session, world: World, q: str) -> Page:
    """The first page of deleted contacts that have the text."""
    window = BinWindow(world.id, read_clock(session))
    return recycle_bin.read_page(session, window, Filters(q=q), size=5)


def test_one_that_very_many_live_contacts_have_ends_the_page_without_the_index(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FREQUENT", 0)
    # The sample is one of all accounts, so that the rows of other tests are in it.
    with monkeypatch.context() as sure, plans(session.get_bind().engine) as read:
        sure.setattr(search, "EVIDENCE", 0)
        page = look_for(session, world, "zoe")
    [asked] = [plan for plan in read if plan.statement.startswith("WITH found")]
    # Where the sample says so, nothing below this line is executed.
    assert "One-Time Filter: (NOT" in asked.text.partition("CTE found\n")[2], asked
    assert page.rows == []
    assert page.older is not None, "the next page begins where this one has ended"
    assert look_for(session, world, "rare") == NOTHING


def test_one_that_could_be_frequent_by_chance_is_looked_up(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look_for(session, world, "zoe") == NOTHING
    monkeypatch.setattr(search, "FREQUENT", 0)
    monkeypatch.setattr(search, "EVIDENCE", 41)
    assert look_for(session, world, "zoe") == NOTHING
