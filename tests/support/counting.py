"""A kind of job for the protocol's tests: it counts to N, and writes a tag for each number."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.jobs.isolation import by_halves
from webapp.jobs.work import REQUESTER_NOT_ALLOWED, NotAllowed, Order, Step, Work
from webapp.models import Job, Tag, User
from webapp.models.job import Note


class CountWork(Work):
    kind = "count"
    group = "count"
    queue = "count"
    batch_sizes: ClassVar = {"postgresql": 100, "sqlite": 100}
    refusals = (IntegrityError,)

    def __init__(self) -> None:
        # The state and the counted number of each job that was wrapped up.
        self.wrapped_up: list[tuple[str, int]] = []

    def wrap_up(self, session: Session, job: Job, now: datetime) -> None:
        self.wrapped_up.append((str(job.state), job.processed))

    def admit(self, session: Session, order: Order) -> None:
        if order.requested_by is not None and not session.get_one(User, order.requested_by).is_active:
            raise NotAllowed

    def why_not(self, session: Session, job: Job) -> Note | None:
        if job.requester is None or job.requester.is_active:
            return None
        return {"code": REQUESTER_NOT_ALLOWED, "user": job.requested_by}

    def batch(self, session: Session, job: Job, *, size: int, careful: bool) -> Step:
        numbers = range(job.cursor or 0, min((job.cursor or 0) + size, job.request["to"]))

        def write(some: Sequence[int]) -> list[str]:
            rows = [{"workspace_id": job.workspace_id, "name": str(number)} for number in some]
            if rows:
                session.execute(insert(Tag), rows)
            return ["counted"] * len(some)

        results = by_halves(session, numbers, write, refuse, self.refusals) if careful else write(numbers)
        return step(job, results, is_last=len(numbers) < size)

    def leave_out(self, session: Session, job: Job) -> Step:
        results = ["failed"] if (job.cursor or 0) < job.request["to"] else []
        return step(job, results, is_last=not results)


def refuse(_number: int, _refusal: Exception) -> str:
    return "failed"


def step(job: Job, results: list[str], *, is_last: bool) -> Step:
    counts = {name: results.count(name) for name in set(results)}
    return Step((job.cursor or 0) + len(results), counts, items=len(results), is_last=is_last)


def order(workspace_id: int, to: int, *, by: int | None = None) -> Order:
    return Order(workspace_id, by, str(uuid.uuid4()), {"to": to}, total=to)
