"""What the columns of other programs' exports are about, by their real names.

A name is compared without regard to case and to spaces around it. A column that no table names is not
imported, unless a person says what it is. `docs/adr/0029-files-that-people-bring.md` says where the names
are from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.importing.fields import COLUMNS, Field

_EMAIL, _FIRST, _LAST, _FULL = Field.EMAIL, Field.FIRST_NAME, Field.LAST_NAME, Field.FULL_NAME
_PHONE, _ACCOUNT, _TAGS, _LISTS = Field.PHONE, Field.ACCOUNT, Field.TAGS, Field.LISTS


@dataclass(frozen=True)
class Format:
    """A program's export. A header is its if it has all `marks`, names that no other program uses; `columns`
    are those that are imported. The first of a field's columns in the file that is filled counts."""

    code: str
    marks: frozenset[str]
    columns: Mapping[str, Field]


def _format(code: str, marks: Sequence[str], columns: Mapping[str, Field]) -> Format:
    return Format(code, frozenset(map(_key, marks)), {_key(name): field for name, field in columns.items()})


def _key(name: str) -> str:
    return " ".join(name.split()).lower()


def _numbered(pattern: str, field: Field, most: int = 5) -> dict[str, Field]:
    return {pattern.format(number): field for number in range(1, most + 1)}


OWN = _format("own", ["Email"], {name: field for field, name in COLUMNS.items()})
VCARD = "vcard"
OTHER = "other"

_GOOGLE_VALUES = {**_numbered("E-mail {} - Value", _EMAIL), **_numbered("Phone {} - Value", _PHONE)}
# Since 2024.
GOOGLE = _format(
    "google",
    ["E-mail 1 - Label"],
    {
        "First Name": _FIRST,
        "Last Name": _LAST,
        "Organization Name": _ACCOUNT,
        "Labels": _TAGS,
        **_GOOGLE_VALUES,
    },
)
GOOGLE_OLD = _format(
    "google",
    ["E-mail 1 - Type"],
    {
        "Given Name": _FIRST,
        "Family Name": _LAST,
        "Organization 1 - Name": _ACCOUNT,
        "Group Membership": _TAGS,
        **_GOOGLE_VALUES,
    },
)
# Without any address, an export of Google has neither mark.
_GOOGLE_WITHOUT = _format("google", ["Phonetic First Name", "Labels"], GOOGLE.columns)
OUTLOOK = _format(
    "outlook",
    ["E-mail Address"],
    {
        "First Name": _FIRST,
        "Last Name": _LAST,
        "Company": _ACCOUNT,
        "E-mail Address": _EMAIL,
        "E-mail 2 Address": _EMAIL,
        "E-mail 3 Address": _EMAIL,
        "Primary Phone": _PHONE,
        "Mobile Phone": _PHONE,
        "Business Phone": _PHONE,
        "Home Phone": _PHONE,
        "Categories": _TAGS,
    },
)
OUTLOOK_GERMAN = _format(
    "outlook",
    ["E-Mail-Adresse", "Vorname"],
    {
        "Vorname": _FIRST,
        "Nachname": _LAST,
        "Firma": _ACCOUNT,
        "E-Mail-Adresse": _EMAIL,
        "E-Mail 2: Adresse": _EMAIL,
        "E-Mail 3: Adresse": _EMAIL,
        "Haupttelefon": _PHONE,
        "Mobiltelefon": _PHONE,
        "Telefon geschäftlich": _PHONE,
        "Telefon (privat)": _PHONE,
        "Kategorien": _TAGS,
    },
)
_MAILCHIMP_COLUMNS = {
    "Email Address": _EMAIL,
    "First Name": _FIRST,
    "Last Name": _LAST,
    "Phone Number": _PHONE,
    "Company": _ACCOUNT,
    "TAGS": _TAGS,
    # Its files of those who have unsubscribed, and of those whose address does not work, say when.
    "UNSUB_TIME": Field.OPTED_OUT,
    "CLEAN_TIME": Field.OPTED_OUT,
}
MAILCHIMP = _format("mailchimp", ["Email Address", "LEID", "EUID"], _MAILCHIMP_COLUMNS)
_MAILCHIMP_SHORT = _format("mailchimp", ["Email Address", "MEMBER_RATING"], _MAILCHIMP_COLUMNS)
HUBSPOT = _format(
    "hubspot",
    ["Record ID"],
    {
        "First Name": _FIRST,
        "Last Name": _LAST,
        "Email": _EMAIL,
        "Phone Number": _PHONE,
        "Mobile Phone Number": _PHONE,
        "Company Name": _ACCOUNT,
        "Associated Company": _ACCOUNT,
        "Unsubscribed from all email": Field.OPTED_OUT,
        "Email Opted Out": Field.OPTED_OUT,
        "Opted out of email: Marketing Information": Field.OPTED_OUT,
    },
)
_HUBSPOT_OLD = _format("hubspot", ["Contact ID", "Lifecycle Stage"], HUBSPOT.columns)
_ACTIVECAMPAIGN_COLUMNS = {
    "Email": _EMAIL,
    "First Name": _FIRST,
    "Last Name": _LAST,
    "Phone": _PHONE,
    "Account": _ACCOUNT,
    "Account Name": _ACCOUNT,
    "Organization": _ACCOUNT,
    "Tags": _TAGS,
    "Lists": _LISTS,
    "List": _LISTS,
    "Status": Field.STATUS,
    "List Status": Field.STATUS,
}
ACTIVECAMPAIGN = _format("activecampaign", ["Contact ID", "Email"], _ACTIVECAMPAIGN_COLUMNS)
_ACTIVECAMPAIGN_IP = _format(
    "activecampaign", ["Email", "IP Address", "Date Created"], _ACTIVECAMPAIGN_COLUMNS
)

