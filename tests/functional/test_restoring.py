"""The main path: open the page, tick or filter, confirm, leave, return, and read the report."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_contacts,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.models import AutomationRun, CampaignSend, Contact, Job

Work = Callable[[], None]
Stored = Callable[..., list[Any]]


def ask_for_selected(browser: Browser, page: Seen) -> Seen:
    return browser.press(page, page.one("#restore-selected"))


def ask_for_all(browser: Browser, page: Seen) -> Seen:
    return browser.press(page, page.one("#restore-all"))


def confirm(browser: Browser, dialog: Seen) -> Seen:
    button = dialog.one("dialog form[action='/restores'] button")
    assert button.get_text(strip=True) == "Restore"
    return browser.press(dialog, button)


def test_an_admin_filters_ticks_three_over_two_pages_and_restores_them(
    anyone: Browser, world: World, store: Session, work: Work, stored: Stored
) -> None:
    contacts = new_contacts(store, world, 70)
    others = new_contacts(store, world, 5, "Bob")
    delete(store, world, *contacts, *others)
    store.commit()

    page = anyone.press(anyone.get("/contacts"), "Restore Contact(s)")
    page = anyone.fill(page, q="ann")
    page = anyone.tick(page, contacts[69], contacts[68])
    page = anyone.tick(anyone.press(page, "Next"), contacts[3])
    dialog = ask_for_selected(anyone, page)
    job = confirm(anyone, dialog)

    assert job.path == f"/restores/{stored(select(Job.id).filter_by(workspace_id=world.id))[0]}"
    assert "Waiting to begin: 3 contacts." in job.text
    assert anyone.get("/contacts").names == [], "nothing is restored in the request"
    work()

    job = anyone.poll(job) if anyone.javascript else anyone.get(job.path)
    assert "3 contacts restored." in job.text
    assert not job.all("[data-poll]"), "it stops polling"
    restored = anyone.press(job, "View restored contacts")
    assert sorted(restored.ids) == sorted([contacts[3].id, contacts[68].id, contacts[69].id])
    assert anyone.get("/contacts").ids == restored.ids
    assert anyone.get("/contacts?q=number+00003").ids == [contacts[3].id], "found at once"
    bin_page = anyone.get("/contacts/restore")
    assert bin_page.words("#restore-all") == "Restore all contacts (72)"
    assert contacts[3].id not in bin_page.ids


def test_the_dialog_describes_the_scope_and_what_will_happen(
    anyone: Browser, world: World, store: Session, stored: Stored
) -> None:
    contacts = new_contacts(store, world, 3)
    delete(store, world, *contacts)
    store.commit()
    page = anyone.tick(anyone.get("/contacts/restore"), contacts[0], contacts[1])

    dialog = ask_for_selected(anyone, page)

    assert dialog.words("#confirm-title") == "Restore 2 contacts?"
    said = dialog.words("dialog")
    for words in (
        "2 selected contacts.",
        "lists with their status, tags, account, deals and the original Created Date",
        "lists, tags and accounts deleted since, and deals that were deleted with their last contact",
        "No contact becomes a deal’s Primary Contact again.",
        "No automations will run and no campaigns will be sent.",
        "It can take up to 15 minutes.",
        "You can leave this page.",
    ):
        assert words in said
    assert dialog.one("dialog [autofocus]").get_text(strip=True) == "Cancel"
    assert stored(select(Job.id).filter_by(workspace_id=world.id)) == [], "the dialog starts nothing"


def test_cancel_leaves_the_dialog_on_a_page_of_its_own(admin: Browser, world: World, store: Session) -> None:
    delete(store, world, new_contact(store, world))
    store.commit()

    page = admin.press(admin.get("/contacts/restore/confirm-all"), "Cancel")

    assert page.path == "/contacts/restore"


def test_restore_all_with_a_filter_restores_all_that_match(
    anyone: Browser, world: World, store: Session, work: Work
) -> None:
    anns, bobs = new_contacts(store, world, 130, "Ann"), new_contacts(store, world, 4, "Bob")
    delete(store, world, *anns[:100], *bobs)
    delete(store, world, *anns[100:], by=world.admin.id)
    store.commit()

    page = anyone.fill(anyone.get("/contacts/restore"), q="ANN")
    assert page.words("#restore-all") == "Restore all contacts (130 matching)"
    dialog = ask_for_all(anyone, page)
    assert dialog.words("#confirm-title") == "Restore all 130 matching contacts?"
    assert dialog.words("#confirm-scope") == "130 contacts matching “ANN”."
    job = confirm(anyone, dialog)
    work()

    assert "130 contacts restored." in anyone.get(job.path).text
    assert anyone.get("/contacts/restore").ids == [bob.id for bob in reversed(bobs)]
    assert "130 contacts" in anyone.get("/contacts").text


def test_restore_all_without_a_filter_restores_the_whole_bin(
    anyone: Browser, world: World, store: Session, work: Work
) -> None:
    contacts = new_contacts(store, world, 120)
    delete(store, world, *contacts)
    store.commit()
    page = anyone.tick(anyone.get("/contacts/restore"), contacts[-1])

    dialog = ask_for_all(anyone, page)
    assert dialog.words("#confirm-title") == "Restore all 120 contacts?"
    assert dialog.words("#confirm-scope") == "All 120 contacts deleted in the last 30 days."
    job = confirm(anyone, dialog)
    work()

    assert "120 contacts restored." in anyone.get(job.path).text
    assert "Nothing to restore" in anyone.get("/contacts/restore").text


def test_a_restored_contact_is_as_it_was_before(
    anyone: Browser, world: World, store: Session, work: Work, stored: Stored
) -> None:
    """The article's table, as the contact's page shows it; and nothing is triggered."""
    contact = new_contact(store, world, "Ann", "Lee", account=new_account(store, world, "Acme"))
    other = new_contact(store, world, "Bob", "Ray")
    for status in ("subscribed", "bounced", "unsubscribed", "unconfirmed"):
        subscribe(store, contact, new_list(store, world, f"List {status}"), status)
    put_tag(store, contact, new_tag(store, world, "VIP"))
    new_deal(store, world, contact, title="Only hers")
    new_deal(store, world, contact, other, title="Shared deal")
    store.commit()
    before = anyone.get(f"/contacts/{contact.id}")
    delete(store, world, contact)
    store.commit()

    page = anyone.tick(anyone.get("/contacts/restore"), contact)
    confirm(anyone, ask_for_selected(anyone, page))
    work()

    after = anyone.get(f"/contacts/{contact.id}")
    for section in ("account", "lists", "tags"):
        selector = f"section[aria-labelledby={section}-title]"
        assert after.words(selector) == before.words(selector)
    deals = after.words("section[aria-labelledby=deals-title]")
    assert "Shared deal" in deals
    assert "Only hers" not in deals
    assert "· Primary Contact" not in deals
    assert "Primary Contact" in anyone.get(f"/contacts/{other.id}").text
    for row in (AutomationRun, CampaignSend):
        assert stored(select(func.count()).where(row.workspace_id == world.id)) == [0]


def test_contacts_that_stay_deleted_are_predicted_and_reported_with_a_link_to_the_other(
    anyone: Browser, world: World, store: Session, work: Work
) -> None:
    taken = new_contact(store, world, "Ann", "Old", email="ann@example.com")
    older = new_contact(store, world, "Twin", "Older", email="twin@example.com")
    delete(store, world, taken, older)
    holder = new_contact(store, world, "Ann", "New", email="Ann@Example.com")
    newer = new_contact(store, world, "Twin", "Newer", email="twin@example.com")
    delete(store, world, newer)
    store.commit()

    page = anyone.tick(anyone.get("/contacts/restore"), taken, older, newer)
    dialog = ask_for_selected(anyone, page)
    said = dialog.words("dialog")
    assert "1 contact will stay deleted: its e-mail address is used by another contact." in said
    assert "1 contact will stay deleted: another with its e-mail address was deleted later." in said
    job = confirm(anyone, dialog)
    work()

    report = anyone.get(job.path)
    assert "1 contact restored, 2 skipped." in report.text
    assert "E-mail address used by another contact 1" in report.text
    assert "Same e-mail address as a contact deleted later 1" in report.text
    rows = {row.select_one(".cell-name").get_text(strip=True): row for row in report.all(".rows-outcomes li")}  # type: ignore[union-attr]
    why_by_name = {
        name: " ".join(row.select(".outcome-why")[0].get_text().split()) for name, row in rows.items()
    }
    assert why_by_name == {
        "Ann Old": "Stayed deleted: Ann New uses its e-mail address.",
        "Twin Older": "Stayed deleted: Twin Newer has the same e-mail address and was deleted later.",
    }
    assert anyone.press(report, rows["Ann Old"].select("a")[0]).words("h1") == "Ann New"
    assert anyone.press(report, rows["Twin Older"].select("a")[0]).words("h1") == "Twin Newer"
    assert sorted(anyone.get("/contacts").ids) == sorted([holder.id, newer.id])
    assert sorted(anyone.get("/contacts/restore").ids) == sorted([taken.id, older.id])


def test_without_a_restorable_contact_there_is_no_restore_button(
    anyone: Browser, world: World, store: Session
) -> None:
    taken = new_contact(store, world, email="ann@example.com")
    delete(store, world, taken)
    new_contact(store, world, email="ann@example.com")
    store.commit()
    page = anyone.tick(anyone.get("/contacts/restore"), taken)

    dialog = ask_for_selected(anyone, page)

    assert "its e-mail address is used by another contact" in dialog.words("dialog")
    assert not dialog.all("form[action='/restores']")


def test_contacts_deleted_after_the_dialog_opened_are_not_included(
    anyone: Browser, world: World, store: Session, work: Work, stored: Stored
) -> None:
    early = new_contact(store, world, "Early", "")
    delete(store, world, early)
    store.commit()
    dialog = ask_for_all(anyone, anyone.get("/contacts/restore"))
    late = new_contact(store, world, "Late", "")
    delete(store, world, late)
    store.commit()

    confirm(anyone, dialog)
    work()

    assert stored(select(Contact.first_name).filter_by(workspace_id=world.id, deleted_at=None)) == ["Early"]
