"""Random faults, by a seed: in the processes, the Redis and the database of a deployment."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from random import Random
from time import monotonic, sleep

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.faults.traffic import Traffic
from tests.support.accidents import Accident
from tests.support.databases import is_writable
from tests.support.deployment import Deployment
from tests.support.processes import WorkerProcess, is_running, session
from tests.support.work import send_message
from webapp.local_services import private_redis
from webapp.models import Job, JobBatch
from webapp.models.job import ACTIVE, JobState
from webapp.worker.kinds import KINDS
from webapp.worker.redis_lock import key
from webapp.worker.runner import runner_name

# Those of the kinds of jobs.
QUEUES = sorted({work.queue for work in KINDS.values()})
HORSE_STOPPED = "horse stopped until another took over"


@dataclass(frozen=True)
class Stopped:
    """A stopped horse, its claim, and the last batch in the history when it was stopped."""

    worker: WorkerProcess
    horse: int
    job_id: int
    fence: int
    last_batch: int


class Storm:
    """Faults in a deployment with traffic. Each has a name, and they are counted."""

    def __init__(
        self, deployment: Deployment, traffic: Traffic, random: Random, *, workers: int, fence: bool
    ) -> None:
        self.deployment, self.traffic, self.random, self.fence = deployment, traffic, random, fence
        self.injected: Counter[str] = Counter()
        self.resumed = 0
        self.workers: list[WorkerProcess] = []
        # Every process of a worker is in its session, also after its parent has died.
        self._sessions: list[int] = []
        self.stopped: list[Stopped] = []
        self._processes, self._redis = ExitStack(), ExitStack()
        self._number_of_workers = workers
        self.faults: dict[str, Callable[[], bool]] = {
            HORSE_STOPPED: self._stop_horse,
            "horse killed": self._kill_horse,
            "queue worker killed": self._kill_queue_worker,
            "supervisor killed": self._kill_supervisor,
            "supervisor terminated": self._terminate_supervisor,
            "Redis emptied": self._empty_redis,
            "Redis killed and started again": self._kill_redis,
            "key overwritten": self._overwrite_key,
            "key deleted": self._delete_key,
            "rung five times": self._ring_five_times,
        }
        if deployment.engine.dialect.name == "postgresql":
            self.faults["database connections cut"] = self._cut_connections

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Run Redis and the workers; end all processes afterwards, stopped and orphaned ones included."""
        try:
            self._start_redis()
            for _ in range(self._number_of_workers):
                self._start_worker()
            yield
        finally:
            for leader in self._sessions:
                for pid in session(leader):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            self._processes.close()
            self._redis.close()

    def strike(self, name: str) -> bool:
        """Inject the fault if it is possible at the moment; returns whether it was."""
        happened = self.faults[name]()
        self.injected[name] += happened
        return happened

    def strike_when_possible(self, name: str, *, seconds: float) -> None:
        """Inject the fault as soon as it is possible. Raises AssertionError if it is not within `seconds`."""
        deadline = monotonic() + seconds
        while not self.strike(name):
            assert monotonic() < deadline, f"not possible for {seconds} seconds: {name}"
            self.update()
            sleep(0.02)

    def update(self) -> None:
        """What happens between the faults: new restores start, and overtaken horses are resumed."""
        # First, because the overtaken job must still run: then the late write is one that the fence refuses.
        self.resume_overtaken()
        self.traffic.start_restores()
        self.resume_overtaken()

    def resume_overtaken(self) -> None:
        """Resume the stopped horses whose job another process has taken over and continued."""
        for one in list(self.stopped):
            if self._was_overtaken(one):
                self.stopped.remove(one)
                self.resumed += 1
                with suppress(ProcessLookupError):
                    os.kill(one.horse, signal.SIGCONT)

    def wait_until_idle(self, *, seconds: float) -> str:
        """Wait, without new restores and faults, until the stopped horses have resumed and exited, and
        every job has ended. Returns what has not ended within `seconds`, or nothing."""
        deadline = monotonic() + seconds
        while left := self._unfinished():
            if monotonic() >= deadline:
                return left
            sleep(0.05)
        return ""

    def _unfinished(self) -> str:
        self.resume_overtaken()
        jobs, horses = self.traffic.active(), [horse for worker in self.workers for horse in worker.horses()]
        left = {"stopped": self.stopped, "active jobs": jobs, "horses": horses}
        return ", ".join(f"{what}: {which}" for what, which in left.items() if which)

    # Processes.

    def _start_worker(self) -> None:
        accident = None if self.fence else Accident(without_fence=True)
        worker = self._processes.enter_context(self.deployment.worker(accident))
        self.workers.append(worker)
        self._sessions.append(worker.process.pid)

    def _workers_without_stopped_horse(self) -> list[WorkerProcess]:
        """The workers without a stopped horse. Faults spare the others, so that the stopped horse can come
        back."""
        busy = [one.worker.process.pid for one in self.stopped]
        return [worker for worker in self.workers if worker.process.pid not in busy]

    def _running(self) -> list[tuple[WorkerProcess, int, Job]]:
        """The running horses that have committed a batch of their job."""
        with Session(self.deployment.engine, expire_on_commit=False) as session:
            jobs = session.scalars(
                select(Job).where(Job.state == JobState.RUNNING, Job.claims_since_progress == 1)
            ).all()
        by_runner = {job.runner: job for job in jobs}
        return [
            (worker, horse, by_runner[runner_name(horse)])
            for worker in self._workers_without_stopped_horse()
            for horse in worker.horses()
            if runner_name(horse) in by_runner
        ]

    def _kill_horse(self) -> bool:
        return self._kill_one_of([horse for _worker, horse, _job in self._running()])

    def _kill_queue_worker(self) -> bool:
        return self._kill_one_of(
            [
                pid
                for worker in self._workers_without_stopped_horse()
                for queue in QUEUES
                for pid in worker.of_queue(queue)
            ]
        )

    def _kill_one_of(self, pids: list[int]) -> bool:
        """A process may end before the signal: then this fault did not happen."""
        if not pids:
            return False
        try:
            os.kill(self.random.choice(pids), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def _kill_supervisor(self) -> bool:
        return self._replace(lambda worker: worker.process.kill())

    def _terminate_supervisor(self) -> bool:
        return self._replace(lambda worker: worker.process.terminate())

    def _replace(self, end: Callable[[WorkerProcess], None]) -> bool:
        free = self._workers_without_stopped_horse()
        if not free:
            return False
        worker = self.random.choice(free)
        end(worker)
        self.workers.remove(worker)
        self._start_worker()
        return True

    def _stop_horse(self) -> bool:
        """At least one worker keeps running, to take over. Half of the job is left, so that it still runs
        when the horse is resumed."""
        running = [found for found in self._running() if 2 * found[2].processed <= (found[2].total or 0)]
        if not running or len(self._workers_without_stopped_horse()) < 2:
            return False
        worker, horse, job = self.random.choice(running)
        with suppress(ProcessLookupError):
            os.kill(horse, signal.SIGSTOP)
            if self._holds_its_job_and_no_lock(horse, job):
                with Session(self.deployment.engine) as session:
                    last = session.scalar(select(func.max(JobBatch.id))) or 0
                self.stopped.append(Stopped(worker, horse, job.id, job.fence, last))
                return True
            os.kill(horse, signal.SIGCONT)
        return False

    def _holds_its_job_and_no_lock(self, horse: int, job: Job) -> bool:
        if not is_running(horse) or not is_writable(self.deployment.engine):
            return False
        now = self.deployment.job(job.id)
        return now.state == JobState.RUNNING and now.fence == job.fence

    def _was_overtaken(self, one: Stopped) -> bool:
        """Whether another process has continued its job. Without the fence that may be one with a lower
        number."""
        others = select(func.count()).where(
            JobBatch.job_id == one.job_id,
            JobBatch.fence != one.fence,
            JobBatch.id > one.last_batch,
        )
        with Session(self.deployment.engine) as session:
            return bool(session.scalar(others))

    # Redis.

    def _start_redis(self) -> None:
        self._redis.enter_context(private_redis(self.deployment.folder))

    def _kill_redis(self) -> bool:
        os.kill(int(self.deployment.redis.info("server")["process_id"]), signal.SIGKILL)
        self._redis.close()
        # Redis is down for a tenth of a lease or more.
        sleep(self.deployment.app.config["LEASE_SECONDS"] * self.random.uniform(0.1, 0.3))
        self._start_redis()
        return True

    def _empty_redis(self) -> bool:
        self.deployment.redis.flushall()
        return True

    def _some_job(self) -> Job | None:
        with Session(self.deployment.engine, expire_on_commit=False) as session:
            jobs = session.scalars(select(Job).where(Job.state.in_(ACTIVE))).all()
        return self.random.choice(jobs) if jobs else None

    def _overwrite_key(self) -> bool:
        job = self._some_job()
        if job:
            lock = self.deployment.lock.lock_milliseconds
            self.deployment.redis.set(key("restore", job.workspace_id), "another value", px=lock)
        return job is not None

    def _delete_key(self) -> bool:
        job = self._some_job()
        if job:
            self.deployment.redis.delete(key("restore", job.workspace_id))
        return job is not None

    def _ring_five_times(self) -> bool:
        job = self._some_job()
        if job:
            for _ in range(5):
                send_message(self.deployment.redis, job.id, job.kind)
        return job is not None

    # The database.

    def _cut_connections(self) -> bool:
        """Those of the workers, not the one of this process."""
        cut = text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'restore' AND pid <> pg_backend_pid()"
        )
        with self.deployment.engine.connect() as connection:
            return bool(connection.scalar(cut))
