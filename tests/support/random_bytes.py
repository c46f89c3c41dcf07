"""Requests whose path, query, body, headers and cookies hold random bytes, for every route of the app.

Each request is made from the seed and its own number. So one that failed can be made again alone.
"""

import random
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote_from_bytes

from tests.support.bad_input import KINDS, ROWS
from tests.support.dice import METHODS, ODD
from webapp.urls import ROUTES

# A value that no page may repeat without escaping it.
CANARY = b"\"'><i id=canary>"
NAMES = sorted({row.name for row in ROWS if "<" not in row.field})
NESTED = (
    *(
        "a[b][c]",
        "a[]",
        "a.b.c",
        "a[b",
        "__proto__",
        "constructor.prototype",
        "__class__.__init__",
        "a[0][0]",
    ),
    *("", " ", "csrf_token[]", "selected[$ne]", "selected.0", "%", "&", "=", "a\0b"),
)
HEADERS = (
    *("HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE", "HTTP_AUTHORIZATION", "HTTP_CONNECTION"),
    *("HTTP_EXPECT", "HTTP_FORWARDED", "HTTP_FROM", "HTTP_HOST", "HTTP_HX_CURRENT_URL", "HTTP_HX_REQUEST"),
    *(
        "HTTP_HX_TARGET",
        "HTTP_HX_TRIGGER",
        "HTTP_HX_HISTORY_RESTORE_REQUEST",
        "HTTP_IF_MATCH",
        "HTTP_IF_RANGE",
    ),
    *(
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_NONE_MATCH",
        "HTTP_IF_UNMODIFIED_SINCE",
        "HTTP_ORIGIN",
        "HTTP_RANGE",
    ),
    *("HTTP_REFERER", "HTTP_SEC_FETCH_SITE", "HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE", "HTTP_USER_AGENT"),
    *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PREFIX"),
    *("HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_REQUEST_ID", "HTTP_X_CSRFTOKEN", "HTTP_COOKIE", "CONTENT_TYPE"),
)
TYPES = (
    *(b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=B", b"application/json"),
    *(b"text/plain", b"multipart/form-data", b"application/x-www-form-urlencoded; charset=utf-7"),
)


@dataclass(frozen=True)
class Sent:
    """One request as a server hands it to the app: texts are bytes in Latin-1."""

    number: int
    seed: int
    environ: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        shown = {name: value[:200] for name, value in self.environ.items() if name != "HTTP_COOKIE"}
        return f"request {self.number} of FUZZ_SEED={self.seed}: {shown} {self.body[:500]!r}"

    def wsgi(self) -> dict[str, object]:
        """The environment that the app gets."""
        return {
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SCRIPT_NAME": "",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(self.body),
            "wsgi.errors": BytesIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **self.environ,
        }


class Bytes:
    """Makes the request with this number. `cookie` and `token` are of a session, `ids` of its workspace."""

    def __init__(self, seed: int, number: int, *, cookie: str, token: str, ids: list[str]) -> None:
        self.seed, self.number = seed, number
        self.cookie, self.token, self.ids = cookie, token, ids
        self.dice = random.Random(f"{seed}/{number}")

    def request(self) -> Sent:
        dice = self.dice
        route = dice.choice(ROUTES)
        own = [row.name for row in ROWS if (row.method, row.path) == (route.method, route.path)]
        path = "".join(
            self.segment() if part.startswith("<") and dice.random() < 0.7 else self.known(part)
            for part in split(route.path)
        ).encode("latin-1", "ignore")
        if dice.random() < 0.05:
            path += b"/" + self.value()
        environ = {
            "REQUEST_METHOD": dice.choice(METHODS) if dice.random() < 0.05 else route.method,
            "PATH_INFO": path.decode("latin-1"),
            "QUERY_STRING": self.fields(own, dice.randrange(4)).decode("latin-1"),
            "HTTP_HOST": "localhost",
            "HTTP_COOKIE": self.cookie,
        }
        if dice.random() < 0.5:
            environ["HTTP_HX_REQUEST"] = "true"
        body = b""
        if route.method == "POST":
            kind, body = self.form(own)
            environ["CONTENT_TYPE"] = kind.decode("latin-1")
        for _ in range(dice.choice((0, 0, 1, 3))):
            environ[dice.choice(HEADERS)] = self.header()
        environ["CONTENT_LENGTH"] = (
            str(len(body)) if dice.random() < 0.97 else dice.choice(("", "-1", "9" * 30, "x", "5"))
        )
        return Sent(self.number, self.seed, environ, body)

    def known(self, part: str) -> str:
        return self.dice.choice(self.ids) if part.startswith("<") else part

    def segment(self) -> str:
        return self.value().decode("latin-1")

    def form(self, own: list[str]) -> tuple[bytes, bytes]:
        """A content type, and a body that mostly is of that type."""
        dice = self.dice
        if dice.random() < 0.1:
            return dice.choice(TYPES), self.value()
        if dice.random() < 0.25:
            return TYPES[1], self.parts(own)
        token = b"csrf_token=" + quote_from_bytes(self.token.encode()).encode()
        fields = self.fields(own, dice.randrange(1, 6))
        return TYPES[0], (token + b"&" if dice.random() < 0.95 else b"") + fields

    def parts(self, own: list[str]) -> bytes:
        """A body in parts, some of them files."""
        dice = self.dice
        parts = [b'--B\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + self.token.encode()]
        for _ in range(dice.randrange(1, 5)):
            head = b'--B\r\nContent-Disposition: form-data; name="' + self.name(own) + b'"'
            if dice.random() < 0.5:
                head += b'; filename="' + self.value()[:60] + b'"'
            if dice.random() < 0.2:
                head += b"\r\nContent-Type: " + self.value()[:40]
            parts.append(head + b"\r\n\r\n" + self.value())
        return b"\r\n".join(parts) + (b"\r\n--B--\r\n" if dice.random() < 0.9 else b"")

    def fields(self, own: list[str], count: int) -> bytes:
        """Names and values as a form sends them, or as no form would."""
        pairs = []
        for _ in range(count):
            name, value = self.name(own), self.value()
            if self.dice.random() < 0.9:
                name, value = quote_from_bytes(name).encode(), quote_from_bytes(value).encode()
            pairs.append(name + b"=" + value)
        return b"&".join(pairs)

    def name(self, own: list[str]) -> bytes:
        dice = self.dice
        chance = dice.random()
        if own and chance < 0.75:
            return dice.choice(own).strip("<>").encode()
        if chance < 0.9:
            return dice.choice(NAMES).encode()
        return dice.choice(NESTED).encode() if chance < 0.97 else dice.randbytes(dice.randrange(9))

    def value(self) -> bytes:
        """Bytes, characters of all planes, numbers of all sizes, known troublemakers, or what is right."""
        dice = self.dice
        match dice.randrange(8):
            case 0:
                return dice.randbytes(dice.choice((1, 2, 8, 40, 300)))
            case 1:
                drawn = (
                    chr(dice.choice((dice.randrange(0x80), dice.randrange(0x110000)))) for _ in range(20)
                )
                return "".join(drawn).encode("utf-8", "surrogatepass")
            case 2:
                return str(dice.randrange(-(10**3), 10 ** dice.choice((2, 9, 18, 19, 20, 40, 4000)))).encode()
            case 3:
                return dice.choice((*KINDS.values(), *(odd.encode() for odd in ODD)))
            case 4:
                return CANARY
            case 5:
                return bytes([dice.randrange(256)]) * dice.choice((1, 255, 4096))
            case _:
                return dice.choice(self.ids).encode()

    def header(self) -> str:
        """A server lets no line break and no NUL through."""
        value = self.dice.choice((b"true", b"gzip;q=1e9", b"bytes=-9", b'W/"x"', self.value(), self.value()))
        if self.dice.random() < 0.1:
            value = self.cookie.encode("latin-1")[: self.dice.randrange(200)] + self.value()
        return value.translate(None, b"\r\n\0").decode("latin-1")


def split(path: str) -> list[str]:
    """A path of the URL table as its fixed parts and its variables: "/a/", "<id:b>", "/c"."""
    parts, rest = [], path
    while "<" in rest:
        fixed, _, rest = rest.partition("<")
        variable, _, rest = rest.partition(">")
        parts += [fixed, f"<{variable}>"]
    return [*parts, rest]
