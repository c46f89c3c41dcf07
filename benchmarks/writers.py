"""How long the writes of other users wait during a restore, on a database with one writer at a time."""

from collections.abc import Iterator
from statistics import quantiles

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_most, without_goal
from benchmarks.restoring import is_active, start_all
from benchmarks.stage import Databases, stage
from benchmarks.traffic import ENOUGH
from tests.factories.people import World
from tests.support.processes import wait_until
from tests.support.writers import Writers
from webapp.models import Contact

# The number of contacts to delete; a long restore outlasts them.
CONTACTS = 2000
LONGEST_WAIT_MS = 250


def measure(made: Databases, url: str, world: World) -> Iterator[Figure]:
    """Figures of two people's writes beside a restore of the whole bin, on a copy of the one at `url`."""
    with made.copy(url) as copy, stage(copy) as here, here.web() as web, here.worker() as worker:
        live = select(Contact.id).where(Contact.workspace_id == world.id, Contact.deleted_at.is_(None))
        with Session(here.engine) as session:
            edited, *deleted = session.scalars(live.order_by(Contact.id).limit(CONTACTS)).all()
        writers = Writers(here.engine, web.wire(world.admin.email), world.id, edited, deleted)
        wait_until(lambda: worker.child("restore"))
        job_id = start_all(here, world)[0]
        took = writers.write_while(lambda: is_active(here.engine, job_id))
    yield without_goal("Writes while restoring", len(took))
    # A small restore ends before there are enough writes.
    if len(took) >= ENOUGH:
        percentiles = [1000 * seconds for seconds in quantiles(took, n=20)]
        yield without_goal("Median of a write while restoring", percentiles[9], "ms")
        yield at_most("95th percentile of a write while restoring", percentiles[18], LONGEST_WAIT_MS, "ms")
