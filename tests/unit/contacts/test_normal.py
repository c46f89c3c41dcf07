"""One normal form of equivalent spellings, for comparing addresses and searching texts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact
from tests.factories.people import new_world
from webapp.contacts.find import Wanted, count
from webapp.contacts.normal import email_key, normalize, search_text

DECOMPOSED = "J\u030cohn"  # J with caron: two characters, and one of its own in lower case


@given(text=st.text())
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(text=st.text())
def test_composed_and_decomposed_forms_are_equal(text: str) -> None:
    assert normalize(unicodedata.normalize("NFD", text)) == normalize(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("  ann@example.com\t", "ann@example.com"),
        ("ÉLODIE@example.com", "élodie@example.com"),
        ("E\u0301lodie@example.com", "élodie@example.com"),
        ("", None),
        ("   ", None),
        (None, None),
    ],
)
def test_an_address_is_trimmed_and_lowercased_for_comparison_and_an_empty_one_is_null(
    email: str | None, key: str | None
) -> None:
    assert email_key(email) == key


def test_a_contact_is_found_by_each_word_of_its_name_and_by_its_address() -> None:
    assert search_text("Ann", "van  Lee", "Ann@X.org") == " ann van lee ann@x.org"
    assert search_text("", "", None) == " "


@pytest.mark.parametrize(
    "search", ["élo", "ÉLO", "E\u0301lo", DECOMPOSED, "ǰohn", "ann@x", "  JOHN  ".strip()]
)
def test_a_search_finds_the_same_on_both_databases(search: str, session: Session) -> None:
    world = new_world(session)
    new_contact(session, world, "Élodie", DECOMPOSED, email="Ann@X.org")
    new_contact(session, world, "Élodie", "John", email=None)

    found = count(session, Wanted(world.id, q=normalize(search)))

    assert found == (2 if normalize(search).startswith("élo") else 1)
