"""The seam between the protocol and a kind of job: what a kind must say and do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from webapp.models import Job, Right, User
from webapp.models.job import Note

# The code for a requester who is no longer an Admin.
REQUESTER_NOT_ALLOWED = "requester_not_allowed"


class NotStarted(Exception):
    """A job that was not started. Nothing was changed."""


class NotAllowed(NotStarted):
    """The requester may not start such a job."""


def may_request(user: User | None, right: Right | None) -> bool:
    """Whether the user has the right; without a right, whether the user is an Admin."""
    if user is None:
        return False
    return user.may_restore if right is None else user.may(right)


@dataclass(frozen=True)
class Order:
    """What is to become a job: who asks, for what, and how many items that is, if it is known.

    `key` is the idempotency key: one key, one job. `request` is plain JSON in the kind's own terms.
    """

    workspace_id: int
    requested_by: int | None
    key: str
    request: Mapping[str, Any]
    total: int | None = None
    # The job that it undoes, for a kind that undoes others.
    undo_of: int | None = None


@dataclass(frozen=True)
class Step:
    """What one batch did: where it ended, and how many items had which outcome.

    `items` is how many items it dealt with, also where the kind keeps no ledger. `is_last` ends the job.
    """

    cursor: Any
    counts: Mapping[str, int] = field(default_factory=dict)
    items: int = 0
    is_last: bool = False


class Work(ABC):
    """A kind of job. Its methods run in the protocol's transactions, behind the workspace's lock."""

    # Stored in each job; at most 20 characters.
    kind: ClassVar[str]
    # What its requester must be allowed to; None: only Admins may request it.
    right: ClassVar[Right | None] = None
    # The code for a requester who has lost that right.
    not_allowed: ClassVar[str] = REQUESTER_NOT_ALLOWED
    # Whether it can begin runs of automations: at its end the worker is rung for them.
    begins_runs: ClassVar[bool] = False
    # Jobs of one group in a workspace exclude each other; None excludes none.
    group: ClassVar[str | None]
    # The RQ queue that its messages go to. A queue has workers of its own.
    queue: ClassVar[str]
    # How many items one batch takes, by the database's dialect, so that it stays under a second (0.1 s on
    # SQLite).
    batch_sizes: ClassVar[Mapping[str, int]]
    # Exceptions that may be one item's doing. The protocol repeats such a batch, at last with `careful`.
    refusals: ClassVar[tuple[type[Exception], ...]]

    def set_apart(self, request: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
        """The request without the texts that can name a person, and these texts in the kind's own terms; None
        where it has none, or no longer. They stand in a table of their own, from which they are erased after
        the window."""
        return request, None

    def check_requester(self, session: Session, order: Order) -> None:
        """Check that the requester has the kind's right in the workspace, or that the system requests it.
        Raises NotAllowed."""
        if order.requested_by is None:
            return
        requester = session.get(User, order.requested_by)
        is_here = requester is not None and requester.workspace_id == order.workspace_id
        if not is_here or not may_request(requester, self.right):
            raise NotAllowed

    def why_not_allowed(self, job: Job) -> Note | None:
        """Why the job must stop: its requester has lost the right."""
        if job.requested_by is None or may_request(job.requester, self.right):
            return None
        return {"code": self.not_allowed, "user": job.requested_by}

    def may_download(self, user: User, job: Job) -> bool:
        """Whether the user, who may see the job, may have the file that it has made."""
        return may_request(user, self.right)

    @abstractmethod
    def admit(self, session: Session, order: Order) -> None:
        """Check, before the job is inserted, that it may begin. Raises NotStarted."""

    @abstractmethod
    def why_not(self, session: Session, job: Job) -> Note | None:
        """Why the job must stop before its next batch, as a code with parameters; None to go on."""

    def prepare(self, session: Session, job: Job, *, size: int) -> None:  # noqa: B027 - most kinds need none
        """Do, before the first batch of a claim and outside of its transaction, what takes long and writes
        nothing. The batches will have `size` items."""

    @abstractmethod
    def batch(self, session: Session, job: Job, *, size: int, careful: bool) -> Step:
        """Write the next `size` items after `job.cursor`.

        Raises one of `refusals`; then the protocol rolls back. With `careful` the batch must isolate the
        refused items itself (`isolation.by_halves`).
        """

    def wrap_up(self, session: Session, job: Job, now: datetime) -> None:  # noqa: B027 - most kinds have none
        """What belongs to the end of a job that has begun, however it ends: it is written in the transaction
        of the end, behind the workspace's lock. `job.state` is its final state."""

    @abstractmethod
    def leave_out(self, session: Session, job: Job) -> Step:
        """Record the next item as failed without touching it: every process that tried it died."""
