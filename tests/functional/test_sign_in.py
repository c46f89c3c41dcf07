"""Signing in and out."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.browser import Browser
from webapp.models import User

WRONG = "This e-mail address and password do not belong together."


def test_the_right_password_leads_to_the_contacts(browse: Callable[..., Browser], world: World) -> None:
    seen = browse().sign_in(world.admin.email)

    assert (seen.status, seen.path) == (200, "/contacts")
    assert "Ada Admin" in seen.text
    assert "Northwind" in seen.text


@pytest.mark.parametrize("around", ["  ", "\u200b", "\ufeff \u00a0", "\u2066", "\u200b" * 300])
def test_an_address_is_read_in_any_case_and_without_what_is_invisible(
    browse: Callable[..., Browser], world: World, around: str
) -> None:
    assert browse().sign_in(f"{around}{world.admin.email.upper()}{around}").path == "/contacts"


@pytest.mark.parametrize("password", ["wrong", "restore-demo ", "Restore-demo", "\0", "a" * 1000])
def test_a_wrong_password_is_reported_and_the_address_is_kept(
    browse: Callable[..., Browser], world: World, password: str
) -> None:
    browser = browse()
    seen = browser.sign_in(world.admin.email, password)

    assert seen.status == 422
    assert WRONG in seen.text
    assert seen.one("#email")["value"] == world.admin.email
    assert not seen.one("#password").get("value")
    assert browser.get("/contacts").path == "/login"


@pytest.mark.parametrize("email", ["nobody@example.com", "a\0b@example.com", "😀@example.com", "no address"])
def test_an_unknown_address_gets_the_same_answer_as_a_wrong_password(
    browse: Callable[..., Browser], world: World, email: str
) -> None:
    wrong = browse().sign_in(world.admin.email, "wrong")
    unknown = browse().sign_in(email)

    assert unknown.status == wrong.status == 422
    assert unknown.words("#sign-in-error") == wrong.words("#sign-in-error")


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("", "x", "Type your e-mail address."),
        ("\u200b \u3164", "x", "Type your e-mail address."),
        ("ada@example.com", "", "Type your password."),
        ("a" * 255, "x", "That is too long."),
        ("ada@example.com", "x" * 1001, "That is too long."),
    ],
)
def test_a_missing_or_too_long_value_is_reported_beside_its_field(
    browse: Callable[..., Browser], email: str, password: str, sentence: str
) -> None:
    seen = browse().sign_in(email, password)

    assert seen.status == 422
    assert sentence in seen.words(".field-error")


def test_a_disabled_user_cannot_sign_in(browse: Callable[..., Browser], world: World, store: Session) -> None:
    store.get_one(User, world.admin.id).is_active = False
    store.commit()

    seen = browse().sign_in(world.admin.email)

    assert seen.status == 422
    assert WRONG in seen.text


def test_a_user_disabled_while_signed_in_is_signed_out_at_once(
    admin: Browser, world: World, store: Session
) -> None:
    assert admin.get("/contacts").path == "/contacts"
    store.get_one(User, world.admin.id).is_active = False
    store.commit()

    assert admin.get("/contacts").path == "/login"


def test_signing_out_ends_access_to_every_page(admin: Browser) -> None:
    left = admin.press(admin.get("/contacts"), "Sign out")

    assert left.path == "/login"
    assert admin.get("/contacts").path == "/login"
    assert admin.get("/contacts/restore").path == "/login"


SESSION_ENDS: dict[str, Callable[[Browser], object]] = {
    "the browser has dropped the cookie": lambda browser: browser.client.delete_cookie("session"),
    "the cookie is from too long ago": lambda browser: browser.client.set_cookie("session", "old"),
    "signed out in another tab": lambda browser: browser.press(browser.get("/contacts"), "Sign out"),
}


@pytest.mark.parametrize("how", SESSION_ENDS)
def test_signing_out_after_the_session_has_ended_leads_to_the_sign_in_page(admin: Browser, how: str) -> None:
    page = admin.get("/contacts")
    SESSION_ENDS[how](admin)

    assert admin.press(page, "Sign out").path == "/login"
    assert admin.get("/contacts").path == "/login"


def test_signing_out_on_a_page_that_is_older_than_the_session_signs_out(admin: Browser, world: World) -> None:
    """The browser says that the form is ours, although its token is not of this session."""
    page = admin.get("/contacts")
    admin.client.delete_cookie("session")
    admin.enter(world.admin.email)
    admin.client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"

    assert admin.press(page, "Sign out").path == "/login"
    assert admin.get("/contacts").path == "/login"


def test_a_form_of_another_site_signs_no_one_out(admin: Browser, browse: Callable[..., Browser]) -> None:
    for site in ("cross-site", "same-site", "none"):
        admin.client.environ_base["HTTP_SEC_FETCH_SITE"] = site
        assert admin.post("/logout", {}).status == 400
    assert admin.get("/contacts").path == "/contacts"

    # In fact browsers send no SameSite cookie with it. The answer must not take the cookie away either.
    answer = browse().post("/logout", {}, follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert "Set-Cookie" not in answer.headers


def test_a_browser_without_cookies_is_told_that_they_are_needed(
    browse: Callable[..., Browser], world: World
) -> None:
    browser = browse()
    form = browser.get("/restores")
    browser.client.delete_cookie("session")

    refused = browser.submit(form, "main form", email=world.admin.email, password="restore-demo")

    assert refused.status == 400
    assert "Signing in needs cookies, and your browser sent none." in refused.text
    assert "open for too long" not in refused.text
    again = browser.press(refused, "Go to sign-in")
    arrived = browser.submit(again, "main form", email=world.admin.email, password="restore-demo")
    assert arrived.path == "/restores", "the page asked for is not lost"


def test_a_sign_in_form_of_an_ended_session_was_open_for_too_long(
    browse: Callable[..., Browser], world: World
) -> None:
    browser = browse()
    form = browser.get("/login")
    browser.client.set_cookie("session", "old")

    refused = browser.submit(form, "main form", email=world.admin.email, password="restore-demo")

    assert refused.status == 400
    assert "open for too long" in refused.text


def test_the_sign_in_page_redirects_a_signed_in_user(admin: Browser) -> None:
    assert admin.get("/login").path == "/contacts"
    assert admin.get("/").path == "/contacts"


def test_signing_in_creates_a_new_session(browse: Callable[..., Browser], world: World) -> None:
    """A CSRF token from before the sign-in is invalid after it."""
    browser = browse()
    before = str(browser.get("/login").one("input[name=csrf_token]")["value"])
    browser.sign_in(world.admin.email)

    assert browser.post("/logout", {"csrf_token": before}).status == 400
    assert browser.get("/contacts").path == "/contacts"


def test_after_sign_in_the_requested_page_opens(browse: Callable[..., Browser], world: World) -> None:
    browser = browse()
    asked = browser.get("/contacts/restore?q=ann&from=2026-01-01")
    assert asked.path == "/login"

    arrived = browser.submit(asked, "main form", email=world.admin.email, password="restore-demo")

    assert arrived.path == "/contacts/restore"
    assert arrived.query == {"q": "ann", "from": "2026-01-01"}


def test_a_wrong_password_keeps_the_requested_page(browse: Callable[..., Browser], world: World) -> None:
    browser = browse()
    asked = browser.get("/restores")
    again = browser.submit(asked, "main form", email=world.admin.email, password="wrong")

    arrived = browser.submit(again, "main form", email=world.admin.email, password="restore-demo")

    assert arrived.path == "/restores"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/contacts",
        "https:evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "/contacts\r\nSet-Cookie: a=b",
        "/\0",
        "",
    ],
)
def test_sign_in_never_redirects_to_another_site(
    browse: Callable[..., Browser], world: World, target: str
) -> None:
    """Neither through the link to the sign-in page, nor through a changed form field."""
    by_link, by_form = browse(), browse()

    assert by_link.sign_in(world.admin.email, next_page=target).path == "/contacts"
    page = by_form.get("/login")
    fields = {
        "csrf_token": str(page.one("input[name=csrf_token]")["value"]),
        "email": world.admin.email,
        "password": "restore-demo",
        "next": target,
    }
    answer = by_form.post("/login", fields, follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/contacts")


def test_without_a_session_htmx_is_redirected_to_the_sign_in_page(browse: Callable[..., Browser]) -> None:
    """It does not get a sign-in form for the table."""
    for path in ("/contacts", "/contacts/selection", "/contacts/restore", "/contacts/restore/confirm-all"):
        seen = browse().get(path, htmx=True)

        assert seen.status == 401
        assert seen.headers["HX-Redirect"] == "/login"
        assert seen.text == ""


def test_the_cookie_is_httponly_and_samesite(browse: Callable[..., Browser], world: World) -> None:
    browser = browse()
    token = str(browser.get("/login").one("input[name=csrf_token]")["value"])
    answer = browser.post(
        "/login",
        {"csrf_token": token, "email": world.admin.email, "password": "restore-demo"},
        follow=False,
    )

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_part_asked_for_from_an_unreadable_address_leads_to_the_sign_in_page(app: Flask) -> None:
    """No browser sends such an address; the request is treated like any without a session."""
    answer = app.test_client().get("/contacts", headers={"HX-Request": "true", "HX-Current-URL": "http://["})

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"


def test_a_requested_address_that_is_too_long_is_not_kept(
    browse: Callable[..., Browser], world: World
) -> None:
    after = browse().sign_in(world.admin.email, next_page="/contacts?" + "q=a&" * 2000)

    assert (after.path, after.query) == ("/contacts", {})
