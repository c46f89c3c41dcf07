"""Addresses and methods that are not ours, and two hundred requests that nobody would think of."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import HTMX, Browser
from webapp.urls import ROUTES

Unchanged = Callable[[], AbstractContextManager[None]]

GETS = [route.path for route in ROUTES if route.method == "GET"]
GET_ONLY = sorted(set(GETS) - {route.path for route in ROUTES if route.method == "POST"})
POST_ONLY = sorted({route.path for route in ROUTES if route.method == "POST"} - set(GETS))


def with_ids(path: str, number: object = 1) -> str:
    return path.replace("<id:contact_id>", str(number)).replace("<id:job_id>", str(number))


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
        "/static/../webapp/config.py",
    ],
)
def test_an_address_that_is_none_says_so(admin: Browser, path: str) -> None:
    for seen in (admin.get(path), admin.get(path, htmx=True)):
        assert seen.status == 404
        assert "Nothing here" in seen.text
        assert "the address has a typing mistake" in seen.text
        assert seen.button("Back to contacts")["href"] == "/contacts"


@pytest.mark.parametrize("path", GET_ONLY)
def test_a_page_takes_no_post(admin: Browser, unchanged: Unchanged, path: str) -> None:
    token = admin.token()
    with unchanged():
        seen = admin.post(with_ids(path), {"csrf_token": token})

    assert seen.status == 405
    assert "Go back and use the buttons of the page. Nothing was changed." in seen.text
    assert set(seen.headers["Allow"].split(", ")) >= {"GET", "HEAD"}


@pytest.mark.parametrize("path", POST_ONLY)
def test_an_act_is_not_done_by_opening_its_address(admin: Browser, unchanged: Unchanged, path: str) -> None:
    for method in ("GET", "HEAD"):
        with unchanged():
            answer = admin.client.open(with_ids(path), method=method)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE"])
def test_other_methods_are_refused_everywhere(admin: Browser, unchanged: Unchanged, method: str) -> None:
    token = admin.token()
    with unchanged():
        for route in ROUTES:
            answer = admin.client.open(with_ids(route.path), method=method, headers={"X-CSRFToken": token})
            assert answer.status_code == 405, route.path


@pytest.mark.parametrize("path", [path for path in GETS if "<" not in path])
def test_head_answers_like_get_without_a_body(admin: Browser, path: str) -> None:
    head, get = admin.client.head(path), admin.client.get(path)

    assert head.status_code == get.status_code
    assert head.data == b""


def test_a_form_that_is_too_large_is_refused(admin: Browser, unchanged: Unchanged) -> None:
    token = admin.token()
    with unchanged():
        seen = admin.post("/contacts/delete", {"csrf_token": token, "selected": "1" * 2_000_000})

    assert seen.status == 413
    assert "Send less. Nothing was changed." in seen.text


FIELDS = (
    *("q", "from", "to", "deleted_by", "deletion", "after", "before", "selected", "show", "clear"),
    *("watching", "restored_by", "next", "older", "csrf_token", "scope", "email", "nonsense"),
)
VALUES = (
    *(
        "",
        "a",
        "ann",
        "%",
        "_",
        "\\",
        "\0",
        "\ud800",
        "😀",
        "\u200f",
        "é",
        "'",
        '"><b>',
        "{{7*7}}",
        "a" * 5000,
    ),
    *("0", "1", "-1", "00", "1e3", "0x10", "٣", str(2**31), str(2**63 - 1), str(2**63), str(10**30), "NaN"),
    *("2026-11-24", "2026-02-30", "0001-01-01", "9999-12-31", "selected", "MTc2LjE", "none", "null", "\r\n"),
    *("\ufeff", "\uffff", "ﷺ" * 60, "İ" * 200, "\u202eabc", "../../etc/passwd", "//evil", "Ⅷ", "1_000"),
)


def test_two_hundred_odd_requests_bring_no_500(
    admin: Browser, world: World, store: Session, unchanged: Unchanged
) -> None:
    contacts = new_contacts(store, world, 8)
    delete(store, world, *contacts[:5])
    store.commit()
    dice = random.Random(20261124)
    ours = [str(contact.id) for contact in contacts]

    with unchanged():
        for _ in range(200):
            path = with_ids(dice.choice(GETS), dice.choice([1, 10**6, 2**63 - 1, *ours]))
            query = [
                (dice.choice(FIELDS), dice.choice([*VALUES, *ours]).encode("utf-8", "surrogatepass"))
                for _ in range(dice.randrange(6))
            ]
            answer = admin.client.get(
                path, query_string=encoded(query), headers=HTMX if dice.random() < 0.5 else {}
            )
            assert answer.status_code < 500, f"{path}?{encoded(query)}"
            assert answer.status_code in (200, 302, 303, 400, 404, 409, 422), f"{path}?{encoded(query)}"


def encoded(query: list[tuple[str, bytes]]) -> str:
    return "&".join(f"{name}=" + "".join(f"%{byte:02X}" for byte in value) for name, value in query)
