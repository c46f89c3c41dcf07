"""Admins see who works in their account, change them, and decide who is in which group."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_admin, new_user
from tests.support.browser import Browser
from webapp.database import write_transaction
from webapp.models import Person, User, UserGroup

Stored = Callable[[Select[Any]], list[Any]]


def group_id(store: Session, world: World, name: str) -> str:
    found = store.scalars(select(UserGroup.id).filter_by(workspace_id=world.id, name=name)).one()
    store.rollback()
    return str(found)


def test_the_page_lists_the_account_with_groups_states_and_when_they_were_seen(
    anyone: Browser, browse: Callable[..., Browser], elsewhere: World, world: World, store: Session
) -> None:
    browse(world.member)
    gone, invited = (new_user(store, world.workspace, name) for name in ("Gone", "Invited"))
    gone.is_active = invited.is_active = False
    invited.accepted_at = None
    store.commit()

    page = anyone.get("/users")

    rows = dict(zip(page.names, (row.get_text(" ") for row in page.all("tbody tr")), strict=True))
    assert list(rows) == ["Ada Admin", "Gone", "Invited", "Max Member"]
    for name, words in {
        "Ada Admin": ("Admin", "Active", "just now"),
        "Max Member": ("Sales", "Active", "just now"),
        "Gone": ("Disabled", "Never"),
        "Invited": ("Invited", "Never"),
    }.items():
        assert all(word in rows[name] for word in words), rows[name]
    assert anyone.fill(page, q="MAX").names == ["Max Member"]
    assert anyone.fill(page, q=world.admin.email).names == ["Ada Admin"]
    assert anyone.fill(page, q="", state="disabled").names == ["Gone"]
    assert anyone.fill(page, state="", group=group_id(store, world, "Sales")).names == ["Max Member"]
    nothing = anyone.fill(page, q="nobody")
    assert "No user matches" in nothing.text
    assert nothing.has_button("Show all users")


def test_filters_that_are_not_in_the_lists_are_errors(
    admin: Browser, elsewhere: World, store: Session
) -> None:
    foreign = group_id(store, elsewhere, "Sales")

    for query, says in ((f"group={foreign}", "a group from"), ("state=asleep", "a state from")):
        page = admin.get(f"/users?{query}")
        assert page.status == 422
        assert says in page.complaint
        assert page.names == []


def test_a_regrouped_user_has_the_rights_at_the_next_request_and_stays_signed_in(
    anyone: Browser, browse: Callable[..., Browser], world: World, store: Session
) -> None:
    member = browse(world.member)
    assert member.get("/users").status == 403
    page = anyone.get(f"/users/{world.member.id}")
    for box in page.all("input[name=group]"):
        box["checked"] = ""

    saved = anyone.press(page, "Save")

    assert "Saved." in saved.text
    assert member.get("/users").status == 200
    page = anyone.get(f"/users/{world.member.id}")
    for box in page.all("input[name=group]"):
        del box["checked"]
    anyone.press(page, "Save")
    assert member.get("/users").status == 403
    assert member.get("/contacts").status == 200


def test_a_disabled_user_is_signed_out_and_their_running_restore_stops(
    anyone: Browser, browse: Callable[..., Browser], world: World, store: Session, work: Callable[[], None]
) -> None:
    colleague = new_admin(store, world.workspace)
    contact = new_contact(store, world)
    delete(store, world, contact)
    store.commit()
    theirs = browse(colleague)
    job = theirs.press(theirs.get("/contacts/restore/confirm-all"), "Restore")
    page = anyone.get(f"/users/{colleague.id}")
    dialog = anyone.press(page, "Disable")
    assert "signed out of this account at once" in dialog.text

    disabled = anyone.press(dialog, "Disable")

    assert "The user was disabled." in disabled.text
    assert theirs.get("/contacts").path == "/login"
    work()
    assert "Failed" in anyone.get(job.path).text
    assert anyone.get(f"/contacts/deleted/{contact.id}").status == 200
    enabled = anyone.press(anyone.get(f"/users/{colleague.id}"), "Enable")
    assert "The user was enabled." in enabled.text
    assert theirs.get("/contacts").path == "/login", "the session that has ended does not come back"
    theirs.enter(colleague.email)
    assert theirs.get("/users").status == 200


def test_nobody_disables_themselves(anyone: Browser, world: World, stored: Stored) -> None:
    page = anyone.get(f"/users/{world.admin.id}")
    assert not page.has_button("Disable")
    assert "you cannot do it yourself" in page.text

    refused = anyone.post(f"/users/{world.admin.id}/disable", {"csrf_token": anyone.token()})

    assert (refused.status, "You cannot disable yourself" in refused.text) == (409, True)
    for box in page.all("input[name=group]"):
        del box["checked"]
    page = anyone.press(page, "Save")
    assert (page.status, "Ask another Admin" in page.complaint) == (409, True)
    assert anyone.get("/users").status == 200


def test_an_admin_who_was_disabled_meanwhile_changes_nothing(
    browse: Callable[..., Browser], world: World, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the guard of the page and the lock: the domain looks again."""
    other = new_admin(store, world.workspace)
    store.commit()
    theirs = browse(other)
    token = theirs.token()

    def disabled_first(session: Session) -> Any:
        session.rollback()
        store.get_one(User, other.id).is_active = False
        store.commit()
        return write_transaction(session)

    monkeypatch.setattr("webapp.views.user_edits.write_transaction", disabled_first)
    refused = theirs.post(f"/users/{world.admin.id}/disable", {"csrf_token": token})

    assert refused.status == 403
    assert "not an Admin of this account any more" in refused.text
    assert store.get_one(User, world.admin.id, populate_existing=True).is_active
    store.rollback()


