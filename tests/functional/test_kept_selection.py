"""What the server tells the script that keeps the selection in the tab: its user, where it returns, which ids
leave it. `tests/browser/test_kept_selection.py` tests the script."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.models import Contact

RESTORE = "/contacts/restore"
CONFIRM = "#confirm form[method=post]"


@pytest.fixture
def binned(world: World, store: Session) -> list[Contact]:
    contacts = new_contacts(store, world, 5)
    delete(store, world, *contacts)
    store.commit()
    return contacts


def body(page: Seen) -> dict[str, str]:
    """The attributes of the page's body that name the user."""
    attrs = page.one("body").attrs
    return {name: str(attrs[name]) for name in ("data-user", "data-signed-out") if name in attrs}


def test_a_page_names_its_user_and_the_pages_after_signing_out_say_so(
    browse: Callable[..., Browser], world: World
) -> None:
    browser = browse()
    assert body(browser.get("/login")) == {}, "a session that has ended by itself leaves the selection"
    page = browser.sign_in(world.admin.email)
    assert body(page) == {"data-user": str(world.admin.id)}
    assert body(browser.get(RESTORE)) == body(page)
    assert body(browser.get("/contacts/0")) == {}, "an error page does not read the user"

    assert body(browser.press(page, "Sign out")) == {"data-signed-out": ""}
    assert body(browser.get("/contacts")) == {"data-signed-out": ""}
    assert body(browser.sign_in(world.member.email)) == {"data-user": str(world.member.id)}


def test_the_ticks_return_to_restore_contacts_always_and_to_the_overview_only_by_history(
    admin: Browser,
) -> None:
    assert admin.get(RESTORE).one("body")["data-keep-selection"] == "always"
    assert admin.get("/contacts").one("body")["data-keep-selection"] == "history"
    assert not admin.get("/restores").one("body").has_attr("data-keep-selection")


@pytest.mark.parametrize("path", [RESTORE, "/contacts"])
def test_the_bar_names_the_ids_that_are_no_longer_here(
    admin: Browser, world: World, store: Session, path: str
) -> None:
    here, gone = new_contacts(store, world, 2)
    delete(store, world, here if path == RESTORE else gone)
    store.commit()
    selected = [("selected", str(contact.id)) for contact in (here, gone)]

    for address, htmx in ((path, False), (path, True), (f"{path}/selection", True)):
        seen = admin.get(address, selected, htmx=htmx)
        assert seen.one("#selection-bar")["data-gone"] == str(gone.id)
        assert "1 selected contact is no longer here" in seen.words("#selection-bar")
        assert "1 of 100 selected" in seen.words("#selection-bar")
    assert not admin.get(path, selected[:1]).one("#selection-bar").has_attr("data-gone")


def test_a_started_restore_names_the_contacts_that_leave_the_selection(
    admin: Browser, binned: list[Contact]
) -> None:
    chosen = sorted(contact.id for contact in binned[:2])
    dialog = admin.get(f"{RESTORE}/confirm", [("selected", str(i)) for i in chosen])

    started = admin.submit(dialog, CONFIRM, htmx=True)
    event = json.loads(started.headers["HX-Trigger"])["app:restoring"]
    assert event["page"] == RESTORE
    assert sorted(event["ids"]) == chosen
    # The same confirmation once more leads to the same job.
    again = admin.submit(dialog, CONFIRM, htmx=True)
    assert again.headers["HX-Trigger"] == started.headers["HX-Trigger"]

    refused = admin.submit(dialog, CONFIRM, htmx=True, scope="forged")
    assert refused.status == 400
    assert "HX-Trigger" not in refused.headers


def test_a_restore_of_all_that_match_leaves_the_selection(admin: Browser, binned: list[Contact]) -> None:
    dialog = admin.get(f"{RESTORE}/confirm-all")

    started = admin.submit(dialog, CONFIRM, htmx=True)

    assert "HX-Redirect" in started.headers
    assert "HX-Trigger" not in started.headers


def test_without_scripts_a_page_that_is_opened_anew_has_no_ticks(
    browse: Callable[..., Browser], world: World, binned: list[Contact]
) -> None:
    plain = browse(world.admin)
    page = plain.tick(plain.get(RESTORE), binned[0])
    page = plain.press(page, page.one("#search-button"))
    assert page.selected == [binned[0].id]

    assert plain.get(RESTORE).selected == []
