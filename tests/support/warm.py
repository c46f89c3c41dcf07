"""Processes that start at once: they are forked from a process that has imported the app.

The import takes a second. So a server of `multiprocessing` imports the app once and forks the supervisors.
Each of them runs its script from the first line, with its own environment, standard streams and log.
`tests/integration/test_worker_process.py` starts all processes by their commands, as they are outside of the
tests.
"""

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent.parent

_server = get_context("forkserver")
_server.set_forkserver_preload(["tests.support.preloaded"])


class Forked:
    """A forked process with the part of `subprocess.Popen` that tests and supervisors use."""

    def __init__(self, process: BaseProcess) -> None:
        assert process.pid is not None
        self._process, self.pid = process, process.pid
        self.terminate, self.kill = process.terminate, process.kill

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("a forked process", timeout or 0)
        return code


def start(script: str, environ: Mapping[str, str], log: Path) -> Forked:
    """`python script` in the checkout, under exactly `environ`; it writes to the end of `log`."""
    log.touch()
    # The server finds its modules in the folder in which it is started.
    with chdir(CHECKOUT):
        process = _server.Process(target=_supervise, args=(script, dict(environ), str(log)))
        process.start()
    return Forked(process)


def run_flask(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """`flask` with these arguments in the checkout, under exactly `environ`; its output passes through
    `folder`."""
    out, err = folder / "stdout", folder / "stderr"
    with chdir(CHECKOUT):
        process = _server.Process(target=_flask, args=(arguments, dict(environ), str(out), str(err)))
        process.start()
    code = Forked(process).wait(60)
    return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())


def _flask(arguments: Sequence[str], environ: Mapping[str, str], out: str, err: str) -> None:
    _become(environ, out, err)
    sys.argv = ["flask", *arguments]
    runpy.run_module("flask", run_name="__main__", alter_sys=True)


def _become(environ: Mapping[str, str], out: str, err: str) -> None:
    """Be a process of its own, with this environment and these files for its output."""
    assert "tests.support.preloaded" in sys.modules, "the server has imported nothing"
    os.setsid()
    os.chdir(CHECKOUT)
    os.environ.clear()
    os.environ.update(environ)
    for stream, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(file, stream)
        os.close(file)


def _supervise(script: str, environ: Mapping[str, str], log: str) -> None:
    _become(environ, log, log)
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")
