"""One normal form of equivalent spellings."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from webapp.contacts.normal import normalize


@given(text=st.text())
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(text=st.text())
def test_composed_and_decomposed_forms_are_equal(text: str) -> None:
    assert normalize(unicodedata.normalize("NFD", text)) == normalize(unicodedata.normalize("NFC", text))
