"""`python worker.py`: the worker. It supervises one process for each queue and sees to what was forgotten.

`python worker.py restore` (or `work`) is such a process; the supervisor starts it so.
"""

import sys

from webapp import create_app
from webapp.jobs.doorbell import QUEUES
from webapp.jobs.supervisor import Supervisor, die_with_parent
from webapp.jobs.worker import run_worker


def main(arguments: list[str]) -> None:
    """Supervise, or with the name of a queue work on it."""
    if not arguments:
        Supervisor(create_app()).run()
    elif arguments[0] in QUEUES:
        die_with_parent()
        run_worker(create_app(), arguments[0])
    else:
        raise SystemExit(f"worker.py: no such queue: {arguments[0]}. There are: {', '.join(QUEUES)}.")


if __name__ == "__main__":
    main(sys.argv[1:])
