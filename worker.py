"""`python worker.py`: the worker. It supervises one process for each queue and sees to what was forgotten.

`python worker.py restore` (or `work`) is such a process; the supervisor starts it so. It forks once more for
each message, and that child, the work horse, does the work: a horse that dies takes nobody with it.
"""

import sys

from flask import Config

from webapp import create_app
from webapp.config import ConfigError
from webapp.jobs.doorbell import QUEUES
from webapp.jobs.settings import WorkerSettings
from webapp.jobs.supervisor import Supervisor, die_with_parent
from webapp.jobs.worker import run_worker


def settings(config: Config) -> WorkerSettings:
    """The settings of the worker's processes, each with its reason.

    What a message itself is given (no time-out, no result, no retry) stands in webapp/jobs/doorbell.py.
    """
    return WorkerSettings(
        # How often a worker tells Redis that its horse is still at work. Nothing of ours decides by it, since
        # the lease in the database does; but RQ takes a worker for dead that is silent for a minute longer.
        heartbeat=max(1, round(config["HEARTBEAT_SECONDS"])),
        # The longest that a worker waits on its queue before it looks whether Redis is still the one it knew:
        # a connection that a failover has cut without a word rings no more. RQ's own 420 seconds would leave
        # every restore to the reconciler for seven minutes.
        redis_silence=60,
        # Where Redis is away a worker asks again after 1, 2, 4 and then every 5 seconds; RQ's minute is long
        # for somebody who looks at "Waiting to begin".
        longest_wait_for_redis=5.0,
        # PostgreSQL ends a transaction in which a worker has said nothing for so long. A process that is
        # stopped, or whose machine has gone, would keep its rows locked and so nobody could take over: with
        # the lease its locks run out too. A batch says something every few milliseconds.
        idle_in_transaction=config["LEASE_SECONDS"],
        # A worker that died is started again: soon, because most deaths are accidents; then with patience,
        # because the others (Redis away, no memory) only get worse by haste.
        first_backoff=1.0,
        longest_backoff=15.0,
        # One that has run for so long did not die of its start: its next death is an accident again.
        steady_after=30.0,
        # A worker that is told to go finishes its batch, which takes a second at most. Heroku kills whatever
        # is left 30 seconds after SIGTERM, and five of them are kept for the supervisor itself.
        patience=25.0,
    )


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
        run_worker(app, arguments[0], settings(app.config))
    else:
        Supervisor(app, settings(app.config)).run()


if __name__ == "__main__":
    main(sys.argv[1:])
