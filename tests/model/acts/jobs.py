"""The worker carries a job out: to the end, or until it is killed, overtaken, cancelled or left for later."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hypothesis import strategies as st

from tests.model import restoring, undoing
from tests.model.acts.laws import Laws
from tests.model.choices import BATCH_SIZES
from tests.model.restoring import Restore
from webapp import models
from webapp.jobs.cancel import cancel
from webapp.jobs.claim import release_dead
from webapp.jobs.interruption import WORKER_DIED
from webapp.jobs.run import LOST_LEASE, RELEASED, carry_out
from webapp.jobs.settings import BatchSettings
from webapp.models import User
from webapp.worker.kinds import KINDS


class Killed(BaseException):
    """The worker's process dies between two batches."""


@dataclass(frozen=True)
class Execution:
    """How a job is carried out: the sizes of its batches, and what happens after the first ones."""

    batch_size: int
    then: int
    batches: int
    event: str


EXECUTIONS = st.builds(
    Execution,
    BATCH_SIZES,
    BATCH_SIZES,
    st.sampled_from((1, 1, 2)),
    st.sampled_from(("nothing", "killed", "released", "overtaken", "cancelled", "left", "queued")),
)
IN_TWOS = Execution(batch_size=2, then=2, batches=1, event="nothing")


class Jobs(Laws):
    """The worker's side of restores and undos."""

    def refused(self, what: str, begin: Callable[[], models.Job], why: type[Exception]) -> None:
        try:
            begin()
        except why:
            self.note(f"{what} is refused: {why.__name__}")
        else:
            raise AssertionError(f"not refused: {why.__name__}")

    def carry_out(self, execution: Execution) -> None:
        """Let the worker carry the job out, as far as `execution` goes."""
        job = self.job
        assert job
        kind = "a restore" if isinstance(job, Restore) else "an undo"
        runner = partial(carry_out, self.session, self.lock, KINDS, self.ids[job])
        run = partial(runner, settings=BatchSettings(30, execution.batch_size))
        finish = partial(runner, settings=BatchSettings(30, execution.then))
        calls = 0

        def then(act: Callable[[], object]) -> Callable[[], bool]:
            """Act between two batches, after as many as `execution` says."""

            def should_stop() -> bool:
                nonlocal calls
                calls += 1
                return calls == execution.batches and bool(act())

            return should_stop

        most = None
        if execution.event == "queued" and job.state == "queued":
            return
        before = self.read_outside()
        if execution.event == "killed":
            try:
                run(should_stop=then(self.die))
            except Killed:
                assert self.release_dead_claim()
                finish()
        elif execution.event == "overtaken":
            overtaken = run(should_stop=then(lambda: self.release_dead_claim() and finish() is None))
            assert (overtaken == LOST_LEASE) == (calls >= execution.batches)
        elif execution.event == "released":
            if run(should_stop=then(lambda: True)) == RELEASED:
                finish()
        elif execution.event == "left":
            run(should_stop=then(lambda: True))
            most = execution.batches * execution.batch_size
        elif execution.event == "cancelled":
            run(should_stop=then(self.cancel))
            most = execution.batches * execution.batch_size
        else:
            run()
        if isinstance(job, Restore):
            restoring.carry_out(self.business, job, most)
        else:
            undoing.carry_out(self.business, job, most)
        if execution.event == "cancelled" and job.is_active:
            job.end("cancelled", self.now)
        if calls >= execution.batches:
            self.note(f"{kind} is {execution.event}")
        self.check_job()
        self.check_laws(job, before)

    def carry_on(self, execution: Execution) -> None:
        """The same for a job that was left."""
        self.note("a job goes on after other things have happened")
        # A scope is frozen before an undo or after it, never in its moment.
        self.tick()
        self.carry_out(execution)

    def release_dead_claim(self) -> bool:
        died = {"code": WORKER_DIED, "signal": 9}
        return release_dead(self.session, self.ids[self.job], runner="unknown", error=died) is not None

    def die(self) -> None:
        raise Killed

    def cancel(self) -> None:
        cancel(
            self.session, self.lock, self.ids[self.job], by=self.session.get_one(User, self.world.admin.id)
        )
