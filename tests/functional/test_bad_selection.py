"""Invalid ids: a message, the right status, nothing changed, and never a 500."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.models import Contact

Unchanged = Callable[[], AbstractContextManager[None]]

UNREADABLE = "Part of the selection could not be read. Check the ticks."
TOO_MANY = "You can select up to 100 contacts at a time."
NOTHING = "Select at least one contact first."
GONE_FROM_BIN = "None of the selected contacts is still deleted."
GONE_FROM_HERE = "None of the selected contacts is here any more."

# What is sent beside two valid contacts, and the message.
UNREADABLE_IDS = {
    "no number": ["abc"],
    "a negative number": ["-1"],
    "zero": ["0"],
    "2^63": [str(2**63)],
    "10^30": [str(10**30)],
    "5,000 digits": ["9" * 5000],
    "a fraction": ["1.5"],
    "a number with spaces": [" 1 "],
    "Arabic digits": ["٣"],
    "a superscript": ["²"],
    "NUL": ["1\0"],
    "an empty one": [""],
    "emoji": ["😀"],
    "a lone surrogate's bytes": ["%ED%A0%80"],
    "SQL": ["1 OR 1=1"],
}


@pytest.fixture
def live(world: World, store: Session) -> list[Contact]:
    return new_ones(world, store, 2)


@pytest.fixture
def binned(world: World, store: Session) -> list[Contact]:
    return new_ones(world, store, 2, deleted=True)


def new_ones(world: World, store: Session, count: int, *, deleted: bool = False) -> list[Contact]:
    contacts = new_contacts(store, world, count)
    if deleted:
        delete(store, world, *contacts)
    store.commit()
    return contacts


def ticks(ids: list[object]) -> list[tuple[str, str]]:
    return [("selected", str(value)) for value in ids]


@pytest.mark.parametrize("what", UNREADABLE_IDS)
def test_an_unreadable_id_is_refused_and_the_readable_ones_are_kept(
    admin: Browser, live: list[Contact], binned: list[Contact], unchanged: Unchanged, what: str
) -> None:
    bad: list[object] = list(UNREADABLE_IDS[what])
    token = admin.token()
    with unchanged():
        for path, contacts in (("/contacts/delete", live), ("/contacts/restore/confirm", binned)):
            good = [contacts[0].id, contacts[-1].id]
            page, part = admin.get(path, ticks(good + bad)), admin.get(path, ticks(good + bad), htmx=True)
            for seen in (page, part):
                assert seen.status == 422, path
                assert UNREADABLE in seen.words("#selection-bar")
                assert "2 of 100 selected" in seen.words("#selection-bar")
                assert not seen.all("dialog")
            assert part.headers["HX-Retarget"] == "#selection-bar"
            assert page.selected == sorted(good)
        posted = admin.post("/contacts/delete", [("csrf_token", token), *ticks([live[0].id, *bad])])
        assert posted.status == 422
        assert UNREADABLE in posted.text


@pytest.mark.parametrize("what", UNREADABLE_IDS)
def test_the_tables_and_bars_show_the_error_too(
    admin: Browser, live: list[Contact], binned: list[Contact], what: str
) -> None:
    for path, contacts in (("/contacts", live), ("/contacts/restore", binned)):
        query = ticks([contacts[0].id, *UNREADABLE_IDS[what]])
        for seen in (admin.get(path, query), admin.get(f"{path}/selection", query, htmx=True)):
            assert seen.status == 422, seen.path
            assert UNREADABLE in seen.words("#selection-bar")
            assert "1 of 100 selected" in seen.words("#selection-bar")


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "part"])
def test_no_ids_unknown_ids_and_too_many_are_refused(
    admin: Browser, world: World, store: Session, unchanged: Unchanged, htmx: bool
) -> None:
    live, binned = new_ones(world, store, 101), new_ones(world, store, 101, deleted=True)
    token = admin.token()
    unknown: list[object] = [binned[-1].id + 1000, 2**63 - 1]
    gone: list[object] = [contact.id for contact in live]
    cases: list[tuple[str, list[object], str]] = [
        ("/contacts/delete", [], NOTHING),
        ("/contacts/delete", unknown, GONE_FROM_HERE),
        ("/contacts/delete", [contact.id for contact in binned[:2]], GONE_FROM_HERE),
        ("/contacts/delete", gone[:101], TOO_MANY),
        ("/contacts/restore/confirm", [], NOTHING),
        ("/contacts/restore/confirm", unknown, GONE_FROM_BIN),
        ("/contacts/restore/confirm", gone[:2], GONE_FROM_BIN),
        ("/contacts/restore/confirm", [contact.id for contact in binned[:101]], TOO_MANY),
    ]
    with unchanged():
        for path, ids, sentence in cases:
            seen = admin.get(path, ticks(ids), htmx=htmx)
            assert seen.status == 422, (path, sentence)
            assert sentence in seen.words("#selection-bar")
            assert not seen.all("dialog")
        for sent, status, sentence in (
            ([], 422, NOTHING),
            (gone[:101], 422, TOO_MANY),
            (unknown, 404, "not here. Nothing was changed."),
        ):
            seen = admin.post("/contacts/delete", [("csrf_token", token), *ticks(sent)], htmx=htmx)
            assert seen.status == status
            assert sentence in seen.text


def test_duplicate_ids_count_once(admin: Browser, live: list[Contact], binned: list[Contact]) -> None:
    one, other = binned[0].id, binned[1].id

    dialog = admin.get("/contacts/restore/confirm", ticks([one, other, one, f"00{one}"]))

    assert dialog.words("#confirm-title") == "Restore 2 contacts?"
    assert admin.get("/contacts/delete", ticks([live[0].id] * 150)).words("h1") == "Delete 1 contact?"
    page = admin.get("/contacts/restore", ticks([one] * 150))
    assert page.selected == [one]
    assert "1 of 100 selected" in page.words("#selection-bar")


def test_100_ids_with_duplicates_are_not_too_many(admin: Browser, world: World, store: Session) -> None:
    ids: list[object] = [contact.id for contact in new_ones(world, store, 100, deleted=True)]

    dialog = admin.get("/contacts/restore/confirm", ticks(ids + ids[:50]))

    assert dialog.words("#confirm-title") == "Restore 100 contacts?"


def test_ids_of_contacts_that_are_not_deleted_are_reported_as_left_out(
    admin: Browser, binned: list[Contact]
) -> None:
    dialog = admin.get("/contacts/restore/confirm", ticks([binned[0].id, binned[-1].id + 999]))

    assert dialog.status == 200
    assert "1 contact is no longer deleted and is left out." in dialog.words("dialog")
