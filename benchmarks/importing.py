"""An import from a file, beside the database's own loading of the same rows into the same tables."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, at_most, without_goal
from benchmarks.loading import MEMORY_MB, run, write_file
from benchmarks.stage import Databases, stage
from webapp.jobs.settings import LEAST_REST_SECONDS
from webapp.models import Contact, Job, JobBatch

# Of a bare COPY (PostgreSQL).
GOAL = 0.5
LONGEST_SECONDS = {"postgresql": 1.0, "sqlite": 0.1}
# What the rows of a contact point to: there before the clock starts.
NAMES = ("account", "mailing_list", "tag")
# The tables of the rows, with the column by which the rows of the file are told from others.
ROWS = {
    "contact": "id",
    "contact_search": "contact_id",
    "subscription": "contact_id",
    "contact_tag": "contact_id",
    "import_line": "contact_id",
    "automation_run": "contact_id",
}


def measure(made: Databases, contacts: int, *, judged: bool) -> Iterator[Figure]:
    """How fast `flask contacts import` is, how long its transactions are, and what memory it takes."""
    with made.empty() as url, TemporaryDirectory(prefix="restore-bench-") as folder:
        with stage(url) as here:
            run(here.environ, "db", "upgrade")
            run(here.environ, "demo", "--contacts", "1000", "--deleted", "1000")
        with made.copy(url) as bare, stage(url) as here:
            file = Path(folder) / "contacts.csv"
            write_file(file, contacts)
            before = last_id(here.engine)
            seconds, memory = run(here.environ, "contacts", "import", str(file))
            job, longest = _job(here.engine)
            assert job.count("added") == contacts
            here.engine.dispose()
            floor = bare_import(url, bare, before)
    yield without_goal("flask contacts import, rows a second, with reading the file", contacts / seconds)
    assert job.started_at
    assert job.finished_at
    rate = contacts / (job.finished_at - job.started_at).total_seconds()
    yield without_goal("The job, rows a second", rate)
    yield without_goal("The database alone with the same rows, rows a second", contacts / floor)
    part = rate * floor / contacts
    is_judged = judged and made.kind == "postgresql"
    what = "The job, the database alone being 1"
    yield at_least(what, part, GOAL) if is_judged else without_goal(what, part)
    yield at_most("Its longest batch", longest, LONGEST_SECONDS[made.kind], "s")
    early, late = memory[len(memory) // 4], max(memory)
    yield without_goal("Its memory after a quarter of the time", early / 1e6, "MB")
    yield at_most("and how much it has grown since", (late - early) / 1e6, MEMORY_MB, "MB")


def last_id(engine: Engine) -> int:
    """The highest id of a contact."""
    with Session(engine) as session:
        return session.scalar(select(func.max(Contact.id))) or 0


def _job(engine: Engine) -> tuple[Job, float]:
    """The import, and how many seconds its longest batch took. It is read from the moments at which batches
    began, and where a job rests, it rests for as long as the batch took (webapp/jobs/settings.py)."""
    with Session(engine, expire_on_commit=False) as session:
        job = session.scalars(select(Job).where(Job.kind == "import")).one()
        began = session.scalars(select(JobBatch.at).where(JobBatch.job_id == job.id).order_by(JobBatch.id))
        moments = [*began, job.finished_at]
        session.expunge(job)
    gaps = [
        (after - at).total_seconds()
        for at, after in pairwise(moments)
        if after is not None and at is not None
    ]
    rests = bool(LEAST_REST_SECONDS[engine.dialect.name])
    return job, max(gaps, default=0.0) / (2 if rests else 1)


def bare_import(source: str, target: str, before: int, clock: Callable[[], float] = time.monotonic) -> float:
    """How many seconds of `clock` the database needs to load the rows of contacts with an id above `before`
    from `source` into `target`."""
    return (_insert if target.startswith("sqlite") else _copy)(source, target, before, clock)


def _copy(source: str, target: str, before: int, clock: Callable[[], float]) -> float:
    """PostgreSQL COPYs the rows, each table's in one statement."""
    with psycopg.connect(source) as reading, psycopg.connect(target) as writing:
        held = {name: _copied_out(reading, name, column, before) for name, column in ROWS.items()}
        for name in NAMES:
            last = writing.execute(
                SQL("SELECT coalesce(max(id), 0) FROM {}").format(Identifier(name))
            ).fetchone()
            assert last
            _copied_in(writing, name, _copied_out(reading, name, "id", last[0]))
        writing.commit()
        begun = clock()
        for name, data in held.items():
            _copied_in(writing, name, data)
        writing.commit()
        return clock() - begun


def _copied_out(connection: psycopg.Connection, name: str, column: str, after: int) -> BytesIO:
    rows = SQL("COPY (SELECT * FROM {} WHERE {} > {}) TO STDOUT (FORMAT BINARY)").format(
        Identifier(name), Identifier(column), after
    )
    held = BytesIO()
    with connection.cursor().copy(rows) as stream:
        for data in stream:
            held.write(data)
    return held


def _copied_in(connection: psycopg.Connection, name: str, data: BytesIO) -> None:
    statement = SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(Identifier(name))
    with connection.cursor().copy(statement) as stream:
        stream.write(data.getbuffer())


def _insert(source: str, target: str, before: int, clock: Callable[[], float]) -> float:
    """SQLite inserts the rows from another file."""
    with closing(sqlite3.connect(target.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("ATTACH ? AS source", [source.removeprefix("sqlite:///")])
        for name in NAMES:
            connection.execute(f"INSERT OR IGNORE INTO {name} SELECT * FROM source.{name}")  # noqa: S608
        connection.commit()
        begun = clock()
        for name, column in ROWS.items():
            rows = f"SELECT * FROM source.{name} WHERE {column} > ?"  # noqa: S608
            connection.execute(f"INSERT INTO {name} {rows}", [before])
        connection.commit()
        return clock() - begun
