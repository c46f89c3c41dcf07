"""What an e-mail address may contain, and which spellings are one address."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.contacts.address import (
    LONGEST,
    Address,
    NotAnAddress,
    email_key,
    read_address,
    why_not_an_address,
)

# Valid but odd: from the test sets of is_email and isemail, from Wikipedia's article on e-mail addresses and
# from the list of valid addresses that many validators are tested with.
VALID = """
    a@b.c  a@b  test@iana.org  test@nominet.org.uk  test@about.museum  a@iana.org  test@e.com  test@iana.a
    test.test@iana.org  !#$%&`*+/=?^`{|}~@iana.org  {}|~$=?^*/@iana.org  123@iana.org  test@123.com
    test@iana.123  test@255.255.255.255  email@123.123.123.123  test@mason-dixon.com  test@c--n.com
    test@iana.co-uk  test@g--a.com  xn--test@iana.org  test@xn--hxajbheg2az3al.xn--jxalpdlp
    abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm@iana.org
    abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn@iana.org
    test@abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk.com  test@a.b.c.d.e.f.g.h.i.j.k.l
    simple@example.com  very.common@example.com  FirstName.LastName@EasierReading.org  x@example.com
    long.email-address-with-hyphens@and.subdomains.example.com  user.name+tag+sorting@example.com
    name/surname@example.com  admin@example  example@s.example  mailhost!username@example.org  _test@b.co
    user%example.com@example.org  user-@example.org  I❤️CHOCOLATE🍫@example.com  _______@example.com
    +@b.c  o'brien@example.com
    1234567890@example.com  email@example-one.com  email@example.name  email@example.co.jp  +1~1+@iana.org
    customer/department=shipping@example.com  $A12345@example.com  !def!xyz%abc@example.com
    disposable.style.email.with+symbol@example.com  'ann'@example.com  root@localhost  ann@printer.local
    o'brien@localhost
    Pelé@example.com  δοκιμή@παράδειγμα.δοκιμή  我買@屋企.香港  二ノ宮@黒川.日本  медведь@с-балалайкой.рф
    संपर्क@डाटामेल.भारत  ñoñó1234@iana.org  伊昭傑@郵件.商務  用户@例子。中国  jörg@müller.example  ann@faß.de
    e\u0301lodie@iana.org  ἰησοῦς@example.com  test@إختبار.إختبار  ann@XN--MLLER-KVA.example
    .ann@docomo.ne.jp  ann.@docomo.ne.jp  ann..lee@docomo.ne.jp
