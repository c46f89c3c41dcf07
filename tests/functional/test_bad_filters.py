"""Invalid filters and cursors: an error at the field, "all" disabled, and never a 500."""

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.models import Contact, Workspace

DATE = "Type a date as YYYY-MM-DD"
CHARACTER = "This search contains a character that no name or e-mail address has."
LONG = "Search for at most 254 characters."
NOTHING = "This search has no letter, digit or sign to look for."

# Query (percent-encoded), the field with the error, the message.
UNREADABLE = {
    "no date": ("from=soon", "from", DATE),
    "a date of letters and digits": ("to=2026-xx-01", "to", DATE),
    "a day that does not exist": ("from=2026-02-30", "from", DATE),
    "another order": ("from=24.11.2026", "from", DATE),
    "a date without hyphens": ("from=20261124", "from", DATE),
    "a date and a time": ("to=2026-11-24T00:00", "to", DATE),
    "a week": ("from=2026-W01-1", "from", DATE),
    "the year zero": ("from=0000-01-01", "from", DATE),
    "the year 10000": ("to=10000-01-01", "to", DATE),
    "a date with NUL": ("from=2026-11-0%00", "from", DATE),
    "a date of Arabic digits": ("from=%D9%A2%D9%A0%D9%A2%D9%A6-11-24", "from", DATE),
    "a date of 5,000 characters": ("from=" + "9" * 5000, "from", DATE),
    "from after to": ("from=2026-11-02&to=2026-11-01", "to", "is before “Deleted from”"),
    "the last day there is": ("to=9999-12-31", "to", "beyond the calendar"),
    "NUL": ("q=a%00b", "q", CHARACTER),
    "a line break": ("q=a%0Ab", "q", CHARACTER),
    "255 characters": ("q=" + "a" * 255, "q", LONG),
    "a right-to-left mark alone": ("q=%E2%80%8F", "q", NOTHING),
    "5,000 characters": ("q=" + "a" * 5000, "q", LONG),
    "5,000 emoji": ("q=" + "%F0%9F%98%80" * 5000, "q", LONG),
    "no user's name": ("deleted_by=abc", "deleted_by", "Choose a person from the list."),
    "a negative person": ("deleted_by=-1", "deleted_by", "Choose a person from the list."),
    "a person of 10^30": (f"deleted_by={10**30}", "deleted_by", "Choose a person from the list."),
    "a person beyond the ids": (f"deleted_by={2**63}", "deleted_by", "Choose a person from the list."),
    "no user of the account": (
        "deleted_by=999999999",
        "deleted_by",
        "This person has not deleted any contacts",
    ),
    "no deletion": ("deletion=last", "deletion", "That is not a deletion’s number."),
    "a negative deletion": ("deletion=-1", "deletion", "That is not a deletion’s number."),
    "a deletion of 10^30": (f"deletion={10**30}", "deletion", "That is not a deletion’s number."),
}

READABLE = {
    "%": "q=%25",
    "_": "q=_",
    "backslash": "q=%5C",
    "quotes": "q=%22%27",
    "bytes that are no UTF-8": "q=%FF%FE",
    "a lone surrogate": "q=%ED%A0%80",
    "emoji": "q=%F0%9F%98%80",
    "254 characters": "q=" + "a" * 254,
    "only spaces": "q=%20%20",
    "the year one": "from=0001-01-01",
    "the last day but one": "to=9999-12-30",
    "deletion zero": "deletion=0",
    "a deletion that is to come": "deletion=999999",
    "a field sent twice": "q=a&q=b&from=2026-01-01&from=soon",
    "fields of other pages": "order=name&page=2&limit=1000000",
    "empty fields": "q=&from=&to=&deleted_by=&deletion=&after=&before=&show=&clear=",
}

CURSORS = {
    "a word": "abc",
    "emoji": "%F0%9F%98%80",
    "NUL": "%00",
    "one byte too few": "MTc2",
    "letters for numbers": base64.urlsafe_b64encode(b"x.y").decode(),
    "a place before time": base64.urlsafe_b64encode(b"-99999999999999999999.1").decode().rstrip("="),
    "a place beyond time": base64.urlsafe_b64encode(b"99999999999999999999.1").decode().rstrip("="),
    "an id beyond the ids": base64.urlsafe_b64encode(b"1.9223372036854775808").decode().rstrip("="),
    "an id of zero": base64.urlsafe_b64encode(b"1.0").decode().rstrip("="),
    "5,000 digits": base64.urlsafe_b64encode(b"1." + b"9" * 5000).decode().rstrip("="),
    "padding": base64.urlsafe_b64encode(b"1.22").decode() + "==",
    "another spelling": base64.urlsafe_b64encode(b"1.022").decode().rstrip("="),
}


