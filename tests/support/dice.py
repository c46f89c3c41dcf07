"""Random requests: any route and method, any fields, with values that are right, odd or nasty.

They are the same in each run, unless FUZZ_SEED is set in the environment.
"""

import os
import random
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from tests.support.bad_input import KINDS, ROWS
from tests.support.browser import HTMX
from webapp.urls import ROUTES

SEED = int(os.environ.get("FUZZ_SEED", "20261124"))
METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "NONSENSE")
ACTS = [route for route in ROUTES if route.method == "POST"]
NAMES = sorted({row.name for row in ROWS if "<" not in row.field})

# Beside the kinds of the table: values with a meaning for a database, a template, a browser or a parser.
ODD = (
    *(
        "%",
        "_",
        "\\",
        "'",
        '"><b>',
        "{{7*7}}",
        "1 OR 1=1",
        "\r\nX-A: b",
        "../../etc/passwd",
        "//evil.example",
    ),
    *("00", "1e3", "0x10", "1.5", "1_000", "٣", "Ⅷ", "NaN", "null", "2147483648", "2026-11-24", "0001-01-01"),
    *("9999-12-31", "selected", "é", "\ufeff", "\uffff", "ﷺ" * 60, "İ" * 200, "MTc2LjE", "a.b.c"),
)
NASTY = [*KINDS.values(), *(value.encode() for value in ODD)]


@dataclass
class Asked:
    """One request, and how to repeat it."""

    number: int
    who: str
    method: str
    address: str
    body: str
    headers: dict[str, str]

    def __str__(self) -> str:
        return (
            f"request {self.number} of FUZZ_SEED={SEED}: {self.who}, {self.method} {self.address[:300]} "
            f"{self.body[:300]} {self.headers}"
        )


class Dice:
    """Makes random requests; `good` holds valid values by field."""

    def __init__(self, good: dict[str, list[str]], tokens: dict[str, str]) -> None:
        self.random = random.Random(SEED)
        self.good = good
        self.tokens = tokens

    def request(self, number: int) -> Asked:
        who = self.random.choice([*self.tokens, "admin", "admin"])
        route = self.random.choice([*ROUTES, *ACTS])
        if route.path == "/logout" and self.random.random() < 0.8:
            # A browser without a session stays signed out.
            route = self.random.choice(ROUTES)
        path = route.path
        for name in ("contact_id", "job_id"):
            path = path.replace(f"<id:{name}>", self.value(name))
        posts = route.method == "POST"
        return Asked(
            number,
            who,
            route.method if self.random.random() < 0.9 else self.random.choice(METHODS),
            f"{path}?{self.fields(self.random.randrange(2 if posts else 5))}",
            self.form(route.path, who) if posts else "",
            self.headers(),
        )

    def form(self, path: str, who: str) -> str:
        """Its own fields, mostly valid, and a few others."""
        token = (
            self.tokens[who]
            if self.random.random() < 0.85
            else self.random.choice(list(self.tokens.values()))
        )
        own = [
            row.name for row in ROWS if (row.method, row.path) == ("POST", path) and row.name != "csrf_token"
        ]
        fields = [
            f"csrf_token={token}",
            *(f"{name}={self.value(name, 0.8)}" for name in own if self.random.random() < 0.8),
        ]
        return "&".join([*fields, self.fields(self.random.randrange(3))])

    def fields(self, count: int) -> str:
        names = [self.random.choice([*NAMES, "selected", "nonsense"]) for _ in range(count)]
        return "&".join(f"{name}={self.value(name)}" for name in names)

    def value(self, name: str, right: float = 0.4) -> str:
        if name in self.good and self.random.random() < right:
            return self.random.choice(self.good[name])
        return quote_from_bytes(self.random.choice(NASTY), safe="")

    def headers(self) -> dict[str, str]:
        headers = HTMX if self.random.random() < 0.5 else {}
        if self.random.random() < 0.1:
            headers = headers | {
                "HX-Current-URL": self.random.choice(["http://[", "//evil.example/a", "x" * 5000])
            }
        if self.random.random() < 0.1:
            headers = headers | {"HX-History-Restore-Request": "true"}
        return headers
