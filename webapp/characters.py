"""Characters that no eye can see, and the key by which two names are one name."""

import unicodedata

import regex

# What Unicode calls default ignorable (zero-width spaces and joiners, direction marks, fillers, variation
# selectors), the other format characters, and two signs that are blank in every font.
_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}\u2800\U0001D159]+")


def without_invisible(text: str) -> str:
    """The text without the characters that are drawn as nothing; spaces stay."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def name_key(name: str) -> str:
    """The key of a list's, tag's or account's name: two names with one key look the same.

    Case, spaces, compatibility forms, compositions and invisible characters are folded; accents and strokes
    are kept, because “Müller AG” is not “Muller AG”. Empty if the name has nothing to see.
    """
    folded = unicodedata.normalize("NFKC", without_invisible(name)).casefold()
    return " ".join(without_invisible(unicodedata.normalize("NFKC", folded)).split())
