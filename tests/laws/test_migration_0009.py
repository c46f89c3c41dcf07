"""Migration 0009 sets texts apart that can name a person, and adopts what the first release has written."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from tests.laws.test_migrations import scratch
from webapp.extensions import db
from webapp.models import AuditEvent, Job, PrivateText, UtcDateTime
from webapp.restoring.request import scope_of

__all__ = ["scratch"]

NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO = NOW - timedelta(days=31)
# (id, state, when, whether only the first release knows it)
JOBS = [
    (1, "done", NOW, False),
    (2, "done", LONG_AGO, False),
    (3, "running", NOW, False),
    (4, "failed", NOW, True),
]
INSERT_JOB = text("""
    INSERT INTO restore_job (id, uuid, workspace_id, requested_by, job_kind, exclusive_group, number, kind,
        scope, scope_hash, scope_words, request, as_of, through_number, expected, idempotency_key, state,
        fence, lease_until, rung_at, claims_since_progress, restored, skipped, failed, cursor_deleted_at,
        cursor_id, why, created_at)
    VALUES (:id, :key, 1, 1, 'restore', 'restore', :number, 'filters',
        :scope, 'hash', 'All like Ann.', :request, :now, 1, 3, :key, :state, 1,
        :now, :now, 0, 2, 0, 1, :now, 7,
        :why, :at)
""").bindparams(bindparam("now", type_=UtcDateTime()), bindparam("at", type_=UtcDateTime()))
INSERT_EVENT = text("""
    INSERT INTO audit_event (id, workspace_id, at, action, subject, detail)
    VALUES (:id, 1, :at, 'contacts.imported', 'workspace:1', :detail)
""").bindparams(bindparam("at", type_=UtcDateTime()))


def scope(key: str) -> dict[str, Any]:
    filters = {"q": "ann", "since": None, "before": None, "deleted_by": None, "deletion": None}
    return {
        "workspace_id": 1,
        "as_of": NOW.isoformat(),
        "through_number": 1,
        "key": key,
        "expected": 3,
        "ids": [],
        "filters": filters,
        "plan_digest": "",
        "skips": {},
    }


@pytest.fixture
def filled(scratch: object) -> None:
    """The database as the previous release leaves it."""
    upgrade(revision="0008")
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("INSERT INTO workspace (id, name, timezone) VALUES (1, 'W', 'UTC')"))
        connection.execute(
            text(
                "INSERT INTO app_user (id, workspace_id, email, name, password_hash, is_active)"
                " VALUES (1, 1, 'a@example.com', 'Ann', '', true)"
            )
        )
        for job_id, state, at, is_old in JOBS:
            values = scope(str(job_id))
            prose = {"title": "Restore all?", "words": "All like Ann.", "skips": []}
            connection.execute(
                INSERT_JOB,
                {
                    "id": job_id,
                    "key": str(job_id),
                    "state": state,
                    "now": NOW,
                    "at": at,
                    "number": None if is_old else job_id,
                    "scope": json.dumps(values | prose),
                    "request": None if is_old else json.dumps(values | {"search": ["ann", 1]}),
                    "why": "Stopped." if is_old else None,
                },
            )
        for event_id, at, file in (
            (1, NOW, "Ann Lee.csv"),
            (2, LONG_AGO, "Ann.csv"),
            (3, NOW, "Ann\udcff.csv"),
        ):
            detail = json.dumps({"contacts": 2, "file": file})
            connection.execute(INSERT_EVENT, {"id": event_id, "at": at, "detail": detail})


def everything_stored() -> str:
    """The rows of jobs and events as one text."""
    with db.engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in ("restore_job WHERE state <> 'running'", "audit_event")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ).lower()


def test_texts_of_ended_jobs_and_of_imports_are_set_apart(filled: None) -> None:
    assert "like ann" in everything_stored()

    upgrade()

    assert "ann" not in everything_stored()
    with Session(db.engine) as session:
        kept = {row.subject: (row.text, row.created_at) for row in session.query(PrivateText)}
        assert kept == {
            "restore_job:1": ('["ann", 1]', NOW),
            "restore_job:4": ('["ann", 0]', NOW),
            "audit_event:1": ("Ann Lee.csv", NOW),
            "audit_event:3": ("Ann\\udcff.csv", NOW),
        }, "those of the window"
        meant = {job_id: scope_of(session.get_one(Job, job_id)) for job_id in (1, 2, 3)}
        assert {job_id: filters.filters and filters.filters.q for job_id, filters in meant.items()} == {
            1: "ann",
            2: "\uffff",
            3: "ann",
        }
        assert [job_id for job_id, meaning in meant.items() if meaning.is_forgotten] == [2]
        assert session.get_one(AuditEvent, 1).detail == {"contacts": 2}


def test_what_only_the_first_release_has_written_is_adopted(filled: None) -> None:
    upgrade()

    with Session(db.engine) as session:
        job = session.get_one(Job, 4)
        assert (job.number, job.counts) == (4, {"restored": 2, "skipped": 0, "failed": 1})
        assert job.cursor == [NOW.isoformat(), 7]
        assert job.reason == {"code": "previous_release", "words": "Stopped."}
        assert (scope_of(job).key, scope_of(job).expected) == ("4", 3)


def test_a_downgrade_puts_the_words_back(filled: None) -> None:
    upgrade()
    downgrade(revision="0008")

    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, scope, request FROM restore_job ORDER BY id"))
        read = {row.id: [json.loads(v) if isinstance(v, str) else v for v in row[1:]] for row in rows}
    for job_id, q in ((1, "ann"), (2, "\uffff"), (3, "ann"), (4, "ann")):
        old, request = read[job_id]
        assert (old["filters"]["q"], request["filters"]["q"], old["key"]) == (q, q, str(job_id))
