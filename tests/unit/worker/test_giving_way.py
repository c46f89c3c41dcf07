"""The processes of jobs come after those of the pages, where the host allows it."""

import os

import pytest

from webapp.worker.rq_worker import NICENESS, give_way


def test_a_process_of_a_job_comes_after_those_of_the_pages() -> None:
    before = os.nice(0)
    # A child, because no process can take it back.
    child = os.fork()
    if child == 0:
        give_way()
        os._exit(os.nice(0))
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == min(19, before + NICENESS)


def test_a_host_that_forbids_it_stops_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_by: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "nice", forbidden)

    give_way()
