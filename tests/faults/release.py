"""A release out of the history of this checkout, and its processes as its Procfile starts them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import build_opener

from tests.faults.deadline import Deadline, TimeIsUp
from tests.faults.visitor import Failed
from tests.support.processes import CHECKOUT
from tests.support.web import free_port

# A process may take 25 seconds to stop (docs/deploy.md); a busy machine takes longer.
STOPS_WITHIN = 60.0


def archive(revision: str, folder: Path) -> str | None:
    """Put the files of a commit into the folder; returns its hash, or None if the history here lacks it."""
    commit = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    ).stdout.strip()
    if not commit:
        return None
    packed = subprocess.run(["git", "archive", commit], cwd=CHECKOUT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)
    return commit


class Release:
    """The processes of a release in its folder, as its Procfile starts them."""

    def __init__(
        self, name: str, folder: Path, environ: dict[str, str], logs: Path, deadline: Deadline
    ) -> None:
        self.name, self.folder, self.logs = name, folder, logs
        self.port = free_port()
        self._deadline = deadline
        binaries = str(Path(sys.executable).parent)
        self._environ = (
            os.environ
            | environ
            | {
                "PATH": f"{binaries}:{os.environ['PATH']}",
                "PORT": str(self.port),
                "WEB_CONCURRENCY": "1",
                "PYTHONUNBUFFERED": "1",
            }
        )
        lines = (folder / "Procfile").read_text().splitlines()
        self.commands = dict(line.replace("APP_ENV=production ", "").split(": ", 1) for line in lines)

    def finish(self, command: str) -> None:
        """Run a command to its end. Raises Failed and TimeIsUp."""
        process = self._start("commands", command)
        try:
            code = process.wait(self._deadline.left)
        except subprocess.TimeoutExpired:
            raise TimeIsUp(f"{self.name}: {command} did not end in time") from None
        finally:
            _kill(process)
        if code:
            raise Failed(f"{self.name}: {command} ended with {code}")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Web and worker; both get SIGTERM at the end, and must then exit."""
        web = self.commands["web"]
        here = f"127.0.0.1:{self.port}"
        web = web.replace("0.0.0.0:$PORT", here) if "--bind" in web else f"{web} --bind {here}"
        processes = [
            self._start(name, command)
            for name, command in (("web", web), ("worker", self.commands["worker"]))
        ]
        try:
            self._deadline.wait_until(lambda: self._answers(processes))
            yield
        finally:
            for process in processes:
                process.terminate()
            try:
                for process in processes:
                    process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                raise Failed(f"{self.name} does not stop") from None
            finally:
                for process in processes:
                    _kill(process)

    def _start(self, name: str, command: str) -> subprocess.Popen[bytes]:
        with (self.logs / f"{self.name}-{name}.log").open("ab") as out:
            return subprocess.Popen(
                ["sh", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def _answers(self, processes: list[subprocess.Popen[bytes]]) -> bool:
        if any(process.poll() is not None for process in processes):
            raise Failed(f"{self.name} has stopped by itself")
        try:
            with build_opener().open(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the process and of those that it has started in its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