@pytest.fixture
def binned(world: World, store: Session) -> list[Contact]:
    contacts = new_contacts(store, world, 3)
    delete(store, world, *contacts)
    store.commit()
    return contacts


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_unreadable_filter_is_an_error_and_disables_restore_all(
    admin: Browser,
    binned: list[Contact],
    unchanged: Callable[[], AbstractContextManager[None]],
    what: str,
) -> None:
    query, field, sentence = UNREADABLE[what]
    kept = f"selected={binned[0].id}"

    with unchanged():
        page = admin.get(f"/contacts/restore?{query}&{kept}")
        part = admin.get(f"/contacts/restore?{query}&{kept}", htmx=True)
        asked = admin.get(f"/contacts/restore/confirm-all?{query}&{kept}")

    for seen in (page, part):
        assert seen.status == 422
        assert sentence in seen.words(f"[data-error-for={field}]")
        assert "This filter cannot be read" in seen.text
        assert seen.names == []
        assert seen.one("#restore-all").has_attr("disabled")
        assert seen.words("#restore-all") == "Restore all contacts"
        assert "1 of 100 selected" in seen.words("#selection-bar")
    assert asked.status == 422
    assert "Correct the search first. Nothing was changed." in asked.words("#selection-bar")
    assert not asked.all("dialog")
    assert page.selected == asked.selected == [binned[0].id]


@pytest.mark.parametrize("what", READABLE)
def test_an_odd_filter_is_taken_literally(admin: Browser, binned: list[Contact], what: str) -> None:
    for path in ("/contacts/restore", "/contacts"):
        page = admin.get(f"{path}?{READABLE[what]}&selected={binned[0].id}")
        part = admin.get(f"{path}?{READABLE[what]}&selected={binned[0].id}", htmx=True)
        assert (page.status, part.status) == (200, 200)
    answer = admin.get(f"/contacts/restore/confirm-all?{READABLE[what]}")
    assert answer.status in (200, 422)
    matching = admin.get(f"/contacts/restore?{READABLE[what]}").ids
    assert (answer.status == 200) is bool(matching)


def test_an_unknown_deletion_matches_nothing(admin: Browser, binned: list[Contact]) -> None:
    for number in ("0", "2", "999999"):
        page = admin.get(f"/contacts/restore?deletion={number}")
        assert page.names == []
        assert page.words("#restore-all") == "Restore all contacts (0 matching)"


def test_a_user_of_another_account_is_unknown(
    admin: Browser, elsewhere: World, store: Session, binned: list[Contact]
) -> None:
    delete(store, elsewhere, new_contact(store, elsewhere))
    store.commit()

    page = admin.get(f"/contacts/restore?deleted_by={elsewhere.member.id}")

    assert page.status == 422
    assert "This person has not deleted any contacts in the last 30 days." in page.text


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_and_last_days_of_the_calendar_work_in_every_zone(
    admin: Browser, world: World, store: Session, binned: list[Contact], zone: str
) -> None:
    store.get_one(Workspace, world.id).timezone = zone
    store.commit()

    for query in ("from=0001-01-01", "from=9999-12-31", "to=0001-01-01", "to=9999-12-31"):
        assert admin.get(f"/contacts/restore?{query}").status in (200, 422)


@pytest.mark.parametrize("what", CURSORS)
def test_a_forged_cursor_is_an_error(admin: Browser, binned: list[Contact], what: str) -> None:
    for path in ("/contacts", "/contacts/restore", "/contacts/restore/selection"):
        for name, htmx in (("after", False), ("before", True)):
            seen = admin.get(f"{path}?{name}={CURSORS[what]}", htmx=htmx)
            assert seen.status == 400, path
            assert "This address was edited or cut off" in seen.text


@pytest.mark.parametrize(
    "number",
    [
        "abc",
        "-1",
        "0",
        str(2**63),
        str(10**30),
        "0" * 19 + "1" + "9" * 20,
        "0" * 20 + "9" * 5000,
        "1.5",
        "٣",
        "%00",
    ],
)
def test_an_invalid_number_is_an_error(admin: Browser, number: str) -> None:
    for address in ("/contacts?restored_by=", "/restores?after="):
        seen = admin.get(address + number)
        assert seen.status == 400, address
        assert "This address was edited or cut off" in seen.text
