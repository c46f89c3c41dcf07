"""Numbers as people type them to confirm how many contacts an act concerns."""

import pytest

from webapp.words.typed_number import read_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        *(
            (text, 1204)
            for text in ("1204", " 1,204 ", "1.204", "1 204", "1\u202f204", "1\u2009204", "1’204")
        ),
        *((text, 1204) for text in ("1'204", "1\u00a0204")),
        *(("0", 0), ("7", 7)),
        *((text, None) for text in ("", " ", "seven", "-7", "+7", "7.", ".7", "1e3", "7 contacts", "٧")),
        ("9" * 19, None),
    ],
)
def test_a_typed_number_is_read_as_it_is_meant(typed: str, number: int | None) -> None:
    assert read_number(typed) == number
