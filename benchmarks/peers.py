"""What a page costs, beside an empty Flask view and beside the change list of Django's admin.

In CPU time, by turns. Each is asked through the test client of its framework; the pages and the change list
(`benchmarks/peer/`) are signed in, with a session in the database.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from flask.testing import FlaskClient

from benchmarks import empty
from benchmarks.cpu import Cpu
from benchmarks.stage import Databases, stage
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.processes import CHECKOUT

PEER = CHECKOUT / ".venv-peer"
# Many short rounds: what else the machine does changes from one second to the next, and CPU time with it,
# where two cores share what computes.
ROUNDS, REQUESTS, EMPTY_REQUESTS = 24, 4, 50
SEARCH = "?q=ann"
PAGES = {
    "Bin": "/contacts/restore",
    "Bin, search “ann”": f"/contacts/restore{SEARCH}",
    "Overview": "/contacts",
    "Overview, search “ann”": f"/contacts{SEARCH}",
    "A contact": "/contacts/1",
}
# The pages with a counterpart in the admin, and its query.
COUNTERPARTS = {"Bin": "", "Bin, search “ann”": SEARCH}

# Makes so many requests and returns their CPU seconds.
Asked = Callable[[int], float]


def measure(made: Databases, cpu: Cpu, url: str, world: World) -> Iterator[tuple[str, float]]:
    """Names and ratios, of which more is better, on copies of the database at `url`. Without Django only the
    first ones."""
    with made.copy(url) as copy, stage(copy) as here, made.copy(url) as other, django(other, cpu) as admin:
        browser = Browser(here.app, world.admin)
        nothing = partial(_asked, cpu, empty.app.test_client(), "/")
        asked = {name: partial(_asked, cpu, browser.client, path) for name, path in PAGES.items()}
        costs = costs_of({"": nothing, **asked, **admin})
    for name in PAGES:
        yield f"{name}: thousandths of the rate of an empty Flask view", 1000 * costs[""] / costs[name]
    for name, query in COUNTERPARTS.items():
        if admin:
            yield f"{name}: times the rate of Django's change list", costs[_of(query)] / costs[name]


def costs_of(several: dict[str, Asked]) -> dict[str, float]:
    """The CPU seconds that a request of each took in the mean. All take part in each round, by turns."""
    for ask in several.values():
        ask(REQUESTS)
    total = dict.fromkeys(several, 0.0)
    for _ in range(ROUNDS):
        for name, ask in several.items():
            number = REQUESTS if name else EMPTY_REQUESTS
            total[name] += ask(number) / number
    return {name: seconds / ROUNDS for name, seconds in total.items()}


@contextmanager
def django(url: str, cpu: Cpu) -> Iterator[dict[str, Asked]]:
    """Ways to ask for the change list of the contacts at `url`; none if Django is not installed."""
    if not (PEER / ".ready").exists():
        print("  Django is not installed in .venv-peer: the pages are not compared with its change list.")
        yield {}
        return
    process = subprocess.Popen(
        [PEER / "bin" / "python", "-m", "benchmarks.peer", url],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        said = process.stdout.readline()
        assert said == "ready\n", said

        def ask(query: str, number: int) -> float:
            assert process.stdin
            assert process.stdout
            begun = cpu.server_seconds()
            print(number, query, file=process.stdin, flush=True)
            own = float(process.stdout.readline())
            return own + cpu.server_seconds() - begun

        yield {_of(query): partial(ask, query) for query in COUNTERPARTS.values()}
    finally:
        process.stdin.close()
        process.wait(20)


def _of(query: str) -> str:
    return f"Django {query}"


def _asked(cpu: Cpu, client: FlaskClient, path: str, number: int) -> float:
    begun = cpu.seconds()
    for _ in range(number):
        answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status}")
    return cpu.seconds() - begun
