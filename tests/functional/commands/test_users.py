"""`flask users`: the first Admin, and what Admins cannot do themselves."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_admin, new_world, number
from tests.support.another_app import another_app
from tests.support.browser import Browser
from tests.support.inviting import new_address
from tests.support.state import nothing_changes
from webapp.extensions import db
from webapp.models import Person, User, Workspace
from webapp.people.users import add_user

Stored = Callable[[Select[Any]], list[Any]]
Run = Callable[..., Result]
SECURE = {"APP_ENV": "production", "SECRET_KEY": "0123456789abcdef" * 4, "TRUSTED_HOSTS": "crm.example"}


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *args: app.test_cli_runner().invoke(args=["users", *args])


def link_in(output: str) -> str:
    """The path and query of the link in the last line."""
    address = urlsplit(output.splitlines()[-1])
    assert address.scheme == "http"
    return f"{address.path}?{address.query}"


def test_the_first_admin_gets_a_link_and_an_account_without_a_password(
    run: Run, browse: Callable[..., Browser], stored: Stored
) -> None:
    email, account = new_address(), f"Fabrikam {number()}"

    first = run("add-admin", email.upper(), "--account", account, "--name", "Fay")
    again = run("add-admin", email, "--account", account)

    assert (first.exit_code, again.exit_code) == (0, 0), first.output + again.output
    assert f"Created the account “{account}”." in first.output
    assert "Created" not in again.output
    fay = browse()
    assert fay.get(link_in(first.output)).status == 410, "the later link has replaced it"
    form = fay.get(link_in(again.output))
    home = fay.submit(form, "form[action='/invitation']", name="Fay", password="purple tables sing loudly")
    assert home.words(".frame-account") == account
    assert fay.get("/users").names == ["Fay"]
    assert fay.get("/contacts/restore").status == 200
    assert len(stored(select(Workspace).where(Workspace.name == account))) == 1


def test_a_user_becomes_an_admin_at_once_also_one_who_was_disabled(
    run: Run, browse: Callable[..., Browser], place: World, store: Session
) -> None:
    store.get_one(User, place.member.id).is_active = False
    store.commit()

    result = run("add-admin", place.member.email, "--account", place.workspace.name)

    assert (result.exit_code, "is an Admin of" in result.output) == (0, True)
    assert browse(place.member).get("/users").status == 200
    assert "http" not in run("add-admin", place.member.email, "--account", place.workspace.name).output


def test_disabling_signs_out_everywhere_and_is_done_whole_or_not_at_all(
    run: Run, browse: Callable[..., Browser], place: World, store: Session, stored: Stored
) -> None:
    other = new_world(store)
    add_user(store, other.id, place.admin.email, "Ada there", [], datetime.now(UTC))
    store.commit()
    email = place.admin.email

    def active() -> int:
        return len(stored(select(User.id).where(User.email == email, User.is_active)))

    refused = run("disable", email)
    assert (refused.exit_code, "last active Admin" in refused.output) == (2, True)
    assert active() == 2, "of the account without the other Admin, nothing was changed elsewhere either"

    new_admin(store, place.workspace)
    store.commit()
    theirs = browse(place.member)
    assert run("disable", place.member.email).exit_code == 0
    assert theirs.get("/contacts").path == "/login"
    done = run("disable", email)
    assert done.output.count("is disabled") == 2
    assert active() == 0
    assert run("enable", email, "--account", place.workspace.name).output.count("is enabled") == 1
    assert active() == 1


def test_a_second_factor_is_removed_by_the_operator_also_from_a_person_in_several_accounts(
    run: Run, place: World, store: Session, stored: Stored
) -> None:
    person = store.get_one(Person, place.member.person_id)
    person.totp_secret, person.totp_since = "x", datetime.now(UTC)
    store.commit()

    for says in ("without a second factor now", "was so already"):
        result = run("remove-second-factor", place.member.email)
        assert (result.exit_code, says in result.output) == (0, True)
    assert stored(select(Person.totp_since).where(Person.id == person.id)) == [None]


def test_the_list_has_a_line_for_each_user(run: Run, place: World) -> None:
    lines = run("list", "--account", place.workspace.name).output.splitlines()

    assert [line.split()[0] for line in lines] == sorted([place.admin.email, place.member.email])
    assert all(word in lines[0] for word in ("Active", "Admin", "Ada Admin", "never"))


def test_in_production_the_demo_is_refused_and_a_link_needs_the_public_address(
    environ: dict[str, str], app: Flask
) -> None:
    """Today the demo has an Admin with a public password."""
    with another_app(environ, **SECURE) as secure, nothing_changes_to_users(app):
        demo = secure.test_cli_runner().invoke(args=["demo"])
        link = secure.test_cli_runner().invoke(args=["users", "add-admin", "a@b.example", "--account", "X"])

    assert (demo.exit_code, "users add-admin ADDRESS" in demo.output) == (2, True)
    assert (link.exit_code, "set PUBLIC_URL" in link.output) == (2, True)


def nothing_changes_to_users(app: Flask) -> Any:
    with app.app_context():
        return nothing_changes(db.engine)
