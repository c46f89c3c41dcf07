"""Attacks on sessions: copied, forged, planted and forgotten cookies; and the page that ends sessions."""

import random
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

from flask import Flask
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories.contacts import new_contact
from tests.factories.people import PASSWORD, World, new_session, new_world
from tests.support.another_app import another_app
from tests.support.browser import HTMX, TOKEN, Browser
from tests.support.seen import Seen
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.models import AuditEvent, SignIn, User
from webapp.people import sessions
from webapp.web.sessions import current_sign_in, renew_session
from webapp.worker.watch import reconcile

Browse = Callable[..., Browser]
Stored = Callable[..., list[Any]]


def cookie_of(browser: Browser, name: str = "session") -> str:
    cookie = browser.client.get_cookie(name)
    assert cookie is not None
    return str(cookie.value)


def copy_of(browser: Browser, browse: Browse) -> Browser:
    """A stranger's browser with a copy of the cookie."""
    copy = browse()
    copy.client.set_cookie("session", cookie_of(browser))
    return copy


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/contacts").path == "/contacts"


def age(store: Session, user: User, **seen: timedelta) -> None:
    """Let the user's sessions have been `began_at` and `seen_at` so long ago."""
    now = read_clock(store)
    store.rollback()
    times = {name: now - ago for name, ago in seen.items()}
    store.execute(update(SignIn).where(SignIn.user_id == user.id).values(**times))
    store.commit()


def test_a_copied_cookie_is_good_for_nothing_after_signing_out(admin: Browser, browse: Browse) -> None:
    copy = copy_of(admin, browse)
    assert is_signed_in(copy), "the copy is one"

    admin.press(admin.get("/contacts"), "Sign out")

    assert not is_signed_in(copy)
    assert copy.get("/contacts", htmx=True).status == 401


def test_signing_out_ends_no_other_session(admin: Browser, browse: Browse, world: World) -> None:
    elsewhere = browse(world.admin)

    admin.press(admin.get("/contacts"), "Sign out")

    assert is_signed_in(elsewhere)


def test_signing_in_carries_nothing_over(browse: Browse, world: World, stored: Stored) -> None:
    """A planted cookie, and a session that had begun before, are not the session afterwards."""
    attacker = browse()
    attacker.get("/login")
    planted = cookie_of(attacker)
    victim = browse()
    victim.client.set_cookie("session", planted)
    with victim.client.session_transaction() as held:
        held["planted"] = "yes"
        before = held["csrf_token"]
    victim.sign_in(world.admin.email)
    with victim.client.session_transaction() as held:
        assert "planted" not in held
        assert held["csrf_token"] != before
    assert not is_signed_in(attacker)

    first = copy_of(victim, browse)
    again = {"csrf_token": victim.token(), "email": world.admin.email, "password": PASSWORD}
    victim.post("/login", again)
    assert is_signed_in(victim)
    assert not is_signed_in(first), "the session that this browser had is over"
    assert len(stored(select(SignIn).where(SignIn.user_id == world.admin.id))) == 1


def test_a_new_password_ends_all_sessions_and_copies_of_this_one(
    app: Flask, browse: Browse, world: World, admin: Browser
) -> None:
    """What `people/sessions.end_all` and `web/sessions.renew_session` do together."""
    elsewhere, copy = browse(world.admin), copy_of(admin, browse)

    def change() -> str:
        here = current_sign_in()
        assert here
        with write_transaction(db.session()):
            sessions.end_all(db.session(), here.person_id, but=here.id)
            renew_session()
        return "changed"

    assert within(app, admin, change).text == "changed"

    assert is_signed_in(admin)
    assert not is_signed_in(copy)
    assert not is_signed_in(elsewhere)


def within(app: Flask, browser: Browser, act: Callable[[], str]) -> TestResponse:
    """The answer of a request of this browser to `act`, which takes the place of a view."""
    view = app.view_functions["healthz"]
    app.view_functions["healthz"] = act
    try:
        return browser.client.get("/healthz")
    finally:
        app.view_functions["healthz"] = view