"""

INVALID = {
    "ann": "it has no @",
    "ann@": "nothing stands after the @",
    "@iana.org": "nothing stands before the @",
    "ann@@iana.org": "it has more than one @",
    "ann@iana@org": "it has more than one @",
    "ann＠iana.org": "it has no @",
    "ann lee@iana.org": "it contains a space",
    "ann@ia na.org": "it contains a space",
    "ann\u00a0lee@iana.org": "it contains a space",
    "Ann <ann@iana.org>": "it contains a space",
    "<ann@x.example>": "“<” cannot stand before the @",
    "'ann@x.example'": "“'” cannot stand after the @",
    "‘ann@x.example’": "“’” cannot stand after the @",
    "“ann@x.example”": "“”” cannot stand after the @",
    "„ann@x.example“": "““” cannot stand after the @",
    "«ann@x.example»": "“»” cannot stand after the @",
    "‹ann@x.example›": "“›” cannot stand after the @",
    "`ann@x.example`": "“`” cannot stand after the @",
    "ann@x.example/": "“/” cannot stand after the @",
    "ann@iana/icann.org": "“/” cannot stand after the @",
    "ann@x.example\u3164": "it contains a character that cannot be seen (U+3164)",
    "ann\u3164@x.example": "it contains a character that cannot be seen (U+3164)",
    "\u200bann@x.example": "it contains a character that cannot be seen (U+200B)",
    "ann@x.exam\u00adple": "it contains a character that cannot be seen (U+00AD)",
    "\u202eann@x.example": "it contains a character that cannot be seen (U+202E)",
    "ann\ufe0f@x.example": "it contains a character that cannot be seen (U+FE0F)",
    "ann\u2800@x.example": "it contains a character that cannot be seen (U+2800)",
    "mailto:ann@x.example": "“:” cannot stand before the @",
    "ann,bob@x.example": "“,” cannot stand before the @",
    "ann@x.example,": "“,” cannot stand after the @",
    "ann@x.example;": "“;” cannot stand after the @",
    "ann@x.example>": "“>” cannot stand after the @",
    '"ann"@x.example': '“"” cannot stand before the @',
    "ann\\@x.example": "“\\” cannot stand before the @",
    "ann(comment)@iana.org": "“(” cannot stand before the @",
    "ann@[127.0.0.1]": "“[” cannot stand after the @",
    "ann@and_underscore.example": "“_” cannot stand after the @",
    "ann@i❤.example": "“❤” cannot stand after the @",
    "ann@x\u2024example": "“\u2024” cannot stand after the @",
    "\ue000nn@x.example": "“\ue000” cannot stand before the @",
    "ann@.iana.org": "“.iana.org” cannot be a domain",
    "ann@iana.org.": "“iana.org.” cannot be a domain",
    "ann@iana..org": "“iana..org” cannot be a domain",
    "ann@-iana.org": "“-iana.org” cannot be a domain",
    "ann@iana-.org": "“iana-.org” cannot be a domain",
    "ann@ab--cd.example": "“ab--cd.example” cannot be a domain",
    "ann@xn--zzzzzz.example": "“xn--zzzzzz.example” cannot be a domain",
    "ann@איana.example": "“איana.example” cannot be a domain",
    "..@iana.org": "“..” cannot stand before the @",
    "\u0301ann@iana.org": "“\u0301ann” cannot stand before the @",
    "é" * 124 + "@b.com": None,
    "é" * 125 + "@b.com": "it is too long",
    "ann@" + "b" * 63 + ".com": None,
    "ann@" + "b" * 64 + ".com": f"“{'b' * 64}.com” cannot be a domain",
}

SAME = [
    [
        "ann@example.com",
        "Ann@Example.COM",
        "  ann@example.com\t",
        "ann@ｅｘａｍｐｌｅ.com",
        "ann@example。com",
    ],
    ["élodie@example.com", "ÉLODIE@example.com", "E\u0301lodie@example.com"],
    [
        "jörg@müller.example",
        "JÖRG@MÜLLER.example",
        "jörg@xn--mller-kva.example",
        "jörg@XN--MLLER-KVA.Example",
    ],
    ["ann@例子.中国", "ann@例子。中国", "ann@xn--fsqu00a.xn--fiqs8s"],
    ["ann@faß.de", "ann@xn--fa-hia.de"],
    ["ann@fass.de", "ann@FASS.DE"],
    # Stored before they were refused.
    ["ann@x.example", "ann@x.example\u3164", "\u200bann@x.example"],
]


def test_valid_but_odd_addresses_are_accepted() -> None:
    assert {text: why_not_an_address(text) for text in VALID.split() if why_not_an_address(text)} == {}


def test_what_is_no_address_is_refused_with_the_reason() -> None:
    assert {text: why_not_an_address(text) for text in INVALID} == INVALID


def test_an_address_is_stored_without_outer_spaces_and_an_empty_one_as_none() -> None:
    assert read_address(" Ann@Example.com\n") == Address("Ann@Example.com", "ann@example.com")
    for empty in ("", "  ", None):
        assert read_address(empty) == Address(None, None)
        assert email_key(empty) is None
    with pytest.raises(NotAnAddress, match="it has no @"):
        read_address("ann")


def test_the_spellings_of_one_address_have_one_key() -> None:
    keys = [{email_key(spelling) for spelling in spellings} for spellings in SAME]

    assert keys == [{spellings[0]} for spellings in SAME]


def test_a_text_that_is_no_address_keeps_its_own_key() -> None:
    """Such contacts were stored before; the key of another must not be theirs."""
    for text in (
        "'ann@x.example'",
        "ann@x.example/",
        "ann@xn--zzzzzz.example",
        "ann",
        "ann@",
        "ann@x_y.example",
    ):
        assert email_key(text.upper()) == text


@settings(max_examples=300, deadline=None)
@given(text=st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]{0,5}@[a-zA-Z0-9.-]{1,8}", fullmatch=True))
@example("ann@" + "b" * 63 + ".com")
@example("ann@" + "b" * 64 + ".com")
@example("ann@1.2.3.4.5.6.7.8")
def test_most_addresses_are_not_shown_to_the_library_and_it_would_say_the_same(text: str) -> None:
    """An apostrophe is valid before the @, and the short way does not know it."""
    assert (why_not_an_address(text) is None) == (why_not_an_address(f"'{text}") is None)


ADDRESSES = st.builds(
    "{}@{}".format, st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8)
) | st.from_regex(r"[a-zA-Z0-9_.+-]{1,9}@[a-zA-Z0-9.-]{1,12}", fullmatch=True)


@settings(max_examples=500, deadline=None)
@given(text=ADDRESSES | st.text(max_size=12))
@example("ann@xn--mller-kva.example")
@example("ann@b.c")
def test_the_key_of_a_key_is_itself_and_fits_its_column(text: str) -> None:
    key = email_key(text)
    assert email_key(key) == key
    # What the previous release stored has the key of the address that it was made of.
    previous = " ".join(unicodedata.normalize("NFC", text.lower()).split())
    assert email_key(previous) == key
    if key is not None and why_not_an_address(text.strip()) is None:
        assert len(key) <= LONGEST
        assert why_not_an_address(key) is None
