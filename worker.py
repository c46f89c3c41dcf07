"""`python worker.py`: the worker. It supervises the processes of each queue and the watch, which rings for
stalled jobs.

The processes of a queue fork once more for each message. That child, the work horse, does the work: a horse
that dies takes no other process with it.
"""

from flask import Config

from webapp import create_app
from webapp.config import ConfigError
from webapp.worker.settings import WorkerSettings
from webapp.worker.supervisor import Supervisor


def settings(config: Config) -> WorkerSettings:
    """The settings of the worker's processes, each with its reason.

    webapp/worker/queue.py says what each message is given (no time-out, no result, no retry).
    """
    return WorkerSettings(
        # How often a worker tells Redis that its horse is still at work. Our code decides nothing by it,
        # since the lease in the database does; but RQ takes a worker for dead that is silent for a minute
        # longer.
        heartbeat=max(1, round(config["HEARTBEAT_SECONDS"])),
        # The longest that a worker waits on its queue before it checks that Redis still answers: a connection
        # that a failover has cut without a word delivers no messages. RQ's own 420 seconds would leave every
        # job to the reconciler for seven minutes.
        redis_silence=60,
        # While Redis is away a worker asks again after 1, 2, 4 and then every 5 seconds. RQ's minute is long
        # for a person who looks at "Waiting to begin".
        longest_wait_for_redis=5.0,
        # PostgreSQL ends a worker's transaction that has been idle for so long. A process that is stopped, or
        # whose machine has gone, would keep its rows locked, and no other runner could take over: this way
        # the locks expire with the lease. A batch sends statements every few milliseconds.
        idle_in_transaction=config["LEASE_SECONDS"],
        # Two accounts can restore at the same time on PostgreSQL. On SQLite one writes at a time, and a
        # second process makes other people's writes wait for longer.
        restore_workers=config["RESTORE_WORKERS"],
        # A worker that died is started again: soon, because most deaths are accidents; then ever later,
        # because the other causes (Redis away, no memory) get worse by haste.
        first_backoff=1.0,
        longest_backoff=15.0,
        # A worker that has run for so long did not die of its start: its next death is an accident again.
        steady_after=30.0,
        # A worker that is told to stop finishes its batch, which takes a second at most. Heroku kills what is
        # left 30 seconds after SIGTERM; five of them are kept for the supervisor itself.
        patience=25.0,
    )


def main() -> None:
    """Supervise until a signal comes."""
    try:
        app = create_app()
    except ConfigError as error:
        raise SystemExit(f"worker.py: {error}") from None
    Supervisor(app, settings(app.config)).run()


if __name__ == "__main__":
    main()
