"""All live contacts deleted by a real worker, beside the floor: the same writes in bare SQL."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from statistics import mean
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, at_most, without_goal
from benchmarks.floor import Psycopg, Sqlite, Values
from benchmarks.restoring import PATIENCE, is_active, pages_ms, timed
from benchmarks.stage import Databases, Stage, stage
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.processes import wait_until
from webapp.contacts.delete_work import DELETE
from webapp.jobs.settings import Rest
from webapp.models import Job, JobBatch

# "Confirming answers in under 300 ms."
START_MS = 300
DELETION = """
    INSERT INTO deletion (workspace_id, created_at, source, description, contact_count, in_bin)
    SELECT workspace_id, max(created_at), 'floor', '', 0, 0 FROM deletion GROUP BY workspace_id
    RETURNING id, workspace_id, created_at
"""
JOB = """
    INSERT INTO restore_job (uuid, workspace_id, kind, scope_words, idempotency_key, state, fence,
        lease_until, rung_at, claims_since_progress, restored, skipped, failed, created_at)
    VALUES ('floor', :workspace, 'filters', '', 'floor', 'running', 1, :now, :now, 1, 0, 0, 0, :now)
    RETURNING id
"""
PROVE = "UPDATE restore_job SET lease_until = :now WHERE id = :job AND fence = 1 AND state = 'running'"
WALK = """
    SELECT created_at, id, updated_at, restore_job_id FROM contact
    WHERE workspace_id = :workspace AND deleted_at IS NULL {after} ORDER BY created_at, id LIMIT :size
"""
AFTER = "AND (created_at, id) > (:at, :last)"
GONE = """
    UPDATE contact SET deleted_at = :now, deletion_id = :deletion, version = version + 1, updated_at = :now
    WHERE id {these} AND CASE WHEN deleted_at IS NULL THEN 1 ELSE 0 END = 1
"""
COUNTED = (
    "UPDATE deletion SET in_bin = in_bin + :size, contact_count = contact_count + :size WHERE id = :deletion"
)
DETACHED = """
    UPDATE deal_contact SET detached_at = :now, detached_by_deletion_id = :deletion
    WHERE contact_id {these} AND detached_at IS NULL
    AND EXISTS (SELECT 1 FROM deal WHERE deal.id = deal_contact.deal_id AND deal.deleted_at IS NULL)
"""
TOUCHED = """
    SELECT deal_id FROM deal_contact WHERE contact_id {these}
    AND CASE WHEN detached_by_deletion_id = :deletion THEN 1 ELSE 0 END = 1
"""
EMPTY = """
    UPDATE deal SET deleted_at = :now, deleted_by_deletion_id = :deletion
    WHERE id IN ({touched}) AND deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM deal_contact
    WHERE deal_contact.deal_id = deal.id AND deal_contact.detached_at IS NULL)
"""
PROMOTED = """
    UPDATE deal_contact SET is_primary = :yes WHERE deal_id IN ({touched} AND is_primary)
    AND detached_at IS NULL AND id = (SELECT other.id FROM deal_contact AS other
    WHERE other.deal_id = deal_contact.deal_id AND other.detached_at IS NULL
    ORDER BY other.attached_at, other.id LIMIT 1)
