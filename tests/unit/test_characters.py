"""Invisible characters, and the key by which two names are one name."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.characters import LONGEST_NAME_KEY, name_key, without_invisible

INVISIBLE = "\u200b\u200c\u200d\u200e\u202e\u2060\u2800\u3164\uffa0\u115f\u00ad\ufeff\ufe0f\u180e\U000e0041"
ENGLAND, SCOTLAND = (
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in code) + "\U000e007f"
    for code in ("gbeng", "gbsct")
)

SAME = [
    ["VIP", "vip", "Vip", "ＶＩＰ", "V\u200bIP", "VIP\u3164", "\u202eVIP", " VIP\u00a0"],
    [
        "Key  account",
        "KEY ACCOUNT",
        "Key\u00a0account",
        "Key\taccount",
        "Key\u3000account",
        "key ac\u00adcount",
    ],
    ["Élodie & Söhne", "E\u0301LODIE & SO\u0308HNE", "élodie  & söhne"],
    ["Straße", "STRASSE", "strasse", "STRAẞE"],
    ["Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"],
    ["ﬁne", "FINE"],
    ["カフェ", "ｶﾌｪ"],
    ["5 kg", "5 ㎏"],
]
DIFFERENT = [
    "Müller AG",
    "Muller AG",
    "Mueller AG",
    "Møller AG",
    "Moller AG",
    "Łódź",
    "Lódź",
    "Łodz",
    "O'Brien",
    "O’Brien",
    "Anne-Marie",
    "Anne Marie",
    "AnneMarie",
    "李明",
    "Li Ming",
    ENGLAND,
    SCOTLAND,
    "\U0001f3f4",
]


def test_spellings_that_look_the_same_have_one_key() -> None:
    for spellings in SAME:
        assert len({name_key(spelling) for spelling in spellings}) == 1, spellings


def test_accents_strokes_and_signs_make_another_name() -> None:
    assert len({name_key(name) for name in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize("character", INVISIBLE)
def test_an_invisible_character_is_dropped_wherever_it_stands(character: str) -> None:
    assert without_invisible(f"{character}a{character} b{character}") == "a b"
    assert name_key(f"{character}A{character}  b{character}") == "a b"
    assert name_key(character * 3) == without_invisible(character * 3) == ""


def test_spaces_and_emoji_can_be_seen() -> None:
    for text in ("a \u00a0 b", "👍", "é", "e\u0301", ENGLAND):
        assert without_invisible(text) == text


def test_a_key_fits_its_column_and_an_entry_of_an_index() -> None:
    """PostgreSQL refuses entries of more than 2,704 bytes."""
    # A ligature that becomes eighteen characters, and a letter of four bytes.
    for name in ("\ufdfa" * 160, "\U00010400" * 160, "x" * 500, "ß" * 160):
        assert len(key := name_key(name)) <= LONGEST_NAME_KEY
        assert len(key.encode()) <= 1200
        assert key == name_key(f" {name.upper()}\u200b")
        assert key != name_key(name[:-1] + "z")


@settings(max_examples=300, deadline=None)
@given(text=st.text())
@example("\u0345\u0301")
@example("ǰ\u3164")
@example("\ufdfa")
def test_the_key_of_a_key_is_itself_and_composition_does_not_matter(text: str) -> None:
    key = name_key(text)

    assert name_key(key) == key
    assert name_key(unicodedata.normalize("NFD", text)) == key
    assert name_key(unicodedata.normalize("NFC", text)) == key
    assert without_invisible(key) == key
