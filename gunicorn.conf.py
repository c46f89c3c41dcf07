"""How the web processes run, on every host: gunicorn reads this file where it is started.

A command line overrides it, as `make run` does. The port is PORT, by gunicorn itself.
"""

import os

from serving.limits import UnreadableLimit, read_limits, whole
from serving.worker import BufferingWorker

try:
    workers = whole(os.environ, "WEB_CONCURRENCY", 2, most=64)
    threads = whole(os.environ, "WEB_THREADS", 8, most=64)
    BufferingWorker.limits = read_limits(os.environ)
except UnreadableLimit as error:
    raise SystemExit(str(error)) from None

wsgi_app = "webapp:create_app()"
worker_class = BufferingWorker
# A process is replaced after so many requests: what it has leaked is then given back. Another one answers
# until then.
max_requests, max_requests_jitter = (20_000, 2_000) if workers > 1 else (0, 0)
# Heroku kills a process 30 seconds after it has asked it to stop.
graceful_timeout = 25
control_socket_disable = True
# The app logs what it answers (`webapp/web/access_log.py`), and the server what it refuses by itself.
accesslog = None
