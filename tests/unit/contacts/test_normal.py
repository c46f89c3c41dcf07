"""One normal form of equivalent spellings, for comparing addresses."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.contacts.normal import email_key, normalize


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
