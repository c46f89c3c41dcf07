"""The floor: the writes of a restore in bare SQL through the driver alone, at full speed.

What the app does as well is here (fence, conflict check, twins, deals, both ledgers, history, one transaction
a batch, the same rests), and nothing of what makes it an app.
"""

import re
import sqlite3
import time
from collections import Counter
from contextlib import closing
from typing import Any

import psycopg

from webapp.database import WHOLE_TABLE_PLANS
from webapp.jobs.settings import Rest

TIES = "; ".join(f"SET enable_{way} = off" for way in WHOLE_TABLE_PLANS)

JOB = """
    INSERT INTO restore_job (uuid, workspace_id, requested_by, kind, scope, scope_hash, scope_words, as_of,
        through_number, expected, idempotency_key, state, fence, lease_until, rung_at, claims_since_progress,
        restored, skipped, failed, created_at)
    SELECT 'floor', workspace_id, max(user_id), 'filters', '{}', '', '', max(created_at), max(number), 0,
        'floor', 'running', 1, max(created_at), max(created_at), 1, 0, 0, 0, max(created_at)
    FROM deletion GROUP BY workspace_id
    RETURNING id, workspace_id, through_number, as_of
"""
PROVE = "UPDATE restore_job SET lease_until = :now WHERE id = :job AND fence = 1 AND state = 'running'"
JUDGE = """
    SELECT contact.id, contact.deletion_id, contact.deleted_at, contact.email_key,
        (SELECT holder.id FROM contact AS holder WHERE holder.email_key = contact.email_key
         AND holder.workspace_id + 0 = :workspace AND holder.deleted_at IS NULL)
    FROM contact JOIN deletion ON deletion.id = contact.deletion_id
    WHERE contact.workspace_id = :workspace AND contact.deleted_at IS NOT NULL
    AND contact.merged_into_id IS NULL AND deletion.completed_at IS NOT NULL
    AND deletion.number <= :through {after}
    ORDER BY contact.deleted_at DESC, contact.id DESC LIMIT :size
"""
AFTER = "AND (contact.deleted_at, contact.id) < (:at, :last)"
BACK = (
    "UPDATE contact SET deleted_at = NULL, restore_job_id = :job WHERE id {these} AND deleted_at IS NOT NULL"
)
DEALS = """
    UPDATE deal_contact SET detached_at = NULL, detached_by_deletion_id = NULL, is_primary = :no
    WHERE contact_id {these} AND detached_by_deletion_id =
        (SELECT deletion_id FROM contact WHERE contact.id = deal_contact.contact_id)
    AND EXISTS (SELECT 1 FROM deal WHERE deal.id = deal_contact.deal_id AND deal.deleted_at IS NULL)
"""
LEDGER = """
    INSERT INTO restore_outcome (job_id, contact_id, outcome, version)
    SELECT :job, contact.id, 'restored', contact.version FROM {table} JOIN contact ON contact.id = {each}
"""
LINKS = """
    INSERT INTO restore_link (job_id, effect, kind, item_id, contacts)
    SELECT :job, 'lost', 'deal', deal.id, count(*)
    FROM {table} JOIN contact ON contact.id = {each}
    JOIN deal_contact ON deal_contact.contact_id = contact.id JOIN deal ON deal.id = deal_contact.deal_id + 0
    WHERE deal_contact.detached_by_deletion_id = contact.deletion_id
    AND CASE WHEN deal.deleted_at IS NOT NULL THEN 1 ELSE 0 END = 1 GROUP BY deal.id
    UNION ALL
    SELECT :job, 'mailable', 'mailing_list', mailing_list.id, count(*)
    FROM {table} JOIN subscription ON subscription.contact_id = {each}
    JOIN mailing_list ON mailing_list.id = subscription.list_id + 0
    WHERE subscription.status = 'subscribed' AND mailing_list.deleted_at IS NULL GROUP BY mailing_list.id
    ON CONFLICT (job_id, effect, kind, item_id) DO UPDATE
    SET contacts = restore_link.contacts + excluded.contacts
"""
SKIPPED = """
    INSERT INTO restore_outcome (job_id, contact_id, outcome, reason, other_contact_id)
    VALUES (:job, :contact, 'skipped', :reason, :other)
"""
COUNTED = "UPDATE deletion SET in_bin = in_bin - :number WHERE id = :deletion"
HISTORY = "INSERT INTO restore_batch (job_id, fence, contacts, at) VALUES (:job, 1, :met, :now)"
MOVED = """
    UPDATE restore_job SET restored = restored + :restored, skipped = skipped + :skipped,
        cursor_deleted_at = :at, cursor_id = :last WHERE id = :job
"""

