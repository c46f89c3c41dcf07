"""Fifty users of the pages, while the worker is idle and while it restores a million contacts."""

import html
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPConnection, HTTPException
from statistics import quantiles
from threading import Event

from benchmarks.figures import Figure, at_most, without_goal
from benchmarks.restoring import is_active, start_all
from benchmarks.stage import Databases, Stage, stage
from tests.factories.people import World
from tests.support.browser import HTMX
from tests.support.processes import wait_until
from tests.support.web import Wire

USERS = 50
# Users read a page before they request the next one.
THINK_SECONDS = (1.0, 3.0)
WARM_UP_SECONDS, IDLE_SECONDS = 10.0, 15.0
ENOUGH = 50
LONGEST_SECONDS = 300.0
# For the rate of one page: so many connections send requests without a pause, for so long.
CONNECTIONS, RUSH_SECONDS = 8, 4.0

RESTORE = "/contacts/restore"
WALKS = (
    RESTORE,
    f"{RESTORE}?q=hanna",
    f"{RESTORE}?q=an",
    f"{RESTORE}?q=zyx",
    f"{RESTORE}?deletion=3",
    "/contacts",
    "/contacts?q=peters",
    "/restores",
)
# A page requests this a little later: the number that could not be counted at once.
COUNT = re.compile(rb'hx-get="(/contacts/[^"]*count[^"]*)"')


@dataclass(frozen=True)
class Answer:
    """The answer to one request: its status, None for a broken connection, and the address of its count."""

    status: int | None
    ms: float
    count_at: str | None = None
    is_count: bool = False


def measure(made: Databases, url: str, world: World) -> Iterator[Figure]:
    """Figures of the pages under load, on a copy of the database at `url`."""
    with made.copy(url) as copy, stage(copy) as here, here.web() as web, here.worker() as worker:
        wait_until(lambda: worker.child("restore"))
        cookie = signed_in(web.port, world)
        warm(web.port, cookie)
        idle = browse(web.port, cookie, for_seconds(IDLE_SECONDS))
        job_id = start_all(here, world)[0]
        busy = browse(web.port, cookie, partial(_goes_on, here, job_id))
        yield without_goal("Requests while idle", len(idle))
        yield without_goal("Requests while restoring", len(busy))
        yield at_most("Errors", sum(answer.status not in (200, 204) for answer in idle + busy), 0)
        yield without_goal(
            "Numbers that came by themselves",
            sum(answer.is_count and answer.status == 200 for answer in idle + busy),
        )
        yield without_goal("95th percentile while idle", p95(idle), "ms")
        # A small restore ends before there are enough requests.
        if len(busy) >= ENOUGH:
            yield without_goal("95th percentile while restoring", p95(busy), "ms")
            yield at_most("While restoring, idle being 1", p95(busy) / p95(idle), 2)
    with made.copy(url) as copy, stage(copy) as here:
        with here.web() as web:
            page = rush(web.port, signed_in(web.port, world), RESTORE)
        with here.web(app="benchmarks.empty:app") as web:
            empty = rush(web.port, b"", "/")
        yield without_goal("Restore Contacts, requests a second", page)
        yield without_goal("An empty Flask view, requests a second", empty)
        yield without_goal("Restore Contacts, the empty view being 1", page / empty)


def p95(answers: Sequence[Answer]) -> float:
    """The 95th percentile, in ms."""
    return quantiles([answer.ms for answer in answers if not answer.is_count], n=20)[-1]


def _goes_on(here: Stage, job_id: int, began: float) -> bool:
    return time.monotonic() - began < LONGEST_SECONDS and is_active(here.engine, job_id)


def warm(port: int, cookie: bytes) -> None:
    """Let the web do what a process does once (templates, statements): the day is not like that."""
    browse(port, cookie, for_seconds(WARM_UP_SECONDS))


def for_seconds(seconds: float) -> Callable[[float], bool]:
    """Let `browse` go on for so long."""
    return lambda began: time.monotonic() - began < seconds


def signed_in(port: int, world: World) -> bytes:
    """The cookie of an admin's session."""
    wire = Wire(port)
    wire.sign_in(world.admin.email)
    return wire.cookie


def browse(port: int, cookie: bytes, goes_on: Callable[[float], bool]) -> list[Answer]:
    """Let all users browse, filter and search while `goes_on` returns True; returns their answers."""
    began, over = time.monotonic(), Event()

    def one(seed: int) -> list[Answer]:
        chance = random.Random(seed)
        answers: list[Answer] = []
        with _Connection(port, cookie) as connection:
            while not over.wait(chance.uniform(*THINK_SECONDS)):
                answers.append(connection.get(chance.choice(WALKS)))
                if count_at := answers[-1].count_at:
                    answers.append(replace(connection.get(count_at, HTMX), is_count=True))
        return answers

    with ThreadPoolExecutor(USERS) as pool:
        users = [pool.submit(one, seed) for seed in range(USERS)]
        while goes_on(began):
            time.sleep(0.2)
        over.set()
        return [answer for user in users for answer in user.result()]


def rush(port: int, cookie: bytes, path: str) -> float:
    """How many requests a second `path` answers to a few connections without a pause. Raises RuntimeError if
    an answer is not 200."""
    until = time.monotonic() + RUSH_SECONDS

    def one(_: int) -> int:
        count = 0
        with _Connection(port, cookie) as connection:
            while time.monotonic() < until:
                status = connection.get(path).status
                if status != 200:
                    raise RuntimeError(f"{path} answers {status or 'nothing'}")
                count += 1
        return count

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(pool.map(one, range(CONNECTIONS))) / RUSH_SECONDS


class _Connection:
    """The connection of one browser, kept open between requests."""

    def __init__(self, port: int, cookie: bytes) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Cookie": f"session={cookie.decode()}", "Host": "localhost"}

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Request the path; once more if the server has closed the idle connection, as browsers do."""
        begun = time.perf_counter()
        answer = self._ask(path, headers)
        if answer.status is None:
            answer = self._ask(path, headers)
        return replace(answer, ms=(time.perf_counter() - begun) * 1000)

    def _ask(self, path: str, headers: Mapping[str, str] | None) -> Answer:
        try:
            self._connection.request("GET", path, headers=self._headers | dict(headers or {}))
            answer = self._connection.getresponse()
            found = COUNT.search(answer.read())
        except (OSError, HTTPException):
            self._connection.close()
            return Answer(None, 0)
        return Answer(answer.status, 0, html.unescape(found[1].decode()) if found else None)
