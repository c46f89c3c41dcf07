"""All live contacts exported, beside a bare COPY of the same columns out of the database."""

import csv
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from itertools import pairwise

import psutil
import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, at_most, without_goal
from benchmarks.stage import Databases, Stage, stage
from tests.factories.people import World
from webapp.contacts.wanted import Wanted
from webapp.exporting.live import LiveContacts
from webapp.jobs.files import file_of, read_parts
from webapp.jobs.run import carry_out
from webapp.jobs.start import start
from webapp.jobs.work import Order
from webapp.models import JobBatch, Workspace
from webapp.worker.kinds import EXPORT, KINDS

# Of each contact: its tags, and its lists by status, as the database joins them.
NAMES = """
    (SELECT {joined}(tag.name, '; ') FROM contact_tag JOIN tag ON tag.id = tag_id
     WHERE contact_id = contact.id AND tag.deleted_at IS NULL)
"""
LISTS = """
    (SELECT {joined}(mailing_list.name, '; ') FROM subscription
     JOIN mailing_list ON mailing_list.id = list_id
     WHERE contact_id = contact.id AND status = '{status}' AND mailing_list.deleted_at IS NULL)
"""
STATUSES = ("subscribed", "unconfirmed", "unsubscribed", "bounced")


def bare_query(joined: str, workspace_id: int) -> str:
    """The columns of an export in one statement."""
    columns = [NAMES.format(joined=joined), *(LISTS.format(joined=joined, status=each) for each in STATUSES)]
    # Nothing in it is input.
    return f"""
        SELECT contact.email, first_name, last_name, phone, account.name, {", ".join(columns)},
               contact.created_at
        FROM contact LEFT JOIN account ON account.id = account_id AND account.deleted_at IS NULL
        WHERE contact.workspace_id = {workspace_id} AND contact.deleted_at IS NULL
        ORDER BY contact.created_at DESC, contact.id DESC
    """  # noqa: S608


def measure(made: Databases, url: str, world: World) -> Iterator[Figure]:
    """Figures of an export of all live contacts of a copy of the database at `url`."""
    with made.copy(url) as copy, stage(copy) as here:
        bare = [bare_copy(here, world) for _ in range(2)]
        rate, longest, grown = export_all(here, world)
    postgresql = made.kind == "postgresql"
    yield without_goal("Contacts a second", rate)
    yield without_goal("Contacts a second, bare COPY", sum(bare) / 2)
    yield (at_least if postgresql else _ignoring_goal)("Part of a bare COPY", rate / (sum(bare) / 2), 0.3)
    yield at_most("Longest transaction, its rest included", longest, 1 if postgresql else 0.2, "s")
    yield at_most("Memory grown since the first tenth", grown, 50, "MB")


def _ignoring_goal(what: str, value: float, _goal: float) -> Figure:
    return without_goal(what, value)


def export_all(here: Stage, world: World) -> tuple[float, float, float]:
    """Contacts a second, the longest batch in seconds, and the memory grown in MB, of an export that this
    process carries out."""
    process, memory = psutil.Process(os.getpid()), list[int]()

    def note() -> bool:
        memory.append(process.memory_info().rss)
        return False

    with Session(here.engine) as session:
        source = LiveContacts.freeze(session, Wanted(world.id), {})
        order = Order(world.id, None, str(uuid.uuid4()), source.to_request())
        lock, settings = here.services.lock, here.services.batches
        job = start(session, lock, lambda _kind, _id: None, EXPORT, order)
        begun = time.monotonic()
        assert carry_out(session, lock, KINDS, job.id, settings=settings, should_stop=note) == "done"
        seconds = time.monotonic() - begun
        times = session.scalars(select(JobBatch.at).where(JobBatch.job_id == job.id).order_by(JobBatch.id))
        moments = list(map(datetime.timestamp, times))
        file = file_of(session, job, job.finished_at or job.created_at)
        assert file is not None
        assert sum(map(len, read_parts(session, file.id))) == file.size
        warm = memory[len(memory) // 10 :] or [0]
        longest = max((end - begin for begin, end in pairwise(moments)), default=seconds)
        return job.processed / seconds, longest, (max(warm) - warm[0]) / 1e6


def bare_copy(here: Stage, world: World) -> float:
    """Contacts a second of one statement that writes the same columns as CSV, and nothing else."""
    with here.engine.connect() as connection:
        driver = connection.connection.driver_connection
        begun = time.monotonic()
        if isinstance(driver, sqlite3.Connection):
            contacts = _write(driver, world.workspace)
        else:
            assert isinstance(driver, psycopg.Connection)
            query = f"COPY ({bare_query('string_agg', world.id)}) TO STDOUT (FORMAT CSV)"
            with driver.cursor() as cursor, cursor.copy(query.encode()) as rows:
                contacts = sum(1 for _ in rows)
        return contacts / (time.monotonic() - begun)


def _write(driver: sqlite3.Connection, workspace: Workspace) -> int:
    """SQLite has no COPY: the module csv writes the rows."""
    rows = driver.execute(bare_query("group_concat", workspace.id))
    contacts = 0
    while some := rows.fetchmany(1000):
        csv.writer(StringIO()).writerows(some)
        contacts += len(some)
    return contacts
