"""A page of the bin costs the same while a large deletion is under way, whose contacts are no rows yet."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from tests.factories.bins import fill_bin
from tests.factories.people import World
from webapp.clock import read_clock
from webapp.contacts.keyset import Page, Place
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import read_page
from webapp.time_limits import time_limit

SIZE = 50


def test_no_page_passes_over_the_contacts_of_a_deletion_under_way(
    session: Session, world: World, steps: Callable[[], int]
) -> None:
    window = BinWindow(world.id, as_of=read_clock(session))

    def read(**place: Place | None) -> tuple[Page, int]:
        before = steps()
        with time_limit(session, 60):
            page = read_page(session, window, Filters(), size=SIZE, **place)
        return page, steps() - before

    fill_bin(session, world, 2 * SIZE)
    first, few = read()
    second, _ = read(after=first.older)
    again, as_few = read(before=second.newer)

    fill_bin(session, world, 100 * SIZE, ago=timedelta(minutes=1), is_complete=False)

    for page, steps_beside in (read(), read(before=second.newer)):
        assert page.rows == first.rows == again.rows
        assert 0 < steps_beside < 2 * max(few, as_few)
