"""The normal form in which addresses are compared.

Python normalizes them, because the two databases lower-case and trim differently.
"""

import unicodedata


def email_key(email: str | None) -> str | None:
    """The normalized address; None for an empty one."""
    return normalize(email or "") or None


def normalize(text: str) -> str:
    """One spelling for texts that look the same: composed, lower-case, single spaces."""
    # Compose after lower-casing: in Unicode "ǰ" is one letter, its capital only two.
    return " ".join(unicodedata.normalize("NFC", text.lower()).split())
