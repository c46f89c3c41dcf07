"""The name under which a process claims a job, known to itself and to the parent that sees it die."""

import socket


def runner_name(pid: int) -> str:
    """The process `pid` of this machine, as `flask restore status` shows it and `release_dead` expects it."""
    return f"{socket.gethostname()[:80]}:{pid}"
