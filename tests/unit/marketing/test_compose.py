"""A message as a mail server gets it: readable by every mail program, and no text breaks out of its place."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from webapp.marketing.transport import Letter, Sender
from webapp.words.messages import filled_in
from webapp.worker.compose import NotComposed, compose

URL = "https://crm.example"
LETTER = Letter(
    message_id=7,
    kind="campaign",
    sender=Sender(1, "Shop", "news@shop.example", "1 High Street"),
    to_email="ann@example.com",
    first_name="Ann",
    last_name="Lee",
    subject="Hello {first_name}",
    body="Dear {first_name},",
    list_name="News",
    created_at=datetime(2026, 11, 26, 9, 30, tzinfo=UTC),
    mark="m.1.7." + "a" * 32,
    unsubscribe_token="T" * 96,
    confirm_token=None,
)


def read(letter: Letter) -> EmailMessage:
    content = compose(letter, URL).content
    assert all(len(line) <= 998 for line in content.split(b"\r\n")), "RFC 5322, 2.1.1"
    assert b"\n" not in content.replace(b"\r\n", b""), "every line ends with CRLF"
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def text(letter: Letter) -> str:
    return str(read(letter).get_content()).replace("\r\n", "\n")


def test_the_headers_say_who_what_when_and_how_to_unsubscribe() -> None:
    message = read(LETTER)

    assert message["From"].addresses[0].display_name == "Shop"
    assert message["To"].addresses[0].addr_spec == "ann@example.com"
    assert message["Date"].datetime == LETTER.created_at
    assert message["Message-ID"] == f"<{LETTER.mark}@crm.example>"
    assert message["List-Unsubscribe"] == f"<{URL}/u/{'T' * 96}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.get_content_type() == "text/plain"
    assert b"\r\nList-Unsubscribe: <https://crm.example/u/TTTT" in compose(LETTER, URL).content


@pytest.mark.parametrize(
    ("text", "ann", "nameless"),
    [
        ("Dear {first_name},", "Dear Ann,", "Dear,"),
        ("Dear {first_name|friend},", "Dear Ann,", "Dear friend,"),
        ("{name} and {last_name}", "Ann Lee and Lee", " and"),
        ("{first_name}", "Ann", ""),
        ("{age} {} {first_name", "{age} {} {first_name", "{age} {} {first_name"),
        ("{first_name.__class__} {0}", "{first_name.__class__} {0}", "{first_name.__class__} {0}"),
    ],
)
def test_names_are_filled_in_and_an_empty_one_leaves_no_gap(text: str, ann: str, nameless: str) -> None:
    assert filled_in(text, "Ann", "Lee") == ann
    assert filled_in(text, "", "  ") == nameless


def test_no_text_breaks_out_of_its_header() -> None:
    """Lines and controls in names and subjects become spaces; a name with quotes stays one name."""
    evil = "x\r\nBcc: all@example.com\r\n\r\n<script>\x00\u2028"
    letter = replace(
        LETTER,
        subject=evil,
        first_name=evil,
        last_name='"Lee" <other@example.com>, Eve',
        sender=replace(LETTER.sender, name=evil),
        list_name=evil,
    )
    message = read(letter)

    assert message["Bcc"] is None
    assert [address.addr_spec for address in message["To"].addresses] == ["ann@example.com"]
    assert [address.addr_spec for address in message["From"].addresses] == ["news@shop.example"]
    assert str(message["Subject"]) == "x Bcc: all@example.com <script>"


def test_letters_of_all_kinds_arrive() -> None:
    name = "Zoë 明 " + "Ünïcödé " * 12
    letter = replace(LETTER, subject=f"Grüße, {name}", body=f"Ä\n.\n..\n{'x' * 2000}\n😀", first_name=name)
    message = read(letter)

    assert str(message["Subject"]) == " ".join(f"Grüße, {name}".split())
    # Python reads an encoded name with a space between its parts; the parts have none.
    assert message["To"].addresses[0].display_name.split() == f"{name} Lee".split()
    assert text(letter).startswith(f"Ä\n.\n..\n{'x' * 2000}\n😀\n")


def test_a_domain_in_its_own_letters_is_written_in_punycode_and_a_local_part_needs_utf8() -> None:
    domain = compose(replace(LETTER, to_email="ann@bücher.example"), URL)
    local = compose(replace(LETTER, to_email="änn@bücher.example"), URL)

    assert (domain.to_address, domain.needs_utf8) == ("ann@xn--bcher-kva.example", False)
    assert (local.to_address, local.needs_utf8) == ("änn@xn--bcher-kva.example", True)
    assert "änn@".encode() in local.content


@pytest.mark.parametrize(
    "address", ["", "ann", "@x.example", "a b@x.example", "a\r\n@x", "a>@x.example", "a@é..c"]
)
def test_what_is_no_address_is_not_composed(address: str) -> None:
    with pytest.raises(NotComposed):
        compose(replace(LETTER, to_email=address), URL)


def test_half_a_character_is_not_composed() -> None:
    for half in (replace(LETTER, body="\ud800"), replace(LETTER, first_name="\ud800")):
        with pytest.raises(NotComposed):
            compose(half, URL)


def test_a_test_says_so_and_a_confirmation_asks() -> None:
    test = replace(LETTER, kind="test", unsubscribe_token=None)
    assert str(read(test)["Subject"]) == "[Test] Hello Ann"
    assert read(test)["List-Unsubscribe"] is None
    assert text(test).startswith(
        "This is a test. Only you get it.\n\nDear Ann,\n\n-- \nShop\n1 High Street\n"
    )
    confirmation = replace(LETTER, kind="confirmation", confirm_token="C" * 96)
    assert str(read(confirmation)["Subject"]) == "Please confirm: News"
    assert f"{URL}/c/{'C' * 96}" in text(confirmation)
