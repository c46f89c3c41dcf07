"""Metrics for Prometheus: off unless asked for, not public, and right."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.another_app import another_app, unused_redis_url
from tests.support.restoring import expire_lease
from webapp.clock import read_clock
from webapp.jobs.claim import claim
from webapp.jobs.heartbeat import beat
from webapp.models import Job, JobBatch
from webapp.models.job import JobState
from webapp.worker.queue import QUEUES

TOKEN = "a-token-of-at-least-24-characters"
SENT = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the times of these requests are kept."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def measured(environ: dict[str, str], app: Flask, folder: Path) -> Iterator[Flask]:
    """The app with metrics on."""
    with another_app(environ, METRICS_TOKEN=TOKEN) as measured:
        yield measured


def read(app: Flask) -> dict[str, float]:
    """Each number by its name with its labels."""
    response = app.test_client().get("/metrics", headers=SENT)
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain")
    lines = [line for line in response.get_data(as_text=True).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_without_the_setting_there_are_no_metrics(app: Flask) -> None:
    for headers in ({}, SENT, {"Authorization": "Bearer None"}, {"Authorization": "Bearer "}):
        assert app.test_client().get("/metrics", headers=headers).status_code == 404


def test_without_the_token_nothing_is_told(measured: Flask) -> None:
    for given in ("", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", "Bearer \xff"):
        response = measured.test_client().get("/metrics", headers={"Authorization": given})
        assert response.status_code == 401, given
        assert "restore_" not in response.get_data(as_text=True)
    assert measured.test_client().get(f"/metrics?token={TOKEN}").status_code == 401


def test_requests_are_timed_by_route_and_not_by_path(measured: Flask) -> None:
    browser = measured.test_client()
    for path in ("/healthz", "/healthz", "/u/secret-token", "/no/such/path", "/static/none.css"):
        browser.get(path).close()

    found = {name: value for name, value in read(measured).items() if "request_seconds_count" in name}

    assert found['restore_request_seconds_count{endpoint="healthz",method="GET",status="2xx"}'] == 2
    assert found['restore_request_seconds_count{endpoint="none",method="GET",status="4xx"}'] >= 1
    assert "secret-token" not in str(found)
    assert not re.search("such|none.css", str(found))


def test_jobs_leases_batches_workers_and_queues(measured: Flask, store: Session, world: World) -> None:
    before = read(measured)
    job = Job(
        uuid="0" * 30 + str(world.id).zfill(6),
        workspace_id=world.id,
        requested_by=world.admin.id,
        kind="count",
        number=1,
        exclusive_group="count",
        request={},
        idempotency_key=str(world.id),
        lease_until=read_clock(store),
        rung_at=read_clock(store),
        created_at=read_clock(store) - timedelta(seconds=90),
    )
    store.add(job)
    store.commit()
    queued = read(measured)
    name = 'restore_jobs{kind="count",state="queued"}'
    assert queued[name] == before.get(name, 0) + 1
    assert queued['restore_job_waiting_seconds{kind="count"}'] >= 90

    held = claim(store, job.id, ["count"], lease=measured.config["LEASE_SECONDS"])
    assert held is not None
    now = read_clock(store)
    for number, seconds in enumerate((30, 27, 26)):
        at = now - timedelta(seconds=seconds)
        store.add(JobBatch(job_id=job.id, fence=1, cursor_after=number, items=100, at=at))
    expire_lease(store, job.id)
    beat(store, QUEUES)
    store.commit()
    running = read(measured)

    assert running['restore_jobs{kind="count",state="running"}'] >= 1
    assert running['restore_job_lease_age_seconds{kind="count"}'] >= measured.config["LEASE_SECONDS"]
    assert running['restore_items_per_second{kind="count"}'] == pytest.approx(1.0)
    assert running['restore_batch_seconds_mean{kind="count"}'] == pytest.approx(2.0, abs=0.01)
    assert running['restore_batch_seconds_max{kind="count"}'] == pytest.approx(3.0, abs=0.01)
    assert running['restore_worker_seen_seconds{queue="restore"}'] >= 0
    assert {f'restore_queue_depth{{queue="{name}"}}' for name in QUEUES} <= set(running)
    assert (running['restore_up{what="database"}'], running['restore_up{what="redis"}']) == (1, 1)
    job.state = JobState.DONE
    store.commit()


def test_without_redis_the_rest_is_told(environ: dict[str, str], app: Flask, folder: Path) -> None:
    with another_app(environ, METRICS_TOKEN=TOKEN, REDIS_URL=unused_redis_url(folder)) as lonely:
        found = read(lonely)

    assert (found['restore_up{what="database"}'], found['restore_up{what="redis"}']) == (1, 0)
    assert not any("queue_depth" in name for name in found)