Values = dict[str, Any]


class Psycopg:
    """PostgreSQL through its driver alone."""

    these, each, table = "= ANY(:ids)", "listed.id", "unnest(CAST(:ids AS bigint[])) AS listed(id)"
    begin, no = "BEGIN", False

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute(TIES)

    def execute(self, statement: str, values: Values) -> Any:
        return self.connection.execute(self._named(statement), values)

    def many(self, statement: str, several: list[Values]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(self._named(statement), several)

    def listed(self, ids: list[int]) -> str:
        return "{" + ",".join(map(str, ids)) + "}"

    def _named(self, statement: str) -> Any:
        return re.sub(r":(\w+)", r"%(\1)s", statement)


class Sqlite:
    """SQLite through its driver alone."""

    these = "IN (SELECT value FROM json_each(:ids))"
    each, table = "listed.value", "json_each(:ids) AS listed"
    begin, no = "BEGIN IMMEDIATE", 0

    def __init__(self, url: str) -> None:
        self.connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
            self.connection.execute(f"PRAGMA {pragma}")

    def execute(self, statement: str, values: Values) -> Any:
        return self.connection.execute(statement, values)

    def many(self, statement: str, several: list[Values]) -> None:
        self.connection.executemany(statement, several)

    def listed(self, ids: list[int]) -> str:
        return "[" + ",".join(map(str, ids)) + "]"


def bare_restore(url: str, size: int, rest: Rest) -> float:
    """Restore all that is in the bin of the database at `url`; contacts a second.

    In batches of `size`, each followed by the same rest as the app's.
    """
    driver = Sqlite(url) if url.startswith("sqlite") else Psycopg(url)
    with closing(driver.connection):
        job, workspace, through, now = driver.execute(JOB, {}).fetchone()
        common: Values = {"job": job, "workspace": workspace, "through": through, "now": now}
        common |= {"size": size, "no": driver.no}
        place: Values = {}
        contacts, begun = 0, time.perf_counter()
        while True:
            batch_begun = time.perf_counter()
            driver.execute(driver.begin, {})
            met, place = _batch(driver, common, place)
            driver.execute("COMMIT", {})
            contacts += met
            if met < size:
                return contacts / (time.perf_counter() - begun)
            time.sleep(rest.after(time.perf_counter() - batch_begun))


def _batch(driver: Psycopg | Sqlite, common: Values, place: Values) -> tuple[int, Values]:
    """How many contacts the batch processed, and where it ended."""
    driver.execute(PROVE, common)
    rows = driver.execute(JUDGE.format(after=AFTER if place else ""), common | place).fetchall()
    coming: list[Any] = []
    staying: list[Any] = []
    first: dict[str | None, int] = {}
    for row in rows:
        preferred = first.setdefault(row[3], row[0])
        (coming if row[4] is None and preferred == row[0] else staying).append(row)
    ids = common | {"ids": driver.listed([row[0] for row in coming])}
    driver.execute(BACK.format(these=driver.these), ids)
    driver.execute(DEALS.format(these=driver.these), ids)
    for deletion, number in Counter(row[1] for row in coming).items():
        driver.execute(COUNTED, {"deletion": deletion, "number": number})
    for statement in (LEDGER, LINKS):
        driver.execute(statement.format(each=driver.each, table=driver.table), ids)
    skipped = [
        {"contact": row[0], "reason": "email_taken" if row[4] else "twin", "other": row[4] or first[row[3]]}
        for row in staying
    ]
    if skipped:
        driver.many(SKIPPED, [common | each for each in skipped])
    driver.execute(HISTORY, common | {"met": len(rows)})
    if rows:
        place = {"at": rows[-1][2], "last": rows[-1][0]}
        driver.execute(MOVED, common | place | {"restored": len(coming), "skipped": len(staying)})
    return len(rows), place