# Names that are understood in any file.
_ANY = _format(
    OTHER,
    [],
    {
        **HUBSPOT.columns,
        **OUTLOOK.columns,
        **OUTLOOK_GERMAN.columns,
        **_MAILCHIMP_COLUMNS,
        **_ACTIVECAMPAIGN_COLUMNS,
        **OWN.columns,
        **dict.fromkeys(
            ("e-mail", "mail", "email 1", "e-mail 1", "email 2", "e-mail 2", "emailaddress"), _EMAIL
        ),
        **dict.fromkeys(("primary email", "work email", "email (work)", "email (home)", "courriel"), _EMAIL),
        **dict.fromkeys(("correo electrónico", "adresse e-mail", "indirizzo e-mail"), _EMAIL),
        **dict.fromkeys(
            ("firstname", "first", "given name", "first_name", "prénom", "nombre", "nome"), _FIRST
        ),
        **dict.fromkeys(("lastname", "last", "family name", "last_name", "surname"), _LAST),
        **dict.fromkeys(("nom", "apellidos", "cognome", "familienname"), _LAST),
        **dict.fromkeys(("name", "full name", "fullname", "display name", "full_name"), _FULL),
        **dict.fromkeys(("telephone", "mobile", "telefon", "phone 1", "téléphone", "teléfono"), _PHONE),
        **dict.fromkeys(("company", "organisation", "organization name", "société", "empresa"), _ACCOUNT),
        **dict.fromkeys(("tag", "labels", "categories"), _TAGS),
    },
)

# A header is the first one's that recognises it.
FORMATS = (
    GOOGLE,
    GOOGLE_OLD,
    _GOOGLE_WITHOUT,
    MAILCHIMP,
    _MAILCHIMP_SHORT,
    HUBSPOT,
    _HUBSPOT_OLD,
    ACTIVECAMPAIGN,
    _ACTIVECAMPAIGN_IP,
    OUTLOOK,
    OUTLOOK_GERMAN,
)


def recognise(header: Sequence[str]) -> tuple[str, dict[int, Field]]:
    """Whose export has this header, as a code, and what each column that is known is about."""
    keys = [_key(name) for name in header]
    present = set(keys)
    found = next((each for each in FORMATS if each.marks <= present), None)
    if found is None:
        is_own = OWN.marks <= present and present <= OWN.columns.keys()
        found = OWN if is_own else _ANY
    mapping = {at: found.columns[key] for at, key in enumerate(keys) if key in found.columns}
    return found.code, _without_doubles(mapping)


def _without_doubles(mapping: dict[int, Field]) -> dict[int, Field]:
    """A name in one column is not needed where both of its parts have columns."""
    if {_FIRST, _LAST} & set(mapping.values()):
        return {at: field for at, field in mapping.items() if field is not _FULL}
    return mapping


def looks_like_header(header: Sequence[str]) -> bool:
    """Whether the first record names columns: none of its fields is an e-mail address or a number."""
    return not any("@" in field or field.strip().lstrip("+").isdecimal() for field in header)


def best_separator(first_line: str, separators: str) -> str:
    """The separator by which the line, a header, has most columns that are known, then most columns."""

    def known(separator: str) -> tuple[int, int]:
        names = [name.strip(' "\r\n') for name in first_line.split(separator)]
        return len(recognise(names)[1]), len(names)

    return max(separators, key=known)
