"""A purge of all that was deleted, beside the same deletes in bare SQL."""

import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from statistics import mean

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, at_most, without_goal
from benchmarks.floor import Psycopg, Sqlite
from benchmarks.stage import Databases, Stage, stage
from tests.factories.people import World
from webapp.clock import read_clock
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings, Rest
from webapp.models import Contact, Deletion, Job, JobBatch
from webapp.purging.work import PURGE, start
from webapp.worker.kinds import KINDS

BACK = timedelta(days=64)
NEXT = "SELECT id FROM contact WHERE deleted_at IS NOT NULL ORDER BY deleted_at, id LIMIT :size"
COUNTED = """
    UPDATE deletion SET in_bin = in_bin - (SELECT count(*) FROM contact
    WHERE contact.deletion_id = deletion.id AND contact.id {these})
    WHERE id IN (SELECT deletion_id FROM contact WHERE id {these})
"""
DELETES = (
    COUNTED,
    "UPDATE campaign_send SET contact_id = NULL, automation_run_id = NULL WHERE contact_id {these}",
    "UPDATE suppression SET contact_id = NULL WHERE contact_id {these}",
    "DELETE FROM contact_search WHERE contact_id {these}",
    "DELETE FROM subscription WHERE contact_id {these}",
    "DELETE FROM contact_tag WHERE contact_id {these}",
    "DELETE FROM deal_contact WHERE contact_id {these}",
    "DELETE FROM contact_note WHERE contact_id {these}",
    "DELETE FROM automation_run WHERE contact_id {these}",
    "DELETE FROM contact WHERE id {these}",
)


def measure(made: Databases, url: str, world: World, *, judged: bool) -> Iterator[Figure]:
    """Figures of a purge of all that is deleted in copies of the database at `url`; bare SQL comes before and
    after it. `judged` says whether the size is the one that the goals are for."""
    size, rest = PURGE.batch_sizes[made.kind], Rest.on(made.kind)
    floors = []
    for turn in range(2):
        with made.copy(url) as copy:
            with stage(copy) as here:
                move_back(here.engine)
            floors.append(bare_purge(copy, size, rest))
        if turn == 0:
            with made.copy(url) as copy, stage(copy) as here:
                move_back(here.engine)
                rate, longest = purge(here, world, size, rest)
    yield without_goal("Contacts purged a second", rate)
    yield without_goal("Contacts purged a second, bare SQL", mean(floors))
    share = rate / mean(floors)
    yield (at_least("Part of bare SQL", share, 0.6) if judged else without_goal("Part of bare SQL", share))
    yield at_most("Longest batch, its rest included", longest, 1.0 if made.kind == "postgresql" else 0.2, "s")


def move_back(engine: Engine) -> None:
    """Let all that is deleted have been deleted long ago."""
    with Session(engine.execution_options(writes=True)) as session:
        for deletion_id, at in session.execute(select(Deletion.id, Deletion.created_at)).all():
            session.execute(
                update(Deletion).where(Deletion.id == deletion_id).values(created_at=at - BACK),
                execution_options={"synchronize_session": False},
            )
            session.execute(
                update(Contact)
                .where(Contact.deletion_id == deletion_id, Contact.deleted_at.is_not(None))
                .values(deleted_at=at - BACK),
                execution_options={"synchronize_session": False},
            )
        session.commit()


def purge(here: Stage, world: World, size: int, rest: Rest) -> tuple[float, float]:
    """Contacts a second, and how long the longest batch took in seconds."""
    lock = here.services.lock
    with Session(here.engine) as session:
        key, now = str(uuid.uuid4()), read_clock(session)
        job_id = start(session, lock, lambda *_: None, workspace_id=world.id, key=key, now=now).id
        begun = time.perf_counter()
        carry_out(session, lock, KINDS, job_id, settings=BatchSettings(300, size, rest=rest))
        seconds = time.perf_counter() - begun
        job = session.get_one(Job, job_id, populate_existing=True)
        moments = session.scalars(select(JobBatch.at).where(JobBatch.job_id == job_id).order_by(JobBatch.id))
        gaps = [(end - begin).total_seconds() for begin, end in pairwise(moments)]
        return job.count("purged") / seconds, max(gaps, default=0.0)


def bare_purge(url: str, size: int, rest: Rest) -> float:
    """The same deletes in bare SQL, in batches of the same size, with the same rests; contacts a second."""
    driver = Sqlite(url) if url.startswith("sqlite") else Psycopg(url)
    contacts, begun = 0, time.perf_counter()
    with closing(driver.connection):
        while True:
            batch_begun = time.perf_counter()
            driver.execute(driver.begin, {})
            ids = [row[0] for row in driver.execute(NEXT, {"size": size}).fetchall()]
            for statement in DELETES:
                driver.execute(statement.format(these=driver.these), {"ids": driver.listed(ids)})
            driver.execute("COMMIT", {})
            contacts += len(ids)
            if len(ids) < size:
                return contacts / (time.perf_counter() - begun)
            time.sleep(rest.after(time.perf_counter() - batch_begun))
