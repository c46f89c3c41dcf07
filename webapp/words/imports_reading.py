"""Words about a file that was brought: what it is, and why a record of it could not be read.

The preview shows the former, the report of an import the latter.
"""

from collections.abc import Callable, Mapping

from webapp.importing.fields import Field
from webapp.importing.reading import About
from webapp.words.numbers import counted

# By the code of a record's fault: what stands in the way, after "Line 12: ".
FAULTS: Mapping[str, Callable[[int, int], str]] = {
    "torn_quote": lambda line, last_line: f"its quotation marks do not match{_unread(line, last_line)}",
    "not_utf8": lambda line, last_line: "it has characters that are not UTF-8",
    "not_a_card": lambda line, last_line: "it is no complete vCard",
}


def _unread(line: int, last_line: int) -> str:
    return f", so lines {line:,} to {last_line:,} are not read" if last_line > line else ""


# What the page where a file is chosen says.
FORMATS_READ = ("Google Contacts", "Outlook", "Apple", "Mailchimp", "HubSpot", "ActiveCampaign")

# By the code of a program (`importing.formats`).
PROGRAMS = {
    "own": "Our own export",
    "google": "Google Contacts",
    "outlook": "Outlook",
    "mailchimp": "Mailchimp",
    "hubspot": "HubSpot",
    "activecampaign": "ActiveCampaign",
    "vcard": "vCard",
    "other": "CSV file",
}

# The encodings that can be chosen.
ENCODINGS = {
    "cp1252": "Western European (Windows-1252)",
    "mac_roman": "Western European (Mac)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1257": "Baltic (Windows-1257)",
    "iso8859-15": "Western European (ISO 8859-15)",
}
_OTHER_ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-damaged": "UTF-8 with damaged characters",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
_SEPARATORS = {";": "separated by semicolons", "\t": "separated by tabs", "|": "separated by vertical bars"}

# What a column can be about, in the order of the choice.
FIELDS: Mapping[str, str] = {
    Field.EMAIL.value: "E-mail",
    Field.FIRST_NAME.value: "First name",
    Field.LAST_NAME.value: "Last name",
    Field.FULL_NAME.value: "Full name",
    Field.PHONE.value: "Phone",
    Field.ACCOUNT.value: "Account",
    Field.TAGS.value: "Tags",
    Field.LISTS.value: "Lists",
    Field.UNCONFIRMED.value: "Lists, unconfirmed",
    Field.UNSUBSCRIBED.value: "Lists, unsubscribed",
    Field.BOUNCED.value: "Lists, bounced",
    Field.OPTED_OUT.value: "Has unsubscribed",
    Field.STATUS.value: "Status on the lists",
    Field.CREATED.value: "Created Date",
}


def about_words(about: About) -> str:
    """What the file is: "Google Contacts, UTF-8, 100,000 rows"."""
    encoding = ENCODINGS.get(about.encoding) or _OTHER_ENCODINGS.get(about.encoding, about.encoding)
    noun = "card" if about.program == "vcard" else "row"
    parts = [PROGRAMS.get(about.program, PROGRAMS["other"]), encoding, _SEPARATORS.get(about.separator, "")]
    return ", ".join([*filter(None, parts), counted(about.records, noun)])