def test_groups_are_made_renamed_and_deleted(anyone: Browser, world: World, stored: Stored) -> None:
    page = anyone.get("/users/groups")
    dialog = anyone.press(page, "New group")
    again = anyone.submit(dialog, "#name-form", name=" ADMIN ")
    assert "Another group has this name." in again.complaint
    page = anyone.submit(again, "#name-form", name="Help  desk")
    assert "The group was created." in page.text
    assert page.names == ["Admin", "Help desk", "Sales"]
    ids = dict(zip(page.names, page.ids, strict=True))

    renaming = anyone.press(page, page.one(f"#rename-{ids['Help desk']}"))
    page = anyone.submit(renaming, "#name-form", name="Support")
    assert page.names == ["Admin", "Sales", "Support"]
    in_use = anyone.press(page, page.one(f"#delete-{ids['Sales']}"))
    refused = anyone.press(in_use, "Delete")
    assert "Take them out of it first" in refused.text
    deleting = anyone.press(page, page.one(f"#delete-{ids['Help desk']}"))
    assert anyone.press(deleting, "Delete").names == ["Admin", "Sales"]
    names = stored(select(UserGroup.name).where(UserGroup.workspace_id == world.id))
    assert sorted(names) == ["Admin", "Sales"]
    log = anyone.get("/audit").text
    assert "Created a group" in log
    assert "Deleted a group" in log


def test_users_and_groups_of_another_account_are_not_found(
    admin: Browser, elsewhere: World, store: Session, unchanged: Callable[[], Any]
) -> None:
    user, group = elsewhere.member.id, group_id(store, elsewhere, "Sales")
    token = {"csrf_token": admin.token()}

    assert elsewhere.member.email not in admin.get("/users").text
    with unchanged():
        for path in ("", "/withdraw", "/disable", "/second-factor"):
            assert admin.get(f"/users/{user}{path}").status == 404, path
        for path in ("", "/invite", "/withdraw", "/disable", "/enable", "/second-factor"):
            assert admin.post(f"/users/{user}{path}", token | {"name": "Mine"}).status == 404, path
        for path in ("rename", "delete"):
            assert admin.get(f"/users/groups/{group}/{path}").status == 404
            assert admin.post(f"/users/groups/{group}/{path}", token | {"name": "Mine"}).status == 404


def test_a_group_of_another_account_is_given_to_nobody(
    admin: Browser, world: World, elsewhere: World, store: Session, stored: Stored
) -> None:
    foreign = group_id(store, elsewhere, "Admin")
    fields = {"csrf_token": admin.token(), "name": "Max", "group": foreign}

    changed = admin.post(f"/users/{world.member.id}", fields)
    invited = admin.post("/users", fields | {"email": "new@example.com"})

    for answer in (changed, invited):
        assert (answer.status, "from the groups of this account" in answer.complaint) == (422, True)
    assert stored(select(User.name).where(User.id == world.member.id)) == ["Max Member"]
    assert not stored(select(Person).where(Person.email == "new@example.com"))


def test_a_name_from_right_to_left_turns_nothing_around(admin: Browser, world: World, store: Session) -> None:
    turning = "\u202egnp"
    sales = int(group_id(store, world, "Sales"))
    store.get_one(User, world.member.id).name = store.get_one(UserGroup, sales).name = turning
    store.commit()

    for path in ("", f"/{world.member.id}", f"/{world.member.id}/disable", "/groups", "/invite"):
        assert "gnp" in admin.get(f"/users{path}").text


def test_the_second_factor_of_a_colleague_is_removed(anyone: Browser, world: World, store: Session) -> None:
    person = store.get_one(Person, world.member.person_id)
    person.totp_secret, person.totp_since = "locked", person.created_at
    store.commit()
    page = anyone.get(f"/users/{world.member.id}")
    assert "Signs in with a second factor." in page.text
    dialog = anyone.press(page, "Remove second factor")
    assert "Their password alone lets them sign in" in dialog.text

    removed = anyone.press(dialog, "Remove")

    assert "The second factor was removed." in removed.text
    assert "Signs in without a second factor." in removed.text
    assert "Removed the second factor of “Max Member”" in anyone.get("/audit").text
