"""One person, one password, several accounts: they choose after signing in, and switch later. Nothing of one
account works in the other."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.models import SignIn, User, UserGroup
from webapp.people.users import add_user

Stored = Callable[[Select[Any]], list[Any]]


@pytest.fixture
def there(store: Session, world: World, elsewhere: World) -> User:
    """The admin of this account as an Admin of the other one."""
    admins = store.scalars(select(UserGroup).filter_by(workspace_id=elsewhere.id, name="Admin")).one()
    user = add_user(store, elsewhere.id, world.admin.email, "Ada there", [admins], read_clock(store))
    store.commit()
    return user


def choose(browser: Browser, name: str) -> Any:
    return browser.press(browser.get("/account"), name)


def test_after_signing_in_the_person_chooses_and_goes_where_they_wanted(
    browse: Callable[..., Browser], world: World, there: User
) -> None:
    ada = browse()
    page = ada.sign_in(world.admin.email, next_page="/audit?who=system")
    assert (page.path, page.words("h1")) == ("/account", "Choose an account")
    for path in ("/contacts", "/users", "/settings"):
        assert ada.get(path).path == "/account", "no page before the choice"

    chosen = ada.press(page, "Elsewhere")

    assert chosen.path == "/audit"
    assert (chosen.words(".frame-account"), chosen.words(".frame-name")) == ("Elsewhere", "Ada there")
    switched = ada.press(ada.press(chosen, "Switch account"), "Northwind")
    assert (switched.path, switched.words(".frame-name")) == ("/contacts", "Ada Admin")


def test_whoever_has_one_account_does_not_choose(browse: Callable[..., Browser], world: World) -> None:
    page = browse().sign_in(world.admin.email)

    assert page.path == "/contacts"
    assert not page.has_button("Switch account")


def test_a_user_of_nobody_else_can_be_chosen(
    browse: Callable[..., Browser],
    world: World,
    elsewhere: World,
    there: User,
    store: Session,
    stored: Stored,
) -> None:
    ada = browse()
    page = ada.sign_in(world.admin.email)
    token = page.first("input[name=csrf_token]")["value"]
    store.get_one(User, there.id).is_active = False
    store.commit()

    for user in (str(elsewhere.admin.id), str(there.id), "0", "", "x", str(2**63)):
        refused = ada.post("/account", {"csrf_token": token, "user": user})
        assert (refused.status, "Choose one of these accounts" in refused.complaint) == (422, True)
    of_ada = stored(select(SignIn.user_id).where(SignIn.person_id == there.person_id))
    assert of_ada == [None]


def test_no_one_chooses_without_a_session(browse: Callable[..., Browser], world: World) -> None:
    stranger = browse()
    assert stranger.get("/account").path == "/login"
    answer = stranger.post("/account", {"csrf_token": stranger.token(), "user": str(world.admin.id)})
    assert answer.path == "/login"


def test_what_one_account_has_signed_is_refused_in_the_other(
    browse: Callable[..., Browser],
    world: World,
    elsewhere: World,
    there: User,
    store: Session,
    unchanged: Callable[[], AbstractContextManager[None]],
) -> None:
    """Scopes, confirmations, and tokens against forged requests, of the same person; also the key itself."""
    for place in (world, elsewhere):
        delete(store, place, new_contact(store, place))
        new_contact(store, place)
    store.commit()
    ada = browse()
    ada.sign_in(world.admin.email)
    choose(ada, "Northwind")
    restoring = ada.get("/contacts/restore/confirm-all").one("input[name=scope]")["value"]
    erasing = ada.get("/contacts/restore/erase").one("#erase-form input[name=scope]")["value"]
    deleting = ada.get("/contacts/delete-all").one("input[name=scope]")["value"]
    old_token, old_key = ada.token(), ada.client.get_cookie("session")
    assert old_key is not None

    choose(ada, "Elsewhere")

    token = ada.token()
    with unchanged():
        for path, scope in (
            ("/restores", restoring),
            ("/contacts/restore/erase", erasing),
            ("/contacts/delete-all", deleting),
        ):
            answer = ada.post(path, {"csrf_token": token, "scope": scope, "typed": "1", "number": "1"})
            assert answer.status in (400, 404), path
        fields = {"csrf_token": old_token, "name": "x"}
        assert ada.post("/users/groups", fields).status == 400, "the token was the other account's"
        thief = browse()
        thief.client.set_cookie("session", old_key.value)
        assert thief.get("/contacts").path == "/login", "the former key ended with the switch"
    user_of_tab = ada.get("/contacts").one("body")["data-user"]
    assert user_of_tab == str(there.id), "ticks are kept for a user, so none follows"


def test_a_person_who_is_disabled_in_one_account_goes_on_in_the_other(
    browse: Callable[..., Browser], world: World, elsewhere: World, there: User
) -> None:
    here, over_there = browse(), browse()
    for browser, name in ((here, "Northwind"), (over_there, "Elsewhere")):
        browser.sign_in(world.admin.email)
        choose(browser, name)
    boss = browse(elsewhere.admin)
    boss.press(boss.get(f"/users/{there.id}/disable"), "Disable")

    assert over_there.get("/contacts").path == "/login"
    assert here.get("/contacts").path == "/contacts"
    assert not here.get("/contacts").has_button("Switch account")
    assert browse().sign_in(world.admin.email).path == "/contacts", "one account is left"


def test_a_person_without_any_account_is_told_so(
    browse: Callable[..., Browser], world: World, there: User, store: Session
) -> None:
    ada = browse()
    ada.sign_in(world.admin.email)
    for user in (world.admin, there):
        store.get_one(User, user.id).is_active = False
    store.commit()

    page = ada.get("/contacts")

    assert (page.path, page.words("h1")) == ("/account", "No account")
    assert ada.press(page, "Sign out").path == "/login"
