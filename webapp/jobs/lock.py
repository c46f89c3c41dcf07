"""The port for the key that lets one job of a group run in a workspace. `webapp.worker.redis_lock` keeps it
in Redis.
"""

from dataclasses import dataclass
from typing import Protocol

import structlog

from webapp.jobs.work import NotStarted

log = structlog.get_logger()


class LockUnavailable(NotStarted):
    """The key cannot be read or written just now."""


@dataclass(frozen=True)
class Holder:
    """What holds a key: `value` as it is stored, and as `uuid` the job's uuid if it is one.

    `is_stale`: the key was not set by us, or so long ago that the process that set it must have died before
    it inserted its job.
    """

    value: bytes
    uuid: str | None
    is_stale: bool


class Lock(Protocol):
    """Every method may raise LockUnavailable. `uuid` is the job's."""

    def acquire(self, group: str, workspace_id: int, uuid: str) -> Holder | None:
        """Take the key; None if that worked, else what holds it."""

    def renew(self, group: str, workspace_id: int, uuid: str) -> None:
        """Make the key the job's for its full time, whatever holds it."""

    def release(self, group: str, workspace_id: int, uuid: str) -> None:
        """Delete the key if it is the job's."""

    def evict(self, group: str, workspace_id: int, holder: Holder) -> None:
        """Delete the key if `holder` still holds it."""


def give_up_key(lock: Lock, group: str | None, workspace_id: int, uuid: str) -> None:
    """Delete the job's key, if its group has one and the job has it. Redis may be away: the next start finds
    that the job has ended or never began, and takes the key."""
    if group is None:
        return
    try:
        lock.release(group, workspace_id, uuid)
    except LockUnavailable:
        log.warning("key_not_released")
