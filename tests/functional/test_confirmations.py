""" "Restore" confirms exactly what the dialog showed: not too old, not forged, not another plan."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.clock import fixed_clock
from tests.support.seen import Seen
from webapp.models import Contact

Unchanged = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def binned(world: World, store: Session) -> list[Contact]:
    contacts = new_contacts(store, world, 3)
    delete(store, world, *contacts)
    store.commit()
    return contacts


def dialog_for(browser: Browser, *contacts: Contact) -> Seen:
    page = browser.tick(browser.get("/contacts/restore"), *contacts)
    return browser.press(page, page.one("#restore-selected"))


def confirm(browser: Browser, dialog: Seen) -> Seen:
    return browser.press(dialog, dialog.one("dialog form[action='/restores'] button"))


def later(browser: Browser, minutes: float) -> AbstractContextManager[None]:
    """So many minutes later, in a browser that was used until then."""
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    browser.keep_session(moment)
    return fixed_clock(moment)


def test_a_dialog_may_stay_open_for_29_minutes(anyone: Browser, binned: list[Contact]) -> None:
    dialog = dialog_for(anyone, binned[0])

    with later(anyone, 29):
        assert confirm(anyone, dialog).path.startswith("/restores/")


@pytest.mark.parametrize("all_of_them", [False, True], ids=["selected", "all"])
def test_after_30_minutes_the_dialog_must_be_opened_again(
    anyone: Browser, binned: list[Contact], unchanged: Unchanged, work: Callable[[], None], all_of_them: bool
) -> None:
    if all_of_them:
        page = anyone.get("/contacts/restore?q=ann")
        dialog = anyone.press(page, page.one("#restore-all"))
    else:
        dialog = dialog_for(anyone, *binned)

    with later(anyone, 31), unchanged():
        again = confirm(anyone, dialog)
        assert again.status == 409
        said = again.words("dialog")
        assert "This has been open for more than 30 minutes. Nothing was restored. Check it again." in said
        assert dialog.words("#confirm-title") in said

    # The clock cannot go back: the session is newer now.
    with later(anyone, 32):
        job = confirm(anyone, again)
        work()
        assert "3 contacts restored." in anyone.get(job.path).text


def test_a_used_confirmation_leads_to_its_job_at_any_age(
    anyone: Browser, binned: list[Contact], unchanged: Unchanged, work: Callable[[], None]
) -> None:
    """Like Back in the browser, an hour later: it must not say that nothing was restored."""
    dialog = dialog_for(anyone, *binned)
    job = confirm(anyone, dialog)
    work()
    anyone.get(job.path)  # which notes that the end was seen

    with later(anyone, 60), unchanged():
        assert confirm(anyone, dialog).path == job.path


def test_cancel_returns_to_filters_and_ticks_after_every_answer(
    admin: Browser, world: World, store: Session, binned: list[Contact]
) -> None:
    """Without scripts, after a refusal (too old, changed, another one runs): filters and ticks are kept."""
    page = admin.tick(admin.get("/contacts/restore?q=ann"), binned[0])
    dialog = admin.press(page, page.one("#restore-selected"))
    page = admin.get("/contacts/restore?q=ann")
    everything = admin.press(page, page.one("#restore-all"))
    new_contact(store, world, "Ann", "Again", email=binned[0].email)
    store.commit()
    changed = confirm(admin, dialog)
    admin.press(admin.get("/contacts/restore/confirm-all"), "Restore")
    running = confirm(admin, everything)
    with later(admin, 31):
        old = confirm(admin, dialog)
        assert [answer.status for answer in (dialog, changed, running, old)] == [200, 409, 409, 409]

        for answer in (dialog, changed, old):
            seen = admin.press(answer, "Cancel")
            assert (seen.query["q"], seen.selected) == ("ann", [binned[0].id])
        assert admin.press(running, "Cancel").query["q"] == "ann"


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"]
)
def test_a_foreign_form_cannot_set_where_cancel_leads(
    admin: Browser, binned: list[Contact], back: str
) -> None:
    scope = str(admin.get("/contacts/restore/confirm-all").one("input[name=scope]")["value"])
    with later(admin, 31):
        again = admin.post("/restores", {"csrf_token": admin.token(), "scope": scope, "back": back})

    assert again.status == 409
    assert again.button("Cancel")["href"] == "/contacts/restore"


@pytest.mark.parametrize(
    "token",
    ["", "abc", "a.b.c", "é", "\0", "😀", "x" * 5000, "cut", "bent", "extended"],
)
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "part"])
def test_an_unsigned_confirmation_starts_nothing(
    admin: Browser, binned: list[Contact], unchanged: Unchanged, token: str, htmx: bool
) -> None:
    dialog = admin.get("/contacts/restore/confirm-all")
    good = str(dialog.one("input[name=scope]")["value"])
    forged = {"cut": good[:-1], "bent": "A" + good[1:], "extended": good + "A"}.get(token, token)

    with unchanged():
        refused = admin.post("/restores", {"csrf_token": admin.token(), "scope": forged}, htmx=htmx)

    assert refused.status == 400
    assert "This confirmation is incomplete. Open it again. Nothing was changed." in refused.text


def test_a_changed_plan_is_shown_again_and_can_be_confirmed_anew(
    anyone: Browser,
    world: World,
    store: Session,
    binned: list[Contact],
    unchanged: Unchanged,
    work: Callable[[], None],
) -> None:
    dialog = dialog_for(anyone, binned[0], binned[1])
    new_contact(store, world, "Ann", "Again", email=binned[0].email)
    store.commit()

    with unchanged():
        again = confirm(anyone, dialog)

    assert again.status == 409
    said = again.words("dialog")
    assert "This has changed since you opened it. Nothing was restored. Check it again." in said
    assert "1 contact will stay deleted: its e-mail address is used by another contact." in said
    assert "Restore 2 contacts?" in said
    job = confirm(anyone, again)
    work()
    assert "1 contact restored, 1 skipped." in anyone.get(job.path).text


def test_a_plan_that_has_become_empty_can_only_be_cancelled(
    anyone: Browser, world: World, store: Session, binned: list[Contact], unchanged: Unchanged
) -> None:
    dialog = dialog_for(anyone, binned[0])
    new_contact(store, world, "Ann", "Again", email=binned[0].email)
    store.commit()

    with unchanged():
        again = confirm(anyone, dialog)

    assert again.status == 409
    assert not again.all("form[action='/restores']")


def test_a_contact_that_was_deleted_again_changes_the_plan(
    anyone: Browser, world: World, store: Session, binned: list[Contact], unchanged: Unchanged
) -> None:
    """The dialog was about the earlier deletion; the later one must be confirmed separately."""
    dialog = dialog_for(anyone, binned[0], binned[1])
    contact = store.get_one(Contact, binned[0].id)
    contact.deleted_at = None
    store.flush()
    delete(store, world, contact)
    store.commit()

    with unchanged():
        again = confirm(anyone, dialog)

    assert again.status == 409
    assert "This has changed since you opened it." in again.words("dialog")


def test_by_filters_changes_since_the_dialog_are_in_the_report(
    anyone: Browser, world: World, store: Session, binned: list[Contact], work: Callable[[], None]
) -> None:
    page = anyone.get("/contacts/restore")
    dialog = anyone.press(page, page.one("#restore-all"))
    new_contact(store, world, "Ann", "Again", email=binned[0].email)
    store.commit()

    job = confirm(anyone, dialog)
    work()

    assert "2 contacts restored, 1 skipped." in anyone.get(job.path).text


def test_by_filters_the_page_accounts_for_every_contact_of_the_dialog(
    anyone: Browser, world: World, store: Session, binned: list[Contact], work: Callable[[], None]
) -> None:
    page = anyone.get("/contacts/restore")
    dialog = anyone.press(page, page.one("#restore-all"))
    binned[0].merged_into_id = new_contact(store, world).id
    store.commit()

    job = confirm(anyone, dialog)
    work()

    figures = anyone.get(job.path).words("dl.figures-row")
    assert figures == "Restored 2 Skipped 0 Failed 0 Changed since 1"


def test_a_signed_scope_is_not_valid_for_another_purpose(admin: Browser, binned: list[Contact]) -> None:
    """A signed scope is not accepted as a CSRF token."""
    scope = str(admin.get("/contacts/restore/confirm-all").one("input[name=scope]")["value"])

    assert admin.post("/restores", {"csrf_token": scope, "scope": scope}).status == 400
