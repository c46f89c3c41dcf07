"""Characters that no eye can see, and the key by which two names are one name."""

import unicodedata
from hashlib import sha256

import regex

# What Unicode calls default ignorable (zero-width spaces and joiners, direction marks, fillers, variation
# selectors), the other format characters, and two signs that are blank in every font. The tags that make the
# flag of England, Scotland or Wales out of a black flag can be seen.
_INVISIBLE = regex.compile(
    r"\U0001F3F4[\U000E0020-\U000E007E]+\U000E007F(*SKIP)(*FAIL)"
    r"|[\p{Default_Ignorable_Code_Point}\p{Cf}\u2800\U0001D159]+"
)

# Folding makes some names longer: a ligature can become eighteen characters. With four bytes for each
# character a key fits into an entry of an index.
LONGEST_NAME_KEY = 255


def without_invisible(text: str) -> str:
    """The text without the characters that are drawn as nothing; spaces stay."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def name_key(name: str) -> str:
    """The key of a list's, tag's or account's name: two names with one key look the same.

    Case, spaces, compatibility forms, compositions and invisible characters are folded; accents and strokes
    are kept, because “Müller AG” is not “Muller AG”. Empty if the name has nothing to see. At most
    LONGEST_NAME_KEY characters: a longer key is cut, and its digest stands for the rest.
    """
    if name.isascii():
        folded = name.casefold()
    else:
        # Twice, as Unicode defines a caseless match of compatibility forms (D146): one form can contain
        # capitals of its own, and folding the case can decompose a letter.
        folded = unicodedata.normalize("NFD", without_invisible(name))
        for _ in range(2):
            folded = unicodedata.normalize("NFKC", without_invisible(folded.casefold()))
    key = " ".join(folded.split())
    if len(key) <= LONGEST_NAME_KEY:
        return key
    digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return key[: LONGEST_NAME_KEY - len(digest)] + digest


# Unicode's control characters, separators of lines and marks of direction, but line feed and tab.
_CONTROLS = regex.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def escape_controls(text: str) -> str:
    """The text with each control character written as JSON writes it, for instance \\u001b."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
