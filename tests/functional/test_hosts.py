"""What a request says of its client and its host is believed only as far as a proxy or a setting says so."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from flask import Flask, request
from werkzeug.test import TestResponse

from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.element import Document

# One database is enough for this.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

PEER = "192.0.2.1"
CLIENT = "203.0.113.9"
FORGED = "198.51.100.7"


def seen_by(app: Flask, **headers: str) -> tuple[str | None, str]:
    """The address and the scheme that the app sees in a request with these headers."""
    with app.test_client() as client:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        client.get("/healthz", headers=given, environ_base={"REMOTE_ADDR": PEER})
        return request.remote_addr, request.scheme


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        ("0", CLIENT, PEER),
        ("1", CLIENT, CLIENT),
        ("1", f"{FORGED}, {CLIENT}", CLIENT),
        ("1", f'"{FORGED}, {CLIENT}', CLIENT),
        ("1", "2001:DB8::1", "2001:db8::1"),
        ("1", f"{CLIENT}, unknown", PEER),
        ("1", "", PEER),
        ("2", f"{FORGED}, {CLIENT}, 10.0.0.1", CLIENT),
        ("2", CLIENT, PEER),
    ],
)
def test_only_a_proxy_says_who_the_client_is(
    proxies: str, forwarded: str, address: str, environ: dict[str, str], app: Flask
) -> None:
    with another_app(environ, PROXIES=proxies) as behind:
        assert seen_by(behind, X_Forwarded_For=forwarded)[0] == address


def test_only_a_proxy_says_how_the_client_has_asked(environ: dict[str, str], app: Flask) -> None:
    assert seen_by(app, X_Forwarded_Proto="https")[1] == "http"
    with another_app(environ, PROXIES="1") as behind:
        assert seen_by(behind, X_Forwarded_Proto="https")[1] == "https"
        assert seen_by(behind, X_Forwarded_Proto="javascript")[1] == "http"


@pytest.fixture
def named(environ: dict[str, str], app: Flask) -> Iterator[Callable[..., TestResponse]]:
    """Ask an app that has one name."""
    with another_app(environ, TRUSTED_HOSTS="crm.example.com") as app:
        yield lambda path, host, **headers: app.test_client().get(path, headers={"Host": host, **headers})


def test_another_host_is_refused_on_every_page(named: Callable[..., TestResponse]) -> None:
    for path in ("/login", "/", "/contacts//1", "/nothing-here"):
        for headers in ({}, {"HX-Request": "true"}):
            refused = named(path, "evil.example", **headers)
            assert refused.status_code == 400
            assert "Location" not in refused.headers
            assert "evil.example" not in refused.text


@pytest.mark.parametrize(
    "host", ["CRM.Example.COM", "crm.example.com.", "Crm.example.com.:8443", "LOCALHOST"]
)
def test_case_and_the_final_dot_make_no_other_name(host: str, named: Callable[..., TestResponse]) -> None:
    """RFC 3986, 3.2.2: names of hosts are case-insensitive, and a final dot makes them absolute."""
    assert named("/login", host).status_code == 200
    assert named("/login", f"{host}.evil.example").status_code == 400


def test_a_form_can_be_sent_to_a_name_in_any_spelling(environ: dict[str, str], app: Flask) -> None:
    """Over HTTPS the page that it comes from is compared with the host. Browsers write both in lower case."""
    with another_app(environ, TRUSTED_HOSTS="crm.example.com") as named:
        for host in ("CRM.example.com", "crm.example.com."):
            client, here = named.test_client(), {"Host": host}
            page = Document(client.get("/login", base_url="https://localhost", headers=here).text)
            token = page.select_one("[name=csrf_token]")
            assert token
            answer = client.post(
                "/login",
                data={"csrf_token": token["value"]},
                base_url="https://localhost",
                headers=here | {"Referer": f"https://{host.lower()}/login"},
            )
            assert answer.status_code == 422, host


def test_the_app_answers_by_its_name_and_monitoring_by_any(named: Callable[..., TestResponse]) -> None:
    for host in ("crm.example.com", "crm.example.com:8443", "localhost:5000", "127.0.0.1"):
        assert named("/login", host).status_code == 200
    for path in ("/healthz", "/readyz"):
        assert named(path, "10.0.0.7:8000").status_code == 200


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/contacts//1", "/contacts/1"),
        ("/contacts//1?q=a%26b", "/contacts/1?q=a%26b"),
        ("/contacts///restore//confirm", "/contacts/restore/confirm"),
        ("//evil.example//contacts", None),
    ],
)
def test_two_slashes_lead_to_the_same_host(admin: Browser, path: str, leads_to: str | None) -> None:
    """Whatever name the request has, none appears in the response."""
    answer = admin.client.open(path="", environ_overrides=split(path), headers={"Host": "evil.example"})

    assert answer.headers.get("Location") == leads_to
    assert answer.status_code == (308 if leads_to else 404)


def split(path: str) -> dict[str, str]:
    """Path and query of a request, unchanged: a client would take what follows two slashes for a host."""
    path, _, query = path.partition("?")
    return {"PATH_INFO": path, "QUERY_STRING": query}


def test_a_request_whose_host_and_body_are_both_wrong_is_refused(app: Flask) -> None:
    """No address can be built without a host, also not the one in the answer about the body."""
    files = {"file": (BytesIO(b"no form of this page has a file"), "file")}
    answer = app.test_client().post("/login", data=files, headers={"Host": "x" * 64})

    assert answer.status_code == 400
