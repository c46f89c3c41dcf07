"""`make upgrade FROM=…`: an earlier release and this one side by side, on one database and one Redis.

The earlier release runs, from the history of this checkout, with a visitor who adds, deletes and restores
contacts. The database is brought up to date beneath it, this release starts beside it, with a visitor of its
own, and the earlier one is stopped as a host stops it. No request may fail on the way, and every restore must
end. Both run with this release's dependencies.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from threading import Event, Thread
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.faults.chaos import interruptible
from tests.support.databases import postgresql_url, sqlite_url
from tests.support.element import Document
from tests.support.processes import CHECKOUT, wait_until
from tests.support.seen import Fields, form_fields
from tests.support.web import free_port
from webapp.local_services import private_redis

DATABASES = {"postgresql": postgresql_url, "sqlite": sqlite_url}
PASSWORD = "restore-demo"
PAGES = (
    *("/contacts", "/contacts/restore", "/deletions", "/restores", "/lists", "/tags", "/accounts", "/deals"),
    *("/automations", "/campaigns", "/outbox", "/audit", "/settings", "/imports", "/exports", "/readyz"),
)
# Rounds of each visitor in each phase.
ROUNDS = 3
# A bound for a very busy machine: a round takes a second or two, and so does a start.
PATIENCE = 600.0
# Exit codes.
UNBROKEN, BROKEN, NOT_TRIED = 0, 1, 2


class Failed(Exception):
    """What a visitor saw and no visitor may see."""


class Visitor:
    """A person who signs in to one release and goes through its main path, round after round."""

    def __init__(self, name: str, port: int, email: str) -> None:
        self.name, self.email = name, email
        self.origin = f"http://127.0.0.1:{port}"
        self.rounds = 0
        self.answers: Counter[int] = Counter()
        self.failure: str | None = None
        self._stop = Event()
        self._thread = Thread(target=self._visit)
        self._new_session()

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Finish the round."""
        self._stop.set()
        self._thread.join()

    def go_on(self, rounds: int = ROUNDS) -> None:
        """Wait until so many more rounds are done. Raises Failed."""
        goal = self.rounds + rounds
        wait_until(lambda: self.failure or self.rounds >= goal, seconds=PATIENCE)
        if self.failure:
            raise Failed(f"{self.name}, round {self.rounds + 1}: {self.failure}")

    def _visit(self) -> None:
        try:
            while not self._stop.is_set():
                # Every other round in the same session, which then lives through the migration.
                if self.rounds % 2 == 0:
                    self._sign_in()
                self._round()
                self.rounds += 1
        except (Failed, OSError, AssertionError) as error:
            self.failure = str(error) or type(error).__name__

    def _new_session(self) -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def _sign_in(self) -> None:
        self._new_session()
        address, _ = self._send(*self._form("/login", "main form", email=self.email, password=PASSWORD))
        if address.startswith("/login"):
            raise Failed("cannot sign in")

    def _round(self) -> None:
        for page in PAGES:
            self._status(page)
        email = f"{self.name}-{time.time_ns()}@example.com"
        form = self._form("/contacts/new", "form:has([name=first_name])", email=email)
        address, html = self._send(*form)
        found = re.search(r"/contacts/(\d+)", address)
        if not found:
            raise Failed(f"a new contact leads to {address}: {words(html)}")
        contact = found[1]
        self._send(
            *self._form(
                f"/contacts/delete?selected={contact}", "form[action*='/contacts/delete'][method=post]"
            )
        )
        if self._status(f"/contacts/{contact}") != 404:
            raise Failed("a deleted contact is there")
        dialog = f"/contacts/restore/confirm?selected={contact}"
        address, _ = self._send(*self._form(dialog, "form[action*='/restores'][method=post]"))
        if not address.startswith("/restores/"):
            raise Failed(f"a restore leads to {address}")
        wait_until(lambda: self._status(f"/contacts/{contact}") == 200, seconds=PATIENCE)

    def _form(self, path: str, selector: str, **typed: str) -> tuple[str, Fields]:
        """Where the form on a page is sent, and with what."""
        _, html = self._open(path)
        document = Document(html)
        form = document.select_one(selector)
        if form is None:
            raise Failed(f"{path} has no {selector}")
        fields = [(name, value) for name, value in form_fields(document, form) if name not in typed]
        return str(form.get("action") or path), [*fields, *typed.items()]

    def _open(self, path: str) -> tuple[str, str]:
        return self._ask(Request(urljoin(self.origin, path)))

    def _send(self, path: str, fields: Fields) -> tuple[str, str]:
        return self._ask(Request(urljoin(self.origin, path), urlencode(fields).encode()))

    def _status(self, path: str) -> int:
        try:
            with self._opener.open(urljoin(self.origin, path), timeout=60) as answer:
                status: int = answer.status
        except HTTPError as error:
            status = error.code
            error.close()
        self._count(path, status)
        return status

    def _ask(self, request: Request) -> tuple[str, str]:
        """The address behind all redirects, and the page. Raises Failed."""
        asked = request.full_url.removeprefix(self.origin)
        try:
            with self._opener.open(request, timeout=60) as answer:
                status, address, html = answer.status, answer.url, answer.read().decode()
        except HTTPError as error:
            with error:
                status, address, html = error.code, error.url, error.read().decode()
        self._count(asked, status)
        if status >= 400:
            raise Failed(f"{request.get_method()} {asked} answered {status}: {words(html)}")
        return address.removeprefix(self.origin), html

    def _count(self, path: str, status: int) -> None:
        self.answers[status] += 1
        if status >= 500:
            raise Failed(f"{path} answered {status}")


