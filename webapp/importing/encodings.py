"""The encodings of files: the Unicode ones, and those with a byte for each character, which a person may have
to choose among.

In all of the latter a byte below 128 is ASCII, so where fields and lines end does not depend on the choice,
and a text that was read in one of them can be read again in another.
"""

import codecs
from dataclasses import dataclass
from functools import cache

UTF_8 = "utf-8"
# UTF-8 in which some bytes are none: most of the file can be read.
DAMAGED = "utf-8-damaged"
# With a BOM, and without one.
UTF_16 = ("utf-16", "utf-16-le", "utf-16-be")
WINDOWS_1252 = "cp1252"
# Those that can be chosen, the likeliest first.
CHOICES = (WINDOWS_1252, "mac_roman", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "iso8859-15")


@dataclass(frozen=True)
class Charset:
    """An encoding with a byte for each character. A byte without one becomes a control character, as in the
    WHATWG's encodings, so that nothing is lost and the row is refused where it matters."""

    table: str

    @classmethod
    def of(cls, codec: str) -> "Charset":
        characters = [bytes([byte]).decode(codec, "replace") for byte in range(256)]
        unused = (chr(code) for code in range(0x80, 0xA0) if chr(code) not in characters)
        return cls("".join(next(unused) if char == "\ufffd" else char for char in characters))

    def decode(self, data: bytes) -> str:
        return codecs.charmap_decode(data, "strict", self.table)[0]

    def encode(self, text: str) -> bytes:
        """The bytes that `decode` was given."""
        return codecs.charmap_encode(text, "strict", codecs.charmap_build(self.table))[0]


@cache
def charset(encoding: str) -> Charset | None:
    """The charset of one of the CHOICES; None for any other encoding."""
    return Charset.of(encoding) if encoding in CHOICES else None
