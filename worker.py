"""`python worker.py`: the worker. It supervises one process for each queue and sees to what was forgotten.

`python worker.py restore` (or `work`) is such a process; the supervisor starts it so.
"""

import sys

from webapp import create_app
from webapp.config import ConfigError
from webapp.jobs.doorbell import QUEUES
from webapp.jobs.supervisor import Supervisor, die_with_parent
from webapp.jobs.worker import run_worker


def main(arguments: list[str]) -> None:
    """Supervise, or with the name of a queue work on it."""
    if arguments and arguments[0] not in QUEUES:
        raise SystemExit(f"worker.py: no such queue: {arguments[0]}. There are: {', '.join(QUEUES)}.")
    try:
        app = create_app()
    except ConfigError as error:
        raise SystemExit(f"worker.py: {error}") from None
    if arguments:
        die_with_parent()
        run_worker(app, arguments[0])
    else:
        Supervisor(app).run()


if __name__ == "__main__":
    main(sys.argv[1:])
