"""Users outside the group Admin: they work with contacts and cannot restore."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_user
from tests.support.browser import Browser
from webapp.models import GroupMembership, GroupRight, Job, Right, UserGroup

Unchanged = Callable[[], AbstractContextManager[None]]


def test_the_menu_with_restore_is_for_admins(admin: Browser, member: Browser) -> None:
    for_admin, for_member = admin.get("/contacts"), member.get("/contacts")

    assert for_admin.button("More actions")["popovertarget"] == "more-menu"
    assert for_admin.words("#more-menu") == "Restore Contact(s) Import contacts"
    assert not for_member.all("#more-menu, #more-actions")
    assert "Restore" not in for_member.text
    assert not for_member.has_button("Restores")


def test_no_link_that_a_member_sees_is_forbidden(member: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world)
    store.commit()

    of_one = f"/contacts/{contact.id}", f"/contacts/{contact.id}/edit", "/contacts/new"
    for path in ("/contacts", "/contacts?q=nobody", "/sessions", *of_one):
        for link in member.get(path).all("a[href^='/']"):
            assert member.get(str(link["href"])).status != 403, f"{link} on {path}"


RESTORE_ADDRESSES = [
    ("GET", "/contacts/restore"),
    ("GET", "/contacts/restore/selection"),
    ("GET", "/contacts/restore/confirm?selected={contact}"),
    ("GET", "/contacts/restore/confirm-all"),
    ("GET", "/restores"),
    ("POST", "/restores"),
    ("POST", "/restores/line"),
    ("GET", "/restores/{job}"),
    ("GET", "/restores/{job}/continue"),
    ("POST", "/restores/{job}/cancel"),
    ("GET", "/jobs"),
]


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "part"])
def test_every_restore_address_is_forbidden_for_a_member(
    admin: Browser, member: Browser, world: World, store: Session, unchanged: Unchanged, htmx: bool
) -> None:
    """With their own CSRF token, and even with a scope from an admin's dialog."""
    one, other = new_contact(store, world), new_contact(store, world)
    delete(store, world, one, other)
    store.commit()
    scope = admin.get(f"/contacts/restore/confirm?selected={other.id}").one("input[name=scope]")["value"]
    running = admin.press(admin.get(f"/contacts/restore/confirm?selected={one.id}"), "Restore")
    fields = {"csrf_token": member.token(), "scope": str(scope)}

    with unchanged():
        for method, address in RESTORE_ADDRESSES:
            path = address.format(contact=one.id, job=running.path.removeprefix("/restores/"))
            seen = member.post(path, fields, htmx=htmx) if method == "POST" else member.get(path, htmx=htmx)
            assert seen.status == 403, path
            assert "Ask an admin of your account" in seen.text
            assert str(one.email) not in seen.text


def test_leaving_the_group_ends_access_at_once(admin: Browser, world: World, store: Session) -> None:
    assert admin.get("/contacts/restore").status == 200

    store.delete(store.scalars(select(GroupMembership).filter_by(user_id=world.admin.id)).one())
    store.commit()

    assert admin.get("/contacts/restore").status == 403
    assert not admin.get("/contacts").all("#more-menu")


def test_the_group_of_another_account_gives_no_access(
    browse: Callable[..., Browser], world: World, elsewhere: World, store: Session
) -> None:
    foreign_admins = store.scalars(select(UserGroup).filter_by(workspace_id=elsewhere.id, name="Admin")).one()
    user = new_user(store, world.workspace, "Mallory", foreign_admins)
    store.commit()

    assert browse(user).get("/contacts/restore").status == 403


def test_a_restore_by_a_former_admin_does_not_begin(
    admin: Browser,
    world: World,
    store: Session,
    work: Callable[[], None],
    stored: Callable[..., list[Any]],
) -> None:
    contact = new_contact(store, world)
    delete(store, world, contact)
    store.commit()
    job = admin.press(admin.get(f"/contacts/restore/confirm?selected={contact.id}"), "Restore")

    store.delete(store.scalars(select(GroupMembership).filter_by(user_id=world.admin.id)).one())
    store.commit()
    work()

    assert stored(select(Job.state).filter_by(workspace_id=world.id)) == ["cancelled"]
    assert job.path.startswith("/restores/")
    assert admin.get(f"/contacts/{contact.id}").status == 404


def test_a_member_may_delete_and_sees_who_can_restore(member: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world)
    store.commit()
    page = member.tick(member.get("/contacts"), contact)

    after = member.press(member.press(page, page.one("#delete-selected")), "Delete")

    assert "1 contact deleted. An admin can restore it until " in after.text


def test_which_contacts_a_restore_has_restored_is_for_admins(
    admin: Browser, member: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    """On the page, in its parts and its export; and whether or not there is such a restore."""
    contact = new_contact(store, world)
    delete(store, world, contact)
    sales = store.scalars(select(UserGroup).filter_by(workspace_id=world.id, name="Sales")).one()
    store.add_all(GroupRight(group_id=sales.id, right=right) for right in (Right.EXPORT, Right.DELETE_MANY))
    store.commit()
    page = admin.press(admin.get(f"/contacts/restore/confirm?selected={contact.id}"), "Restore")
    work()
    job = int(page.path.removeprefix("/restores/"))
    assert len(admin.get(f"/contacts?restored_by={job}").all("tbody tr")) == 1

    for path in ("", "/selection", "/count", "/export", "/delete-all"):
        for wanted in (job, job + 1000):
            for htmx in (False, True):
                seen = member.get(f"/contacts{path}?restored_by={wanted}", htmx=htmx)
                assert seen.status == 403, path
                assert "Restore #" not in seen.text

    # The history of a contact that they see is theirs to see, without a way to the restore.
    history = member.get(f"/contacts/{contact.id}")
    assert "Restored by Ada Admin (Restore #1)" in history.text
    assert not history.all("a[href^='/restores']")


def test_a_former_admin_loses_the_export_of_what_a_restore_has_restored(
    admin: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    """They may still export, but the file and its order were for those who see restores."""
    contact = new_contact(store, world)
    delete(store, world, contact)
    store.commit()
    page = admin.press(admin.get(f"/contacts/restore/confirm?selected={contact.id}"), "Restore")
    work()
    job = page.path.removeprefix("/restores/")
    export = admin.press(admin.get(f"/contacts/export?restored_by={job}"), "Export").path
    work()
    assert admin.get(f"{export}/file").status == 200
    store.rollback()
    sales = store.scalars(select(UserGroup).filter_by(workspace_id=world.id, name="Sales")).one()
    store.add(GroupRight(group_id=sales.id, right=Right.EXPORT))
    membership = store.scalars(select(GroupMembership).filter_by(user_id=world.admin.id)).one()
    membership.group_id = sales.id
    store.commit()

    assert admin.get("/contacts/export").status == 200
    assert admin.get(f"{export}/file").status == 403
