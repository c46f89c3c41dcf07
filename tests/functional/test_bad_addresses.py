"""Unknown addresses and methods, and bad headers and cookies."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.browser import HTMX, Browser
from webapp.urls import ROUTES

Unchanged = Callable[[], AbstractContextManager[None]]

GETS = [route.path for route in ROUTES if route.method == "GET"]
GET_ONLY = sorted(set(GETS) - {route.path for route in ROUTES if route.method == "POST"})
POST_ONLY = sorted({route.path for route in ROUTES if route.method == "POST"} - set(GETS))


def with_ids(path: str, number: object = 1) -> str:
    return re.sub("<[^>]+>", str(number), path)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/contacts/",
        "/contacts/abc",
        "/contacts/0",
        "/contacts/-1",
        f"/contacts/{2**63 - 1}",
        f"/contacts/{2**63}",
        f"/contacts/{10**30}",
        "/contacts/" + "9" * 5000,
        "/contacts/1.5",
        "/contacts/1/edit",
        "/contacts/%00",
        "/contacts/%F0%9F%98%80",
        "/contacts/%FF",
        "/contacts/..%2f..%2fetc%2fpasswd",
        "/contacts/restore/nothing",
        "/restores/0",
        f"/restores/{2**63 - 1}",
        f"/restores/{2**64}",
        "/restores/" + "9" * 5000,
        "/restores/abc",
        "/.env",
        "/static/../webapp/local.py",
    ],
)
def test_an_unknown_address_gets_a_404_page(admin: Browser, path: str) -> None:
    for seen in (admin.get(path), admin.get(path, htmx=True)):
        assert seen.status == 404
        assert "Page not found" in seen.text
        assert "the address has a typing mistake" in seen.text
        assert seen.button("Back to contacts")["href"] == "/contacts"


def test_a_page_refuses_post(admin: Browser, unchanged: Unchanged) -> None:
    token = admin.token()
    with unchanged():
        for path in GET_ONLY:
            seen = admin.post(with_ids(path), {"csrf_token": token})

            assert seen.status == 405, path
            assert "Go back and use the buttons of the page. Nothing was changed." in seen.text
            assert set(seen.headers["Allow"].split(", ")) >= {"GET", "HEAD"}


def test_opening_the_address_of_an_action_does_not_perform_it(admin: Browser, unchanged: Unchanged) -> None:
    with unchanged():
        for path in POST_ONLY:
            for method in ("GET", "HEAD"):
                answer = admin.client.open(with_ids(path), method=method)
                assert answer.status_code == 405, path
                assert answer.headers["Allow"] == "POST"


def test_other_methods_are_refused_everywhere(admin: Browser, unchanged: Unchanged) -> None:
    headers = {"X-CSRFToken": admin.token()}
    with unchanged():
        for path in sorted({route.path for route in ROUTES}):
            for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE"):
                answer = admin.client.open(with_ids(path), method=method, headers=headers)
                assert answer.status_code == 405, path


def test_head_answers_like_get_without_a_body(admin: Browser) -> None:
    for path in GETS:
        if "<" not in path:
            head, get = admin.client.head(path), admin.client.get(path)
            assert head.status_code == get.status_code, path
            assert head.data == b""


def test_a_form_that_is_too_large_is_refused(admin: Browser, unchanged: Unchanged) -> None:
    token = admin.token()
    with unchanged():
        seen = admin.post("/contacts/delete", {"csrf_token": token, "selected": "1" * 2_000_000})

    assert seen.status == 413
    assert "Send less. Nothing was changed." in seen.text


@pytest.mark.parametrize("host", ["x" * 64, "a." + "x" * 3000, ".", "a..b"])
def test_an_invalid_host_is_refused(admin: Browser, host: str) -> None:
    for path in ("/contacts", "/login", "/nothing"):
        for headers in ({}, HTMX):
            answer = admin.client.get(path, headers={"Host": host, **headers})
            assert answer.status_code == 400
            assert "Go back, reload the page and try again." in answer.text
            assert 'href="/"' in answer.text


@pytest.mark.parametrize("cookie", ["ÿ|ÿ", "1|abc", f"{10**30}|a", "|", ""])
def test_a_cookie_that_the_app_never_set_signs_no_one_in(browse: Callable[..., Browser], cookie: str) -> None:
    browser = browse()
    browser.client.set_cookie("remember_token", cookie)

    assert browser.get("/contacts").path == "/login"


@pytest.mark.parametrize("name", ["session", "remember_token", "a"])
@pytest.mark.parametrize("value", ["abc", ".eJ.a.b", "x" * 5000, "ÿþ", '"'])
def test_a_forged_cookie_is_ignored(browse: Callable[..., Browser], name: str, value: str) -> None:
    for htmx in (False, True):
        cookie = f"{name}={value}".encode().decode("latin-1")
        headers = {"Cookie": cookie, **(HTMX if htmx else {})}
        answer = browse().client.get("/contacts/restore", headers=headers)
        assert answer.status_code == (401 if htmx else 303)


@pytest.mark.parametrize("shown", ["http://[", "http://[::1", "//[", "x" * 5000, "http://a/" + "b" * 5000])
def test_an_odd_address_without_a_session_leads_to_sign_in(
    browse: Callable[..., Browser], shown: str
) -> None:
    answer = browse().client.get("/contacts", headers={**HTMX, "HX-Current-URL": shown})

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")


def test_the_address_of_the_sign_in_page_never_gets_too_long(browse: Callable[..., Browser]) -> None:
    """The query is dropped, the page is kept."""
    query = "q=" + "%F0%9F%98%80" * 200 + "".join(f"&selected={10**6 + i}" for i in range(100))
    short, long = f"/contacts?{query[:1000]}", f"/contacts?{query}"

    for path, expected in ((short, short), (long, "/contacts")):
        plain = browse().client.get(path)
        htmx = browse().client.get(
            "/contacts/selection", headers={**HTMX, "HX-Current-URL": f"http://localhost{path}"}
        )
        for address in (plain.headers["Location"], htmx.headers["HX-Redirect"]):
            assert len(address) < 4100
            assert dict(parse_qsl(urlsplit(address).query))["next"] == expected
