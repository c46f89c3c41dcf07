"""How long requests take, for Prometheus. The times are each process's own: they are kept in files, which the
processes of one server share, and are added up when they are asked for (`views/metrics.py`)."""

import os
import tempfile
from pathlib import Path

from flask import Flask
from prometheus_client import CollectorRegistry, Histogram, values

from webapp.private_files import make_private_folder
from webapp.web.access_log import Observer

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# In seconds.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def init_request_times(app: Flask) -> list[Observer]:
    """What the access log has to tell of each request: nothing if metrics are off."""
    if app.config["METRICS_TOKEN"] is None:
        return []
    if FOLDER not in os.environ:
        # gunicorn's processes have one parent.
        folder = Path(tempfile.gettempdir()) / f"restore-metrics-{os.getuid()}-{os.getppid()}"
        make_private_folder(folder)
        os.environ[FOLDER] = str(folder)
    # It chooses by the environment when it is imported, which is before now.
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]  # it has no types
    times = Histogram(
        "restore_request_seconds",
        "Time of a request, until the last byte of its answer was taken.",
        ["method", "endpoint", "status"],
        registry=CollectorRegistry(),
        buckets=BUCKETS,
    )

    def observe(method: str, endpoint: str, status: int, seconds: float) -> None:
        times.labels(method, endpoint, f"{status // 100}xx").observe(seconds)

    return [observe]
