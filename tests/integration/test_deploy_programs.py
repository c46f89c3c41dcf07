"""The programs in `deploy/`: what a release is run with, and what asks whether it works."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
# Says where it is, then waits for a line, and says what it finds then.
PROGRAM = '#!/bin/sh\necho "$PWD $0 $*"\nread line\ncat release\n'


def new_release(root: Path, name: str) -> Path:
    """A release's folder with a program in its environment."""
    folder = root / "releases" / name
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "deploy").mkdir()
    shutil.copy(DEPLOY / "run", folder / "deploy")
    (folder / "release").write_text(name)
    program = folder / ".venv" / "bin" / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    return folder


def test_a_running_process_keeps_its_release_when_the_link_leads_to_another(tmp_path: Path) -> None:
    old, new = new_release(tmp_path, "old"), new_release(tmp_path, "new")
    current = tmp_path / "current"
    current.symlink_to(old)

    with subprocess.Popen(
        [current / "deploy" / "run", "program", "a", "b c"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=current,
        # As a shell or systemd may say it.
        env={"PWD": str(current), "PATH": "/usr/bin:/bin"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == f"{old} {old}/.venv/bin/program a b c\n"
        current.unlink()
        current.symlink_to(new)
        process.stdin.write("\n")
        process.stdin.close()
        assert process.stdout.read() == "old"


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that gives each GET this response."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/readyz"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "found", "said"),
    [
        (200, {"ok": True}, None),
        (200, {"ok": True, "workers": True}, None),
        (200, {"ok": True, "workers": False}, "no worker was heard"),
        (503, {"ok": False, "redis": False}, '"redis": false'),
        (200, None, "did not answer"),
    ],
)
def test_the_check_says_what_is_missing(status: int, found: object, said: str | None) -> None:
    body = json.dumps(found).encode() if found else b"<html>"
    with answering(status, body) as url:
        result = check(url)

    assert result.returncode == (1 if said else 0)
    assert (said or "") in result.stderr


def test_the_check_fails_where_nothing_listens() -> None:
    with answering(200, b"") as url:
        pass

    result = check(url)

    assert result.returncode == 1
    assert "did not answer" in result.stderr


def check(url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DEPLOY / "check.py", url], capture_output=True, text=True, timeout=60
    )


def test_the_password_of_a_backup_is_in_no_argument() -> None:
    """The service file holds it; `pg_dump` gets a name."""
    section = subprocess.run(
        [sys.executable, DEPLOY / "pg_service.py"],
        env={"DATABASE_URL": "postgres://ann:s%40cret@db.example:5433/restore?sslmode=verify-full"},
        capture_output=True,
        text=True,
    ).stdout

    assert section.splitlines()[0] == "[restore]"
    assert set(section.splitlines()[1:]) == {
        *("user=ann", "password=s@cret", "host=db.example", "port=5433", "dbname=restore"),
        "sslmode=verify-full",
    }
    assert "DATABASE_URL" not in (DEPLOY / "backup").read_text().split("pg_dump", 1)[1]