def words(html: str) -> str:
    """What the middle of a page says, shortened."""
    main = Document(html).select_one("main")
    return " ".join(main.get_text(" ").split())[:500] if main else html[:500]


class Release:
    """The processes of a release in its folder, as its Procfile starts them."""

    def __init__(self, name: str, folder: Path, environ: dict[str, str], logs: Path) -> None:
        self.name, self.folder, self.logs = name, folder, logs
        self.port = free_port()
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
        """Run a command to its end. Raises Failed."""
        log = self.logs / f"{self.name}-commands.log"
        with log.open("ab") as out:
            code = subprocess.run(
                ["sh", "-c", command], cwd=self.folder, env=self._environ, stdout=out, stderr=out
            ).returncode
        if code:
            raise Failed(f"{self.name}: {command} ended with {code}: {log.read_text()[-2000:]}")

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
            wait_until(lambda: self._answers(processes), seconds=PATIENCE)
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise Failed(f"{self.name} does not stop") from None

    def _start(self, name: str, command: str) -> subprocess.Popen[bytes]:
        with (self.logs / f"{self.name}-{name}.log").open("wb") as out:
            return subprocess.Popen(
                ["sh", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def _answers(self, processes: list[subprocess.Popen[bytes]]) -> bool:
        for process in processes:
            if process.poll() is not None:
                logs = "\n".join(
                    path.read_text()[-1500:] for path in sorted(self.logs.glob(f"{self.name}-w*.log"))
                )
                raise Failed(f"{self.name} has stopped by itself: {logs}")
        try:
            with build_opener().open(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


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


def try_upgrade(old: Release, new: Release, say: Callable[[str], None]) -> list[Visitor]:
    """The whole course. Raises Failed; returns the visitors with what they have seen."""
    with ExitStack() as until_the_end:
        # Each works in an account of its own, because one restore runs at a time in each.
        early = Visitor("old", old.port, "admin@example.com")
        late = Visitor("new", new.port, "admin@other.example")
        with old.running():
            early.begin()
            try:
                early.go_on()
                say("the earlier release works; the database is brought up to date beneath it …")
                new.finish(new.commands["release"])
                early.go_on()
                say("the earlier release works on the new database; this release starts beside it …")
                until_the_end.enter_context(new.running())
                late.begin()
                until_the_end.callback(late.end)
                late.go_on()
                early.go_on()
                say("both work; the earlier release stops …")
            finally:
                early.end()
        if early.failure:
            raise Failed(f"old: {early.failure}")
        late.go_on()
        say("this release works alone.")
    return [early, late]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make upgrade", description=__doc__)
    parser.add_argument(
        "revision", nargs="?", help="the earlier release: a tag or commit; by default the latest tag"
    )
    parser.add_argument("--database", choices=sorted(DATABASES), default="postgresql")
    given = parser.parse_args()
    latest = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0"], cwd=CHECKOUT, capture_output=True, text=True
    )
    revision = given.revision or latest.stdout.strip()
    with (
        interruptible(),
        tempfile.TemporaryDirectory(prefix="restore-upgrade-") as name,
        DATABASES[given.database]() as url,
    ):
        folder = Path(name)
        (folder / "old").mkdir()
        (folder / "redis").mkdir()
        commit = archive(revision, folder / "old") if revision else None
        if commit is None:
            print(
                f"The history here has no release {revision!r}. Name one: make upgrade FROM=<tag or commit>",
                file=sys.stderr,
            )
            return NOT_TRIED
        print(f"from {commit[:12]} to this checkout, on {given.database}", flush=True)
        with private_redis(folder / "redis") as redis:
            environ = {
                "DATABASE_URL": url,
                "REDIS_URL": redis,
                "SECRET_KEY": "for this trial only",
                "TIME_SCALE": "10",
            }
            old = Release("old", folder / "old", environ, folder)
            new = Release("new", CHECKOUT, environ, folder)
            try:
                old.finish(old.commands["release"])
                old.finish(shlex.join(["flask", "--app", "webapp", "demo"]))
                visitors = try_upgrade(old, new, lambda words: print(words, flush=True))
            except (Failed, AssertionError) as error:
                print(f"Broken: {error}", file=sys.stderr)
                for log in sorted(folder.glob("*.log")):
                    print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
                return BROKEN
    for visitor in visitors:
        seen = ", ".join(f"{count:,} × {status}" for status, count in sorted(visitor.answers.items()))
        print(f"{visitor.name}: {visitor.rounds} rounds; {seen}")
    return UNBROKEN


if __name__ == "__main__":
    sys.exit(main())
