"""Law: every answer carries the security headers, and no page needs an exception from them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.support.another_app import another_app
from tests.support.browser import HTMX, Browser
from webapp import create_app

# One database is enough for this.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
EXPECTED = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
TEMPLATES = Path(__file__).parents[2] / "templates"

CSS = "/static/app.css"
ANSWERS = [
    ("a page", "GET", "/contacts", 200),
    ("the sign-in page", "GET", "/login", 303),
    ("a redirect", "GET", "/", 302),
    ("a page of JSON", "GET", "/healthz", 200),
    ("a missing page", "GET", "/nothing-here", 404),
    ("a missing contact", "GET", "/contacts/1", 404),
    ("a wrong method", "POST", "/contacts", 405),
    ("a missing token", "POST", "/restores", 400),
    ("a refused filter", "GET", "/contacts/restore?from=soon", 422),
    ("a forged cursor", "GET", "/contacts?after=x", 400),
    ("no file", "GET", "/static/nothing.css", 404),
    ("a file that is sent to", "POST", CSS, 405),
    ("a redirect of the router", "GET", "/contacts//1", 308),
]


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "part"])
@pytest.mark.parametrize(("what", "method", "path", "status"), ANSWERS, ids=[answer[0] for answer in ANSWERS])
def test_every_answer_carries_the_security_headers(
    admin: Browser, what: str, method: str, path: str, status: int, htmx: bool
) -> None:
    answer = admin.client.open(path, method=method, headers=HTMX if htmx else {})

    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in EXPECTED} == EXPECTED


def test_files_carry_them_too_and_may_be_kept(admin: Browser) -> None:
    """Also the answer that a file has not changed, and an answer to nothing but the head."""
    whole = admin.client.get(CSS)
    same = admin.client.get(CSS, headers={"If-None-Match": whole.headers["ETag"]})
    head = admin.client.head(CSS)

    assert (whole.status_code, same.status_code, head.status_code) == (200, 304, 200)
    kept = EXPECTED | {"Cache-Control": "max-age=31536000, public"}
    for answer in (whole, same, head):
        answer.close()
        assert {name: answer.headers.get(name) for name in EXPECTED} == kept


def test_answers_without_a_session_carry_the_security_headers(browse: Callable[..., Browser]) -> None:
    for path in ("/login", "/contacts", "/contacts/restore"):
        answer = browse().client.get(path)
        assert {name: answer.headers.get(name) for name in EXPECTED} == EXPECTED


def test_https_answers_ask_the_browser_to_stay_on_https(admin: Browser) -> None:
    plain = admin.client.get("/contacts")
    secure = admin.client.get("/contacts", base_url="https://localhost")

    assert "Strict-Transport-Security" not in plain.headers
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_in_production_every_answer_asks_for_https(environ: dict[str, str], app: Flask) -> None:
    """Whether or not the proxy in front says by which scheme it was asked."""
    with another_app(environ, APP_ENV="production") as production:
        for path in ("/login", CSS, "/nothing-here"):
            answer = production.test_client().get(path)
            answer.close()
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_in_production_the_cookie_is_sent_over_https_only(environ: dict[str, str], app: Flask) -> None:
    production = create_app(environ | {"APP_ENV": "production"})

    assert production.config["SESSION_COOKIE_SECURE"] is True
    assert app.config["SESSION_COOKIE_SECURE"] is False


@pytest.mark.parametrize("path", ["/contacts", "/contacts/restore", "/restores", "/login", "/nothing-here"])
def test_pages_load_scripts_and_styles_from_the_app_only(browse: Callable[..., Browser], path: str) -> None:
    seen = browse().get(path)

    assert seen.all("script[src], link[rel=stylesheet]")
    for element in seen.all("script[src], link[rel=stylesheet], img[src]"):
        address = str(element.get("src") or element.get("href"))
        assert address.startswith(("/static/", "data:image/")), element
    assert not seen.all("style")
    assert not seen.all("[style]")
    assert not seen.all("script:not([src])")


FORBIDDEN = {
    "an inline style": r"\sstyle\s*=",
    "a style element": r"<style[\s>]",
    "an inline script": r"<script(?![^>]*\ssrc=)[^>]*>",
    "an inline handler": r"\son[a-z]+\s*=",
    "a script in htmx's attributes": r"hx-on|js:|hx-vals=.\s*javascript:",
    "a trigger filter, which needs eval": r"hx-trigger=\"[^\"]*\[",
    "an address of another host": r"(?:src|href|action)=\"(?:https?:)?//",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds_what_the_policy_blocks(what: str) -> None:
    """Also in branches that no test reaches."""
    found = [
        f"{template.relative_to(TEMPLATES)}: {match.group()}"
        for template in sorted(TEMPLATES.rglob("*.html"))
        for match in re.finditer(FORBIDDEN[what], template.read_text())
    ]
    assert found == []


def test_htmx_is_configured_without_eval_and_without_a_page_cache(admin: Browser) -> None:
    config = str(admin.get("/contacts").one("meta[name=htmx-config]")["content"])

    for setting in (
        '"allowEval": false',
        '"includeIndicatorStyles": false',
        '"historyCacheSize": 0',
        '"selfRequestsOnly": true',
    ):
        assert setting in config