def test_a_disabled_user_is_signed_out_and_stays_so_when_enabled_again(
    admin: Browser, world: World, store: Session
) -> None:
    with write_transaction(store):
        store.get_one(User, world.admin.id).is_active = False
        assert sessions.end_all_of_user(store, world.admin.id) == 1
    assert not is_signed_in(admin)

    store.get_one(User, world.admin.id).is_active = True
    store.commit()

    assert not is_signed_in(admin)


def test_polling_is_no_use_of_the_session(
    admin: Browser, world: World, store: Session, stored: Stored
) -> None:
    """29 minutes without use, then polls, then a page; and 30 minutes without one."""
    seen_at = select(SignIn.seen_at).where(SignIn.user_id == world.admin.id)
    polls = {"/notices": "job-notices", "/contacts/count": "results-count"}
    age(store, world.admin, seen_at=timedelta(minutes=29))
    [before] = stored(seen_at)

    for path, element in polls.items():
        answer = admin.client.get(path, headers=HTMX | {"HX-Trigger": element})
        assert answer.status_code == 200
    assert stored(seen_at) == [before]
    # The same address, asked for by a click.
    admin.get("/contacts/count", htmx=True)
    [after] = stored(seen_at)
    assert after > before

    age(store, world.admin, seen_at=timedelta(minutes=30))
    answer = admin.client.get("/notices", headers=HTMX | {"HX-Trigger": "job-notices"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")
    assert not is_signed_in(admin)


def test_typing_is_a_use_of_the_session(admin: Browser, world: World, store: Session, stored: Stored) -> None:
    """A page says so (`base.html`), and keeps what was typed when the session has ended."""
    seen_at = select(SignIn.seen_at).where(SignIn.user_id == world.admin.id)
    age(store, world.admin, seen_at=timedelta(minutes=29))
    [before] = stored(seen_at)
    asking = admin.get("/campaigns/new").one("#in-use")
    assert asking["hx-trigger"] == "input from:body throttle:5m"
    age(store, world.admin, seen_at=timedelta(minutes=29))

    assert admin.client.get(str(asking["hx-get"]), headers=HTMX).status_code == 204

    assert stored(seen_at)[0] > before + timedelta(minutes=28)
    age(store, world.admin, seen_at=timedelta(minutes=30))
    late = admin.client.get(str(asking["hx-get"]), headers=HTMX)
    assert (late.status_code, late.headers.get("HX-Redirect")) == (204, None)


def test_a_session_that_is_used_ends_after_12_hours(admin: Browser, world: World, store: Session) -> None:
    age(store, world.admin, began_at=timedelta(hours=11, minutes=59), seen_at=timedelta())
    assert is_signed_in(admin)

    age(store, world.admin, began_at=timedelta(hours=12), seen_at=timedelta())

    assert not is_signed_in(admin)


def test_the_worker_erases_sessions_that_have_ended(
    app: Flask, admin: Browser, member: Browser, world: World, store: Session, stored: Stored
) -> None:
    age(store, world.admin, seen_at=timedelta(minutes=31))

    with app.app_context():
        reconcile()

    users = world.admin.id, world.member.id
    assert stored(select(SignIn.user_id).where(SignIn.user_id.in_(users))) == [world.member.id]


def signed(app: Flask, value: object, *, key: str = "", salt: str = "cookie-session") -> str:
    """A cookie with this content, as the app signs it; or with another key or salt."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    if key or salt != serializer.salt.decode():
        kwargs = {"signer_kwargs": serializer.signer_kwargs, "serializer": serializer.serializer}
        serializer = URLSafeTimedSerializer(key or str(app.config["SECRET_KEY"]), salt=salt, **kwargs)
    return str(serializer.dumps(value))


def test_a_cookie_that_opens_nothing_leads_to_sign_in(
    app: Flask, browse: Browse, admin: Browser, world: World, store: Session
) -> None:
    _, key = new_session(store, world.admin)
    here = store.scalars(select(SignIn).where(SignIn.user_id == world.admin.id)).first()
    assert here
    store.commit()
    assert is_signed_in(with_cookie(browse, signed(app, {"_user_id": key}))), "a right one is right"
    dice = random.Random(14)
    odd_keys: list[object] = [world.admin.id, None, [key], {"a": key}, True, "", "\ud800"]
    cookies = [
        *(dice.randbytes(dice.randrange(1, 200)).decode("latin-1") for _ in range(20)),
        "x" * 8000,
        cookie_of(admin)[:-1],
        cookie_of(admin) + "A",
        signed(app, {"_user_id": key}, key="another"),
        signed(app, {"_user_id": key}, salt="restore-scope"),
        # What the release before signed, and other things that no release has.
        signed(app, {"_user_id": str(world.admin.id), "_fresh": True}),
        *(signed(app, {"_user_id": odd}) for odd in odd_keys),
        signed(app, {"_user_id": here.key_hash}),
        signed(app, {"_user_id": "x" * 3000, "csrf_token": 7}),
        signed(app, {}),
        signed(app, []),
    ]

    for cookie in cookies:
        for headers in ({}, HTMX):
            fresh = app.test_client(use_cookies=False)
            value = "".join(each for each in cookie if each not in "\r\n;, \0")
            answer = fresh.get("/contacts", headers={"Cookie": f"session={value}", **headers})
            assert answer.status_code == (401 if headers else 303), repr(value)
            assert "/login" in (answer.headers.get("HX-Redirect") or answer.headers["Location"])
    assert with_cookie(browse, cookies[-1]).get("/login").status == 200


def with_cookie(browse: Browse, cookie: str) -> Browser:
    browser = browse()
    browser.client.set_cookie("session", cookie)
    return browser


def test_the_cookie_is_sent_only_when_it_changes(browse: Callable[..., Browser], world: World) -> None:
    """The answer to a poll of a session that has ended must not bring its cookie back."""
    browser = browse()
    browser.sign_in(world.admin.email)
    for path in ("/contacts", "/notices", "/sessions"):
        assert "Set-Cookie" not in browser.client.get(path).headers


def test_signing_out_clears_what_the_browser_keeps_but_not_that_it_is_signed_out(admin: Browser) -> None:
    answer = admin.client.post("/logout", data={"csrf_token": admin.token()})

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "data-signed-out" in admin.get("/login").one("body").attrs
    # Another site, from which no cookie comes, clears nothing.
    assert "Clear-Site-Data" not in admin.client.post("/logout").headers


def test_in_production_the_cookie_belongs_to_this_host_alone(environ: dict[str, str], world: World) -> None:
    with another_app(environ, APP_ENV="production") as app:
        client = app.test_client()
        token = TOKEN.search(client.get("/login", base_url="https://localhost").text)
        assert token
        fields = {"csrf_token": token[1], "email": world.admin.email, "password": PASSWORD}
        # The cookie of the previous release, whose session was the cookie.
        client.set_cookie("session", signed(app, {"_user_id": str(world.admin.id)}), secure=True)
        headers = {"Referer": "https://localhost/login"}
        https = {"base_url": "https://localhost", "headers": headers}
        assert client.get("/contacts", **https).status_code == 303
        answer = client.post("/login", data=fields, **https)

        [cookie] = [each for each in answer.headers.getlist("Set-Cookie") if "session=" in each]
        name, *marks = cookie.split("; ")
        assert name.startswith("__Host-session=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} < set(marks)
        assert not any(mark.startswith("Domain") for mark in marks)
        page = client.get("/contacts", **https)
        assert page.status_code == 200
        token = TOKEN.search(page.text)
        assert token
        left = client.post("/logout", data={"csrf_token": token[1]}, **https)
        assert any(each.startswith("session=;") for each in left.headers.getlist("Set-Cookie"))
        assert client.get("/contacts", **https).status_code == 303


def test_what_former_keys_have_signed_is_valid_as_long_as_they_are_listed(
    environ: dict[str, str], admin: Browser, world: World, store: Session
) -> None:
    """A session, the token of its forms, and a confirmation."""
    new_contact(store, world)
    store.commit()
    dialog = admin.get("/contacts/export")
    fields = {
        name: str(dialog.first(f"dialog input[name={name}]")["value"]) for name in ("csrf_token", "export")
    }
    former = f"{'o' * 32}, {environ['SECRET_KEY']}"
    for fallbacks, answers in ((former, (200, 303)), ("", (303, 400)), ("o" * 32, (303, 400))):
        with another_app(environ, SECRET_KEY="k" * 32, SECRET_KEY_FALLBACKS=fallbacks) as app:
            client = app.test_client()
            client.set_cookie("session", cookie_of(admin))
            given = client.get("/contacts").status_code, client.post("/exports", data=fields).status_code
            assert given == answers, fallbacks
            if fallbacks == former:
                fresh = Browser(app)
                fresh.get("/login")
                assert signed_by(cookie_of(fresh), "k" * 32), "the new key signs"
                assert not signed_by(cookie_of(fresh), environ["SECRET_KEY"])


def signed_by(cookie: str, key: str) -> bool:
    serializer = URLSafeTimedSerializer(
        key, salt="cookie-session", signer_kwargs={"key_derivation": "hmac", "digest_method": sha256}
    )
    try:
        serializer.loads(cookie)
    except BadSignature:
        return False
    return True


def sessions_page(browser: Browser) -> Seen:
    return browser.get("/sessions")


def test_the_page_lists_the_sessions_and_ends_one_or_all_others(
    admin: Browser, browse: Browse, world: World, store: Session, stored: Stored
) -> None:
    others = [browse(world.admin) for _ in range(2)]
    strangers = browse(world.member)
    new_session(store, world.admin)
    store.commit()
    page = admin.press(admin.get("/contacts"), "Sessions")
    assert page.words("h1") == "Sessions"
    assert "Firefox on Linux" in page.text
    assert len(page.all("tbody tr")) == 4
    assert page.words("tbody tr:first-child").endswith("This browser")
    first = page.all("form[action$='/end'] button")[1]

    assert "1 session ended." in admin.press(page, first).text
    assert len(sessions_page(admin).all("tbody tr")) == 3
    assert "has ended already" in admin.press(page, first).text
    after = admin.press(sessions_page(admin), "End all others")

    assert "2 sessions ended." in after.text
    assert len(after.all("tbody tr")) == 1
    assert not after.has_button("End all others")
    assert is_signed_in(admin)
    assert is_signed_in(strangers)
    assert not any(map(is_signed_in, others))
    log = stored(select(AuditEvent).filter_by(workspace_id=world.id, action="user.sessions_ended"))
    assert [event.detail for event in log] == [
        {"sessions": 1, "why": "by_user"},
        {"sessions": 2, "why": "by_user"},
    ]


def test_no_one_ends_another_persons_session_or_by_this_page_their_own(
    admin: Browser, member: Browser, world: World, store: Session, stored: Stored
) -> None:
    own, foreign = (
        stored(select(SignIn.id).where(SignIn.user_id == user.id))[0] for user in (world.admin, world.member)
    )
    elsewhere = new_world(store)
    in_another, _ = new_session(store, elsewhere.admin)
    ids = [foreign, in_another.id]
    store.commit()

    for each in ids:
        assert admin.post(f"/sessions/{each}/end", {"csrf_token": admin.token()}).status == 404
    assert admin.post(f"/sessions/{own}/end", {"csrf_token": admin.token()}).status == 422

    assert is_signed_in(member)
    assert is_signed_in(admin)
    assert stored(select(SignIn.id).where(SignIn.id.in_(ids)).order_by(SignIn.id)) == sorted(ids)


def test_who_has_very_many_sessions_can_still_end_them(admin: Browser, world: World, store: Session) -> None:
    for _ in range(60):
        new_session(store, world.admin)
    store.commit()

    page = sessions_page(admin)

    assert len(page.all("tbody tr")) == 50
    assert "Only the last used are listed." in page.text
    assert "60 sessions ended." in admin.press(page, "End all others").text
