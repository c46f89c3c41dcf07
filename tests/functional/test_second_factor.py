"""The second factor: setting it up, signing in with it, losing it, and accounts that require it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tests.factories.people import PASSWORD, World
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.second_factor import WRONG, Moments, Phone, forget_codes, half_way, set_up, submit
from webapp.models import AuditEvent, Person, RecoveryCode, Workspace
from webapp.models.audit_event import Action


@pytest.fixture(autouse=True)
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    return Moments(monkeypatch)


def test_it_counts_when_a_code_was_typed_and_ends_all_other_sessions(
    admin: Browser, browse: Callable[..., Browser], world: World, moments: Moments
) -> None:
    elsewhere = browse(world.admin)
    page = admin.submit(admin.get("/security"), "#second-factor form", setup_password=PASSWORD)
    assert page.one("img.qr")["src"].startswith("data:image/svg+xml")
    assert browse().sign_in(world.admin.email).path == "/contacts", "it does not count yet"
    for wrong in ("000000", "abc", "12345678"):
        refused = admin.submit(page, "form[action$=confirm]", code=wrong)
        assert (refused.status, WRONG in refused.text) == (422, True)
    phone = Phone(moments, page)

    done = admin.submit(page, "form[action$=confirm]", code=phone.code())

    assert len(done.all(".codes code")) == 10
    assert admin.get("/contacts").path == "/contacts"
    assert elsewhere.get("/contacts").path == "/login"
    assert admin.get("/security/second-factor").path == "/security", "the secret is not shown again"
    assert "because a second factor was added" in admin.get("/audit").text


def test_after_the_password_a_code_is_asked_for_and_until_then_nothing_is_shown(
    admin: Browser, browse: Callable[..., Browser], world: World, moments: Moments
) -> None:
    phone, _ = set_up(admin, moments)
    browser = browse()
    page = half_way(browser, world.admin.email, next_page="/restores")
    for path in ("/contacts", "/security", "/settings", "/design", "/"):
        assert browser.get(path).path == "/second-factor"
    key_before = browser.client.get_cookie("session")

    arrived = submit(browser, page, f" {phone.code()[:3]} {phone.code()[3:]} ")

    assert arrived.path == "/restores"
    key_after = browser.client.get_cookie("session")
    assert key_before
    assert key_after
    assert key_before.value != key_after.value


def test_the_page_that_was_asked_for_half_way_is_opened_after_the_code(
    admin: Browser, browse: Callable[..., Browser], world: World, moments: Moments
) -> None:
    _, codes = set_up(admin, moments)
    browser = browse()
    half_way(browser, world.admin.email)
    part = browser.client.get(
        "/contacts/count", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/lists?q=a"}
    )
    assert part.headers["HX-Redirect"] == "/second-factor?next=/lists?q%3Da"
    assert browser.get("/deals?q=" + "x" * 5000).query == {"next": "/deals"}, "its query is too long"

    asked = browser.get("/contacts/restore?q=ann&from=2026-01-02")
    wrong = submit(browser, asked, "000000")
    arrived = submit(browser, browser.get(str(wrong.first("a[href*=recovery]")["href"])), codes[0])

    assert (arrived.path, arrived.query) == ("/contacts/restore", {"q": "ann", "from": "2026-01-02"})
    assert browser.get("/second-factor?next=/lists").path == "/lists", "nothing is to be asked any more"
    assert browse().get("/second-factor?next=/lists").query == {"next": "/lists"}, "the password comes first"


def test_a_code_leads_to_no_other_site(
    admin: Browser, browse: Callable[..., Browser], world: World, moments: Moments
) -> None:
    _, codes = set_up(admin, moments)
    foreign = "//evil.example", "/\\evil.example", "https://evil.example/", "/\t/evil.example", "evil"
    for wanted in foreign:
        browser, query = browse(), urlencode({"next": wanted})
        half_way(browser, world.admin.email)
        page = browser.get(f"/second-factor?{query}")
        assert page.first("form [name=next]")["value"] == "", wanted
        assert "evil" not in str(page.document), wanted
        assert "evil" not in browser.client.get(f"/{wanted}").headers.get("Location", "")

        fields = {"csrf_token": str(page.first("[name=csrf_token]")["value"]), "next": wanted}
        done = browser.client.post("/second-factor/recovery", data={**fields, "code": codes.pop()})

        assert (done.status_code, done.location) == (303, "/contacts"), wanted
        assert browser.client.get(f"/second-factor?{query}").location == "/contacts", wanted
        assert browse().client.get(f"/second-factor?{query}").location == "/login", wanted


def test_a_code_is_accepted_once_and_within_one_step(
    admin: Browser, browse: Callable[..., Browser], world: World, moments: Moments
) -> None:
    phone, _ = set_up(admin, moments)
    moments.pass_by(300)
    refused, used = (-2, 2), (-1, 0, 1)
    for steps, is_right in (
        *((steps, False) for steps in refused),
        (-1, True),
        (-1, False),
        (1, True),
        *((steps, False) for steps in used),
    ):
        browser = browse()
        page = submit(browser, half_way(browser, world.admin.email), phone.code(steps))
        assert (page.path == "/contacts") is is_right, steps
    moments.pass_by(60)
    browser = browse()
    assert submit(browser, half_way(browser, world.admin.email), phone.code()).path == "/contacts"


def test_a_recovery_code_works_once_in_any_spelling(
    admin: Browser, browse: Callable[..., Browser], world: World, moments: Moments
) -> None:
    _, codes = set_up(admin, moments)
    for code, is_right in (
        (codes[0].upper().replace("-", " "), True),
        (codes[0], False),
        (codes[1].replace("-", ""), True),
        ("2222-2222-2222-2222-2222-2222", False),
        (codes[9][:-1], False),
    ):
        browser = browse()
        half_way(browser, world.admin.email)
        page = submit(browser, browser.get("/second-factor/recovery"), code)
        assert (page.path == "/contacts") is is_right, code


def test_with_few_recovery_codes_left_a_person_is_told_to_make_new_ones(
    admin: Browser, browse: Callable[..., Browser], world: World, store: Session, moments: Moments
) -> None:
    _, codes = set_up(admin, moments)
    person_id = world.admin.person_id
    for row in store.scalars(select(RecoveryCode).filter_by(person_id=person_id).limit(6)).all():
        row.used_at = moments.now
    store.commit()
    browser = browse()
    half_way(browser, world.admin.email)
    after = submit(browser, browser.get("/second-factor/recovery"), codes[9])
    assert "You have 3 recovery codes left." in after.text

    page = browser.submit(
        browser.get("/security"), "form[action$=recovery-codes]", codes_password=PASSWORD, codes_code=codes[8]
    )

    new = [code.get_text() for code in page.all(".codes code")]
    assert len(set(new)) == 10
    assert not set(new) & set(codes)
    other = browse()
    half_way(other, world.admin.email)
    assert submit(other, other.get("/second-factor/recovery"), codes[7]).status == 422


def test_turning_it_off_needs_the_password_and_a_code(
    admin: Browser, browse: Callable[..., Browser], world: World, moments: Moments
) -> None:
    phone, _ = set_up(admin, moments)
    page = admin.get("/security")
    for password, code, sentence in (
        ("wrong", phone.code(), "This is not your present password."),
        (PASSWORD, "000000", WRONG),
        (PASSWORD, "", "Type the code."),
    ):
        refused = admin.submit(page, "form[action$=off]", off_password=password, off_code=code)
        assert (refused.status, sentence in refused.text) == (422, True)
    assert half_way(browse(), world.admin.email)

    off = admin.submit(page, "form[action$=off]", off_password=PASSWORD, off_code=phone.code())

    assert "The second factor is off." in off.text
    assert browse().sign_in(world.admin.email).path == "/contacts"


def test_guessing_codes_is_limited_for_each_person_and_a_known_browser_has_its_own_attempts(
    environ: dict[str, str], app: Flask, admin: Browser, world: World, moments: Moments
) -> None:
    forget_codes(environ)
    phone, _ = set_up(admin, moments)
    with another_app(environ) as limited:
        known = Browser(limited)
        assert submit(known, half_way(known, world.admin.email), phone.code()).path == "/contacts"
        known.client.delete_cookie("session")
        # Someone has found out the password.
        answers = []
        for _ in range(2):
            thief = Browser(limited)
            page = half_way(thief, world.admin.email)
            answers += [submit(thief, page, "000000") for _ in range(3)]
        assert [answer.status for answer in answers] == [422] * 5 + [429]
        assert int(answers[-1].headers["Retry-After"]) <= 300
        moments.pass_by(60)
        assert submit(thief, thief.get("/second-factor"), phone.code()).status == 429

        assert submit(known, half_way(known, world.admin.email), phone.code()).path == "/contacts"


def test_an_account_that_requires_it_sends_everyone_to_set_it_up(
    admin: Browser,
    member: Browser,
    browse: Callable[..., Browser],
    world: World,
    moments: Moments,
    stored: Callable[[Select[Any]], list[Any]],
) -> None:
    settings = admin.get("/settings")
    done = admin.submit(settings, "#required-factor form", required="yes")

    assert done.path == "/security", "the Admin, too"
    assert "Your account requires a second factor. Set it up to go on." in done.text
    for browser in (member, browse(world.member)):
        for path in ("/contacts", "/contacts?q=ann", "/deals/board", "/notices", "/design"):
            assert browser.get(path).path == "/security"
        assert browser.get("/contacts/count", htmx=True).headers["HX-Redirect"] == "/security"
        refused = browser.post("/contacts/new", {"first_name": "Ann"}, follow=False)
        assert refused.status in (303, 400)
    set_up(member, moments)
    assert member.get("/contacts").path == "/contacts"

    set_up(admin, moments)
    admin.submit(admin.get("/settings"), "#required-factor form", required="")
    store_says = select(Workspace.requires_second_factor).where(Workspace.id == world.id)
    assert stored(store_says) == [False]


def test_only_admins_require_it(member: Browser, world: World, store: Session) -> None:
    token = member.token()

    assert member.post("/settings/second-factor", {"csrf_token": token, "required": "yes"}).status == 403


def test_the_audit_log_tells_of_it(
    admin: Browser,
    browse: Callable[..., Browser],
    world: World,
    moments: Moments,
    stored: Callable[[Select[Any]], list[Any]],
) -> None:
    phone, _ = set_up(admin, moments)
    browser = browse()
    page = submit(browser, half_way(browser, world.admin.email), "000000")
    submit(browser, page, phone.code())

    events = stored(select(AuditEvent).filter_by(workspace_id=world.id).order_by(AuditEvent.id))

    told = [(event.action, event.detail) for event in events]
    assert told[-3:] == [
        (Action.SECOND_FACTOR_ADDED, {}),
        (Action.SIGN_IN_REFUSED, {"why": "second_factor"}),
        (Action.SIGNED_IN, {"with": "second_factor"}),
    ]
    assert phone.secret not in str(told)


def test_what_was_wrong_within_a_session_is_in_the_audit_log(
    admin: Browser, world: World, moments: Moments, stored: Callable[[Select[Any]], list[Any]]
) -> None:
    """As it is when signing in: a stolen session that guesses leaves a trace."""
    begin = admin.get("/security")
    assert admin.submit(begin, "#second-factor form", setup_password="wrong").status == 422
    confirm = admin.submit(admin.get("/security"), "#second-factor form", setup_password=PASSWORD)
    assert admin.submit(confirm, "form[action$=confirm]", code="000000").status == 422
    phone, _ = set_up(admin, moments)
    off = "form[action$='second-factor/off']"
    for password, code in (("wrong", phone.code()), (PASSWORD, "000000")):
        assert admin.submit(admin.get("/security"), off, off_password=password, off_code=code).status == 422

    refused = select(AuditEvent).filter_by(workspace_id=world.id, action=Action.PROMPT_REFUSED)
    events = stored(refused.order_by(AuditEvent.id))
    assert [event.detail["why"] for event in events] == [
        *("password", "second_factor"),
        *("password", "second_factor"),
    ]
    assert {(event.user_id, event.subject) for event in events} == {
        (world.admin.id, f"app_user:{world.admin.id}")
    }
    told = admin.get("/audit?action=user.prompt_refused").words("#results tbody")
    assert "Was refused a change under Security: the second factor was wrong, from 127.0.0.1" in told


def test_the_secret_is_encrypted_and_survives_a_new_key(
    environ: dict[str, str],
    admin: Browser,
    world: World,
    moments: Moments,
    stored: Callable[[Select[Any]], list[Any]],
) -> None:
    phone, codes = set_up(admin, moments)
    secret = select(Person.totp_secret).where(Person.id == world.admin.person_id)
    [before] = stored(secret)
    assert phone.secret not in before
    hashes = stored(select(RecoveryCode.code_hash).filter_by(person_id=world.admin.person_id))
    assert not set(codes) & set(hashes)

    with another_app(environ, SECRET_KEY="another key") as moved:
        moved.config["SECRET_KEY_FALLBACKS"] = [environ["SECRET_KEY"]]
        result = moved.test_cli_runner().invoke(args=["users", "lock-secrets"])
        assert result.exit_code == 0, result.output
        [after] = stored(secret)
        assert after != before
        moved.config["SECRET_KEY_FALLBACKS"] = []
        browser = Browser(moved)
        assert submit(browser, half_way(browser, world.admin.email), phone.code()).path == "/contacts"
    # Without the key there is still a recovery code.
    with another_app(environ, SECRET_KEY="a third key") as lost:
        assert lost.test_cli_runner().invoke(args=["users", "lock-secrets"]).exit_code == 1
        browser = Browser(lost)
        moments.pass_by(30)
        assert submit(browser, half_way(browser, world.admin.email), phone.code()).status == 422
        assert submit(browser, browser.get("/second-factor/recovery"), codes[0]).path == "/contacts"
