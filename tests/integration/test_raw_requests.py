"""What only bytes on the wire can say: broken chunks, bodies that break off, nonsense for a host.

The web server runs as it is deployed, on a port of its own.
"""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact
from tests.factories.people import World
from tests.support.state import nothing_changes
from tests.support.web import FORM, Wire, length

# One database is enough for this.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

MULTIPART = b"Content-Type: multipart/form-data; boundary=B"
CHUNKED = b"Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def contact_id(engine: Engine, ours: World) -> int:
    """A contact that could be deleted."""
    with Session(engine) as session:
        contact = new_contact(session, ours)
        session.commit()
        return contact.id


def test_an_answer_that_comes_before_the_end_of_the_request_is_read() -> None:
    """A server that closes with unread bytes resets the connection."""
    answer = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as threads:

        def refuse() -> None:
            connection, _address = server.accept()
            with connection:
                connection.sendall(answer)

        refusing = threads.submit(refuse)
        assert Wire(server.getsockname()[1]).send(b"a" * 2**24) == answer
        refusing.result()


# Headers; the body, in which TOKEN and ID are filled in; the status; the message.
RELOAD, LESS = (
    "Go back, reload the page and try again. Nothing was changed.",
    "Send less. Nothing was changed.",
)
PART = b'--B\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
WHOLE = b"csrf_token=TOKEN&selected=ID"
BODIES: dict[str, tuple[tuple[bytes, ...], bytes, int, str]] = {
    "a body that breaks off": ((FORM, b"Content-Length: 999"), WHOLE, 400, RELOAD),
    "a chunk that breaks off": ((FORM, CHUNKED), b"fff\r\n" + WHOLE, 400, RELOAD),
    "chunks without an end": ((FORM, CHUNKED), b"%x\r\n" + WHOLE + b"\r\n", 400, RELOAD),
    "a chunk of no size": ((FORM, CHUNKED), b"zz\r\n" + WHOLE + b"\r\n0\r\n\r\n", 400, RELOAD),
    "chunks that are too much": (
        (FORM, CHUNKED),
        b"%x\r\n" + WHOLE + b"&a=\r\n" + (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 17 + b"0\r\n\r\n",
        413,
        LESS,
    ),
    "a length that is too much": ((FORM, b"Content-Length: 1" + b"0" * 30), WHOLE, 413, LESS),
    "a part without a name": (
        (MULTIPART, b"LENGTH"),
        PART % (b"csrf_token", b"TOKEN") + b"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--\r\n",
        400,
        RELOAD,
    ),
    "300 parts": ((MULTIPART, b"LENGTH"), PART % (b"selected", b"ID") * 300 + b"--B--\r\n", 413, LESS),
    "parts that break off": (
        (MULTIPART, b"LENGTH"),
        PART % (b"csrf_token", b"TOKEN") + PART % (b"selected", b"ID"),
        400,
        "Nothing was changed.",
    ),
    "no boundary": ((b"Content-Type: multipart/form-data", b"LENGTH"), WHOLE, 400, "Nothing was changed."),
    "no type": ((b"LENGTH",), WHOLE, 400, "Nothing was changed."),
    "a type of nonsense": ((b"Content-Type: \xff/\xfe", b"LENGTH"), WHOLE, 400, "Nothing was changed."),
    "JSON": (
        (b"Content-Type: application/json", b"LENGTH"),
        b'{"selected": ID}',
        400,
        "Nothing was changed.",
    ),
    "bytes that are no text": (
        (FORM, b"LENGTH"),
        WHOLE + b"&a=\xff\xed\xa0\x80",
        400,
        "Nothing was changed.",
    ),
}


@pytest.mark.parametrize("what", BODIES)
def test_an_incomplete_body_deletes_no_contact(
    wire: Wire, contact_id: int, engine: Engine, what: str
) -> None:
    headers, body, status, said = BODIES[what]
    body = body.replace(b"ID", str(contact_id).encode()).replace(b"TOKEN", wire.token)
    body = body.replace(b"%x", b"%x" % len(body.partition(b"\r\n")[2].partition(b"\r\n")[0]))
    sent = [length(body) if header == b"LENGTH" else header for header in headers]

    for htmx in ([], [b"HX-Request: true"]):
        with nothing_changes(engine):
            answer = wire.ask(b"POST /contacts/delete", *sent, *htmx, body=body)
        assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
        assert said.encode() in answer
        assert b"Content-Security-Policy: " in answer


ADDRESSES: dict[str, tuple[bytes, int]] = {
    "NUL": (b"GET /contacts/%00", 404),
    "half a character": (b"GET /contacts/%ED%A0%80", 404),
    "a byte that is no text": (b"GET /contacts/%FF", 404),
    "folders above": (b"GET /static/../webapp/local.py", 404),
    "folders above, encoded": (b"GET /static/%2e%2e/webapp/local.py", 404),
    "NUL in a query": (b"GET /contacts?q=%00", 422),
    "half a character in a query": (b"GET /contacts?q=%ED%A0%80", 200),
    "a search of 200 emoji and 100 ticks": (
        b"GET /contacts?q=" + b"%F0%9F%98%80" * 200 + b"&selected=9876543210" * 100,
        200,
    ),
    "another host in the address": (b"GET http://evil.example/contacts", 200),
    "two slashes": (b"GET //contacts", 200),
    "a method of nonsense": (b"NONSENSE /contacts", 405),
    "OPTIONS": (b"OPTIONS /contacts", 405),
    "TRACE": (b"TRACE /contacts", 405),
}


@pytest.mark.parametrize("what", ADDRESSES)
def test_an_odd_address_gets_a_page_of_the_app(wire: Wire, what: str) -> None:
    line, status = ADDRESSES[what]

    answer = wire.ask(line)

    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert b"Content-Security-Policy: " in answer
    assert b"</html>" in answer


@pytest.mark.parametrize("host", [b"\xff\xfe", b"a b", b"[::1", b"a:b", b"", b"x" * 64], ids=repr)
def test_an_invalid_host_breaks_nothing(wire: Wire, host: bytes) -> None:
    for line in (b"GET /contacts", b"GET /nothing", b"HEAD /contacts"):
        answer = wire.ask(line, host=host)
        assert answer[:12] in (b"HTTP/1.1 200", b"HTTP/1.1 400", b"HTTP/1.1 404")
        assert b"Content-Security-Policy: " in answer


@pytest.mark.parametrize(
    "headers",
    [
        [b"Cookie: remember_token=\xff|\xff"],
        [b"HX-Request: true", b"HX-Current-URL: http://[::1"],
        [b"HX-Request: true", b"HX-Current-URL: \xff\xfe//["],
        [b"X-Forwarded-For: \xff", b"X-Forwarded-Proto: \xff", b"X-Forwarded-Host: [::1"],
    ],
    ids=repr,
)
def test_odd_headers_without_a_session_lead_to_sign_in(wire: Wire, headers: list[bytes]) -> None:
    answer = Wire(wire.port).ask(b"GET /contacts", *headers)

    assert answer[:12] in (b"HTTP/1.1 303", b"HTTP/1.1 401")
    assert b"/login" in answer
