"""Large jobs beside the restores: a few lanes, in each of which one kind after the other has its turn, each
in a workspace of its own, so that nothing else happens there until it is checked."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from tests.faults.checker import Violation, named
from tests.faults.large import LARGE, Large
from tests.support.deployment import Deployment
from webapp.jobs.work import NotStarted

NOT_WHOLE = "a large job that is not done, or not what it counts"


@dataclass
class Lane:
    """Where jobs follow each other: `next_one` says which kind has its turn next."""

    next_one: int
    large: Large | None = None
    job_id: int = 0


class Turns:
    """The lanes of a deployment; call `start_jobs` again and again. `violations` are those of ended jobs."""

    def __init__(self, deployment: Deployment, *, lanes: int, items: int) -> None:
        self.deployment, self.items = deployment, items
        # They begin with different kinds.
        self.lanes = [Lane(number) for number in range(lanes)]
        self.violations: list[Violation] = []

    def start_jobs(self, active: set[int]) -> None:
        """In each lane whose job has ended: check it, and begin the next one."""
        for lane in self.lanes:
            if lane.job_id in active:
                continue
            self._check(lane)
            large = LARGE[lane.next_one % len(LARGE)]
            try:
                _, lane.job_id = large.begin(self.deployment, self.items)
            except NotStarted:
                # A fault prevents it, or the supervisor has begun a purge first.
                continue
            lane.large, lane.next_one = large, lane.next_one + 1

    def check(self) -> list[Violation]:
        """The violations of all jobs so far. Call it when all jobs have ended."""
        for lane in self.lanes:
            self._check(lane)
        return self.violations

    def _check(self, lane: Lane) -> None:
        if lane.large is None:
            return
        with Session(self.deployment.engine) as session:
            for what in lane.large.faults(session, lane.job_id, self.items):
                job = self.deployment.job(lane.job_id)
                where = f"{lane.large.name} {named(job.id, job.workspace_id)}, fence {job.fence}"
                self.violations.append(Violation(NOT_WHOLE, f"{where}: {what}"))
        lane.large = None
