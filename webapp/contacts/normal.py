"""The normal form in which the release before searches.

Python normalizes them, because the two databases lower-case and trim differently.
"""

import unicodedata


def normalize(text: str) -> str:
    """One spelling for texts that look the same: composed, lower-case, single spaces."""
    # Compose after lower-casing: in Unicode "ǰ" is one letter, its capital only two.
    return " ".join(unicodedata.normalize("NFC", text.lower()).split())
