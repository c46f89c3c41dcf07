"""Admins invite persons, known or not, and nobody learns whether they are known."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from tests.factories.people import PASSWORD, World, new_world
from tests.functional.test_statements import statements
from tests.support.browser import Browser
from tests.support.inviting import invite, link_on, new_address
from webapp.models import AuditEvent, OneTimeLink, Person, SignIn, User
from webapp.models.audit_event import Action

Stored = Callable[[Select[Any]], list[Any]]
Unchanged = Callable[[], AbstractContextManager[None]]
OWN = "purple tables sing loudly"


def test_a_new_person_joins_with_a_name_and_a_password(
    anyone: Browser, browse: Callable[..., Browser], world: World, stored: Stored, unchanged: Unchanged
) -> None:
    email = new_address()
    page = invite(anyone, f" {email.upper()} ", "Pat", "Sales")
    assert (page.words("h1"), page.words(".pill")) == ("Pat", "Invited")
    pat = browse()
    with unchanged():
        form = pat.get(link_on(page))
    assert form.path == "/invitation"
    assert "token" not in form.query, "the address that other pages get to know has no token"
    assert email in form.text
    assert form.one("#name").get("value") == "Pat", "the name that the Admin typed is offered"

    home = pat.submit(form, "form[action='/invitation']", name="Pat Doe", password=OWN)

    assert "You work in the account “Northwind” now." in home.text
    assert home.words(".frame-name") == "Pat Doe"
    assert pat.get("/users").status == 403, "in the group Sales"
    user = stored(select(User).where(User.email == email))[0]
    assert (user.is_active, user.accepted_at is not None) == (True, True)
    again = browse()
    assert again.sign_in(email, OWN).path == "/contacts"
    events = stored(select(AuditEvent.action).where(AuditEvent.subject == f"app_user:{user.id}"))
    assert {Action.USER_INVITED, Action.GROUP_JOINED, Action.USER_JOINED, Action.PASSWORD_CHANGED} <= set(
        events
    )
    log = anyone.get("/audit").text
    assert "The invitation was accepted by “Pat Doe”" in log


def test_a_known_person_accepts_with_a_button_and_keeps_the_password(
    anyone: Browser, browse: Callable[..., Browser], elsewhere: World, stored: Stored
) -> None:
    known = elsewhere.member
    page = invite(anyone, known.email, "Max here")
    theirs = browse()
    form = theirs.get(link_on(page))
    taken = theirs.submit(form, "form[action='/invitation']", name="Max", password=OWN)
    assert (taken.status, "Sign in with it to accept" in taken.complaint) == (409, True)

    signing_in = theirs.press(taken, "Sign in to accept")
    offered = theirs.submit(signing_in, "main form", email=known.email, password=PASSWORD)
    assert offered.path == "/invitation"
    home = theirs.press(offered, "Accept the invitation")

    assert "You work in the account “Northwind” now." in home.text
    assert (home.words(".frame-account"), home.words(".frame-name")) == ("Northwind", "Max here")
    assert theirs.press(home, "Switch account").words("h1") == "Choose an account"
    names = stored(select(User.name).where(User.email == known.email).order_by(User.id))
    assert names == ["Max Member", "Max here"], "the other account's name is its own"


def test_an_invitation_answers_alike_whether_or_not_the_address_is_known(
    admin: Browser, browse: Callable[..., Browser], engine: Engine, store: Session
) -> None:
    """Text, status, headers and statements of the answer, of the user's page and of the link's page; the
    known person works in another account, or is disabled there, or has been invited there."""
    other = new_world(store, name="Elsewhere")
    disabled, invited = other.member, new_address()
    known = [other.admin.email, disabled.email, invited]
    store.get_one(User, disabled.id).is_active = False
    store.commit()
    invite(browse(other.admin), invited)
    told = []

    for email in (new_address(), *known):
        token = admin.token()
        with statements(engine) as asked:
            answer = admin.client.post("/users", data={"csrf_token": token, "email": email, "name": "Pat"})
        user_id = answer.headers["Location"].rpartition("/")[2]
        page = admin.get(f"/users/{user_id}")
        opened = browse().get(link_on(page))
        parts = [
            answer.text,
            *(f"{name}: {value}" for name, value in answer.headers if "Length" not in name),
            page.text,
            opened.text,
        ]
        parts += [re.sub(r"\s+", " ", statement) for statement in asked]
        listed = next(
            row.get_text(" ") for row in admin.get("/users").all("tbody tr") if email in row.get_text()
        )
        seen = "\n".join([str(answer.status_code), *parts, listed])
        for own in (email, f"/users/{user_id}"):
            seen = seen.replace(own, "…")
        told.append(re.sub(r"Cookie: .*|token=\S+|\d+ s|[0-9a-f]{32}|\d{2}:\d{2}", "", seen))

    assert told[0] == told[1] == told[2] == told[3]


def test_the_later_link_replaces_the_earlier_one_and_only_in_its_account(
    anyone: Browser, browse: Callable[..., Browser], elsewhere: World
) -> None:
    email = new_address()
    theirs = link_on(invite(browse(elsewhere.admin), email))
    page = invite(anyone, email)
    first = link_on(page)

    again = anyone.press(page, "Make a new link")

    second = link_on(again)
    old = browse().get(first)
    assert (old.status, "a later one has replaced it" in old.text) == (410, True)
    assert browse().get(second).status == 200
    assert browse().get(theirs).status == 200, "another account's invitation is not ours to end"


def test_an_invitation_that_is_withdrawn_leaves_nothing_behind(
    anyone: Browser, browse: Callable[..., Browser], elsewhere: World, stored: Stored
) -> None:
    only_here, also_there = new_address(), new_address()
    invite(browse(elsewhere.admin), also_there)
    for email, left in ((only_here, 0), (also_there, 1), (elsewhere.member.email, 1)):
        page = invite(anyone, email, "Pat", "Sales")
        link = link_on(page)

        gone = anyone.press(anyone.press(page, "Withdraw"), "Withdraw")

        assert "The invitation was withdrawn." in gone.text
        assert email not in gone.text
        answer = browse().get(link)
        assert (answer.status, "withdrawn" in answer.text) == (404, True)
        assert len(stored(select(Person).where(Person.email == email))) == left
        assert anyone.get(page.path).status == 404


def test_a_link_is_for_seven_days_and_works_once(
    admin: Browser, browse: Callable[..., Browser], store: Session, unchanged: Unchanged
) -> None:
    page = invite(admin, new_address())
    link, theirs = link_on(page), browse()
    form = theirs.get(link)
    row = store.scalars(select(OneTimeLink).order_by(OneTimeLink.id.desc()).limit(1)).one()
    assert row.expires_at - row.created_at == timedelta(days=7)
    for days, status in ((8, 410), (-8, 200)):
        row.expires_at -= timedelta(days=days)
        store.commit()
        assert browse().get(link).status == status
    row.expires_at -= timedelta(days=8)
    store.commit()
    with unchanged():
        late = theirs.submit(form, "form[action='/invitation']", name="Pat", password=OWN)
        assert (late.status, "too old" in late.text) == (410, True)
    assert "The invitation has expired" in admin.get(page.path).text
    row.expires_at += timedelta(days=8)
    store.commit()

    theirs.get(link)
    assert theirs.submit(form, "form[action='/invitation']", name="Pat", password=OWN).status == 200
    other = browse()
    with unchanged():
        used = other.get(link)
    assert (used.status, used.words("h1")) == (410, "This link does not work")
    assert "has been accepted" in used.text


@pytest.mark.parametrize("token", ["", "forged", "1.{nonce}.x", "\u202e", "x" * 5000])
def test_a_forged_link_says_so(browse: Callable[..., Browser], token: str, unchanged: Unchanged) -> None:
    stranger = browse()
    with unchanged():
        page = stranger.get("/invitation", {"token": token.replace("{nonce}", "0" * 32)})
        posted = stranger.post("/invitation", {"csrf_token": stranger.token(), "name": "x", "password": OWN})

    for answer in (page, posted):
        assert (answer.status, "edited or cut off" in answer.text) == (404, True)


def test_another_person_cannot_accept(
    admin: Browser, member: Browser, world: World, elsewhere: World, unchanged: Unchanged
) -> None:
    """Not with the link of a colleague, whoever is known here."""
    for email in (new_address(), elsewhere.member.email):
        link = link_on(invite(admin, email))
        page = member.get(link)
        assert "you are signed in with another address" in page.text
        with unchanged():
            refused = member.post("/invitation", {"csrf_token": member.token(), "name": "x", "password": OWN})
        assert refused.status == 409


def test_an_address_that_the_account_knows_is_not_invited_again(
    anyone: Browser, world: World, unchanged: Unchanged
) -> None:
    email = new_address()
    invite(anyone, email)
    with unchanged():
        for known, says in (
            (world.member.email, "a user of this account"),
            (email, "has been invited already"),
        ):
            again = invite(anyone, known)
            assert (again.status, says in again.complaint) == (422, True)
    assert anyone.press(again, "Open this user").words(".pill") == "Invited"


def test_a_password_is_never_accepted_for_someone_who_has_one(
    admin: Browser, browse: Callable[..., Browser], elsewhere: World, stored: Stored, unchanged: Unchanged
) -> None:
    """Without a mail server the Admin has the link, and could try."""
    link = link_on(invite(admin, elsewhere.admin.email))
    attacker = browse()
    form = attacker.get(link)
    with unchanged():
        attacker.submit(form, "form[action='/invitation']", name="Mallory", password=OWN)
    assert browse().sign_in(elsewhere.admin.email).path == "/contacts"
    assert not stored(select(SignIn).join(User, User.id == SignIn.user_id).where(User.name == "Mallory"))