"""
DEMOTED = (
    "UPDATE deal_contact SET is_primary = :no WHERE contact_id {these} AND is_primary AND detached_at = :now"
)
ENDED = (
    "UPDATE automation_run SET state = 'ended' WHERE contact_id {these} AND state IN ('queued', 'waiting')",
    "UPDATE campaign_send SET state = 'ended' WHERE contact_id {these} AND state = 'pending'",
)
HISTORY = "INSERT INTO restore_batch (job_id, fence, contacts, at) VALUES (:job, 1, :size, :now)"


def measure(made: Databases, url: str, world: World, *, judged: bool) -> Iterator[Figure]:
    """Figures of deleting all live contacts of copies of the database at `url`."""
    with made.copy(url) as copy, stage(copy) as here:
        batches = here.services.batches
        size = batches.size_for(DELETE.batch_sizes, here.engine.dialect.name)
        before = pages_ms(here, world)
        deleted = _delete_all(here, world)
        after = pages_ms(here, world)
    with made.copy(url) as copy:
        floor = bare_deletion(copy, size, batches.rest)
    postgresql = made.kind == "postgresql"
    yield without_goal("Contacts a second", deleted["rate"])
    yield without_goal("Contacts a second, bare SQL", floor)
    yield at_least("Part of bare SQL", deleted["rate"] / floor, 0.6)
    yield at_most("Longest transaction, its rest included", deleted["longest"], 1 if postgresql else 0.1, "s")
    yield at_least("Last tenth, the first being 1", deleted["last_to_first"], 0.8)
    yield (at_most if judged else _ignoring_goal)("Opening the dialog", deleted["asked"], START_MS, "ms")
    yield at_most("Confirming it", deleted["started"], START_MS, "ms")
    for page, ms in after.items():
        yield without_goal(f"{page} afterwards, before being 1", ms / before[page])


def _ignoring_goal(what: str, value: float, _goal: float, unit: str = "") -> Figure:
    return without_goal(what, value, unit)


def start_all(here: Stage, world: World) -> tuple[int, float, float]:
    """Confirm "Delete all" on the pages; the job, and how many ms asking and confirming took."""
    browser = Browser(here.app, world.admin)
    dialog, asked = timed(lambda: browser.get("/contacts/delete-all"))
    typed = [part for part in dialog.words("#confirm-title").split() if part[0].isdigit()]
    form = dialog.one("#delete-many")
    answer, confirmed = timed(lambda: browser.submit(dialog, form, number=typed[0]))
    return int(answer.path.rpartition("/")[2]), asked, confirmed


def _delete_all(here: Stage, world: World) -> dict[str, float]:
    """Start the deletion of all live contacts, and watch a worker carry it out."""
    with here.worker() as worker:
        wait_until(lambda: worker.child(DELETE.queue))
        job_id, asked, started = start_all(here, world)
        wait_until(lambda: not is_active(here.engine, job_id), seconds=PATIENCE)
        end = time.time()
    with Session(here.engine) as session:
        job = session.get_one(Job, job_id)
        assert job.state == "done", job.reason
        assert job.started_at is not None
        at = session.scalars(select(JobBatch.at).where(JobBatch.job_id == job_id).order_by(JobBatch.id)).all()
        moments = [*map(datetime.timestamp, at), end]
        gaps = [later - earlier for earlier, later in pairwise(moments)]
        full = gaps[:-1]
        tenth = max(1, len(full) // 10)
        return {
            "rate": job.count("deleted") / (end - job.started_at.timestamp()),
            "longest": max(gaps),
            "last_to_first": mean(full[:tenth]) / mean(full[-tenth:]) if full else 1.0,
            "asked": asked,
            "started": started,
        }


def bare_deletion(url: str, size: int, rest: Rest) -> float:
    """Delete all live contacts of the database at `url` in batches of `size`, each followed by the same rest
    as the app's; contacts a second."""
    driver = Sqlite(url) if url.startswith("sqlite") else Psycopg(url)
    with closing(driver.connection):
        deletion, workspace, now = driver.execute(DELETION, {}).fetchone()
        values: Values = {"deletion": deletion, "workspace": workspace, "now": now, "size": size}
        [job] = driver.execute(JOB, values).fetchone()
        values |= {"job": job, "no": driver.no, "yes": not driver.no}
        contacts, begun = 0, time.perf_counter()
        while True:
            batch_begun = time.perf_counter()
            driver.execute(driver.begin, {})
            met = _batch(driver, values)
            driver.execute("COMMIT", {})
            contacts += met
            if met < size:
                return contacts / (time.perf_counter() - begun)
            time.sleep(rest.after(time.perf_counter() - batch_begun))


def _batch(driver: Psycopg | Sqlite, values: Values) -> int:
    """How many contacts the batch deleted; the place where it ended goes into `values`."""
    driver.execute(PROVE, values)
    rows: list[Any] = driver.execute(WALK.format(after=AFTER if "at" in values else ""), values).fetchall()
    if not rows:
        return 0
    values |= {"at": rows[-1][0], "last": rows[-1][1], "ids": driver.listed([row[1] for row in rows])}
    these = {"these": driver.these}
    touched = TOUCHED.format(**these)
    for statement in (GONE, DETACHED, EMPTY, PROMOTED, DEMOTED, *ENDED):
        driver.execute(statement.format(touched=touched, **these), values)
    for statement in (COUNTED, HISTORY):
        driver.execute(statement, values | {"size": len(rows)})
    return len(rows)
