"""Processes that start at once: they are forked from a process that has imported the app.

The import takes a second, and a worker is three processes. So a server of `multiprocessing` imports the app
once and forks the supervisors. A supervisor forks what it may start before it starts a thread. Each of them
runs its script from the first line, with its own arguments, environment, standard streams and log.
`tests/integration/test_worker_process.py` starts all processes by their commands, as they are outside of the
tests.
"""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace

from webapp.worker import supervisor

CHECKOUT = Path(__file__).parent.parent.parent

_fork = get_context("fork")
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


def start(script: str, environ: Mapping[str, str], log: Path, *, deaths: int) -> Forked:
    """`python script` in the checkout, under exactly `environ`; it writes to the end of `log`. After so many
    deaths its supervisor starts processes by their command."""
    log.touch()
    # The server finds its modules in the folder in which it is started.
    with chdir(CHECKOUT):
        process = _server.Process(target=_supervise, args=(script, dict(environ), str(log), deaths))
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


def _supervise(script: str, environ: Mapping[str, str], log: str, deaths: int) -> None:
    _become(environ, log, log)
    spares = _Spares(int(environ["RESTORE_WORKERS"]) + 1 + deaths)
    vars(supervisor)["subprocess"] = SimpleNamespace(
        Popen=spares.popen, PIPE=subprocess.PIPE, TimeoutExpired=subprocess.TimeoutExpired
    )
    _run([script])


class _Spares:
    """Processes that are forked while there is one thread, and wait for the command that they will run."""

    def __init__(self, number: int) -> None:
        pipes = [os.pipe() for _ in range(number)]
        self._left: list[tuple[BaseProcess, int]] = []
        for reading, writing in pipes:
            others = [end for pipe in pipes for end in pipe if end != reading]
            process = _fork.Process(target=_wait_for_command, args=(reading, others), daemon=True)
            process.start()
            self._left.append((process, writing))
        for reading, _ in pipes:
            os.close(reading)

    def popen(self, command: Sequence[str], stdin: int) -> "Forked | subprocess.Popen[bytes]":
        """As the supervisor starts a process: the pipe through which it is told its command becomes its
        standard input, and ends when the supervisor does."""
        if not self._left:
            return subprocess.Popen(command, stdin=stdin)
        process, writing = self._left.pop(0)
        _, *arguments = command
        os.write(writing, json.dumps(arguments).encode() + b"\n")
        return Forked(process)


def _wait_for_command(reading: int, others: Sequence[int]) -> None:
    for end in others:
        os.close(end)
    os.dup2(reading, 0)
    os.close(reading)
    line = b""
    while not line.endswith(b"\n"):
        letter = os.read(0, 1)
        if not letter:
            # The supervisor has ended and needs no process.
            return
        line += letter
    _run(json.loads(line))


def _run(arguments: list[str]) -> None:
    sys.argv = arguments
    runpy.run_path(arguments[0], run_name="__main__")
