"""Deleting for ever on the pages: the dialog, the typed number, the report, and who may."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World, new_admin
from tests.support.browser import Browser
from tests.support.confirming import ask_about, confirm
from tests.support.seen import Seen
from webapp.models import Contact, Job

Work = Callable[[], None]
Stored = Callable[..., list[int]]

ASK = "/contacts/restore/erase"
FORM = "form[action='/contacts/restore/erase']"


def ask_to_erase(browser: Browser, *contacts: Contact, **query: str) -> Seen:
    return browser.get(ASK, [*(("selected", str(contact.id)) for contact in contacts), *query.items()])


def send(browser: Browser, dialog: Seen, typed: str) -> Seen:
    return browser.submit(dialog, FORM, typed=typed, htmx=browser.javascript)


@pytest.fixture
def left(stored: Stored, world: World) -> Callable[[], list[int]]:
    return lambda: stored(select(Contact.id).where(Contact.workspace_id == world.id).order_by(Contact.id))


def test_the_ticked_ones_go_after_their_number_was_typed(
    anyone: Browser, store: Session, world: World, work: Work, left: Callable[[], list[int]]
) -> None:
    contacts = new_contacts(store, world, 3)
    delete(store, world, *contacts)
    store.commit()
    page = anyone.get("/contacts/restore", [("selected", str(each.id)) for each in contacts[:2]])

    dialog = anyone.press(page, "Delete for ever")

    assert "Delete 2 contacts for ever?" in dialog.text
    assert "This cannot be undone. No restore and no undo brings them back." in dialog.text
    assert "Ann Number 00001 and Ann Number 00000." in dialog.text
    anyone.submit(dialog, FORM, typed="2")
    work()
    job = store.scalars(select(Job).where(Job.workspace_id == world.id)).one()
    report = anyone.get(f"/jobs/{job.id}")
    assert "2 contacts deleted for ever." in report.text
    assert "Deleted for ever 2 Merged into them 0 Left alone 0 Failed 0" in report.text
    assert left() == [contacts[2].id]
    assert "Erasure #1" in anyone.get("/jobs").text
    assert "Erasure #1 ended: 2 erased" in anyone.get("/audit").text
    for contact in contacts[:2]:
        assert anyone.get(f"/contacts/deleted/{contact.id}").status == 404
        assert anyone.get(f"/contacts/{contact.id}").status == 404


def test_without_ticks_all_that_match_go(
    anyone: Browser, store: Session, world: World, work: Work, left: Callable[[], list[int]]
) -> None:
    delete(store, world, *new_contacts(store, world, 3, "Wanda"))
    stays = new_contact(store, world, "Olga")
    delete(store, world, stays)
    store.commit()
    page = anyone.get("/contacts/restore", {"q": "wanda"})

    dialog = anyone.press(page, "Delete for ever")

    assert "Delete all 3 matching contacts for ever?" in dialog.text
    assert "wanda" in dialog.text
    anyone.submit(dialog, FORM, typed=" 3 ")
    work()
    assert left() == [stays.id]
    # The words of the search were hers, too.
    job = store.scalars(select(Job).where(Job.workspace_id == world.id)).one()
    assert "wanda" not in anyone.get(f"/jobs/{job.id}").text.lower()


def test_one_goes_from_the_page_where_it_is_looked_at(
    anyone: Browser, store: Session, world: World, work: Work, left: Callable[[], list[int]]
) -> None:
    contact = new_contact(store, world, "Ada", "King")
    delete(store, world, contact)
    store.commit()
    look = anyone.get(f"/contacts/deleted/{contact.id}")

    dialog = anyone.press(look, "Delete for ever")

    assert "Delete 1 contact for ever?" in dialog.text
    assert "Ada King." in dialog.text
    anyone.submit(dialog, FORM, typed="1")
    work()
    assert left() == []


@pytest.mark.parametrize("typed", ["", "2", "three", "3.5", "-3", "33", "3" * 40])
def test_another_number_deletes_nobody_and_is_shown_again(
    admin: Browser, store: Session, world: World, typed: str, left: Callable[[], list[int]]
) -> None:
    contacts = new_contacts(store, world, 3)
    delete(store, world, *contacts)
    store.commit()

    refused = send(admin, ask_to_erase(admin, *contacts), typed)

    assert refused.status == 422
    assert "Type 3 to confirm. Nothing was deleted." in refused.text
    assert refused.one("#typed")["value"] == typed
    assert len(left()) == 3
    assert store.scalars(select(Job).where(Job.workspace_id == world.id)).all() == []
    # The same dialog again, now with the right one.
    assert send(admin, refused, "3").status == 200


def test_a_form_that_is_sent_twice_starts_one_job(
    admin: Browser, store: Session, world: World, work: Work
) -> None:
    contacts = new_contacts(store, world, 2)
    delete(store, world, *contacts)
    store.commit()
    dialog = ask_to_erase(admin, *contacts)

    first = send(admin, dialog, "2")
    work()
    second = send(admin, dialog, "2")

    assert (first.status, second.status, first.path) == (200, 200, second.path)
    assert len(store.scalars(select(Job).where(Job.workspace_id == world.id)).all()) == 1


def test_while_a_restore_runs_it_is_refused_with_a_link(
    admin: Browser, store: Session, world: World, work: Work, left: Callable[[], list[int]]
) -> None:
    contacts = new_contacts(store, world, 2)
    delete(store, world, *contacts)
    store.commit()
    dialog = ask_to_erase(admin, contacts[0])
    running = confirm(admin, ask_about(admin, [contacts[1].id]))

    for refused in (send(admin, dialog, "1"), ask_to_erase(admin, contacts[0])):
        assert refused.status == 409
        assert "Restore #1" in refused.text
        assert refused.all(f"a[href='{running.path}']")
        assert not refused.all(FORM)
    bar = admin.get("/contacts/restore", {"selected": str(contacts[0].id)})
    assert bar.button("Delete for ever").has_attr("disabled")
    work()
    assert len(left()) == 2


def test_what_has_changed_since_is_asked_about_again(
    admin: Browser, store: Session, world: World, work: Work
) -> None:
    contacts = new_contacts(store, world, 2)
    delete(store, world, *contacts)
    store.commit()
    dialog, all_of_them = ask_to_erase(admin, *contacts), ask_to_erase(admin)
    confirm(admin, ask_about(admin, [contacts[0].id]))
    work()

    again = send(admin, dialog, "2")
    assert again.status == 409
    assert "This has changed since you opened it. Nothing was deleted." in again.text
    assert "Delete 1 contact for ever?" in again.text
    confirm(admin, ask_about(admin, [contacts[1].id]))
    work()
    for gone, typed in ((again, "1"), (all_of_them, "2")):
        none = send(admin, gone, typed)
        assert none.status == 409
        assert "None of these contacts is among the deleted ones any more." in none.text


def test_a_member_may_not(member: Browser, admin: Browser, store: Session, world: World) -> None:
    contact = new_contact(store, world)
    delete(store, world, contact)
    store.commit()
    scope = str(ask_to_erase(admin, contact).one("input[name=scope]")["value"])

    assert ask_to_erase(member, contact).status == 403
    fields = {"csrf_token": member.token(), "scope": scope, "typed": "1"}
    assert member.post(ASK, fields).status == 403


def test_a_confirmation_of_somewhere_else_is_refused(
    admin: Browser, browse: Callable[..., Browser], store: Session, world: World
) -> None:
    """Of a restore, of another user, and one that was cut off."""
    contact = new_contact(store, world)
    delete(store, world, contact)
    colleague = new_admin(store, world.workspace)
    store.commit()
    dialog = ask_to_erase(admin, contact)
    scope = str(dialog.one("input[name=scope]")["value"])
    of_restore = str(ask_about(admin, [contact.id]).one("input[name=scope]")["value"])
    of_colleague = str(ask_to_erase(browse(colleague), contact).one("input[name=scope]")["value"])

    for token in (of_restore, of_colleague, scope[:-3], ""):
        answer = admin.submit(dialog, FORM, typed="1", scope=token)
        assert answer.status == 400
        assert "This confirmation is incomplete. Open it again." in answer.text
