"""The header of each program's export: whose it is, and what its columns are about."""

import pytest

from webapp.importing.csv_records import SEPARATORS
from webapp.importing.fields import COLUMNS
from webapp.importing.formats import best_separator, looks_like_header, recognise

GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,"
    "Name Prefix,Name Suffix,Nickname,File As,Organization Name,Organization Title,"
    "Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value,"
    "E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value"
)
GOOGLE_OLD = (
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Additional Name Yomi,"
    "Family Name Yomi,Name Prefix,Name Suffix,Initials,Nickname,Short Name,Maiden Name,Birthday,Gender,"
    "Location,Billing Information,Directory Server,Mileage,Occupation,Hobby,Sensitivity,Priority,Subject,"
    "Notes,Language,Photo,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,"
    "Phone 1 - Value,Organization 1 - Type,Organization 1 - Name"
)
OUTLOOK = (
    "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,"
    "Business Fax,Business Phone,Home Phone,Mobile Phone,Primary Phone,Categories,E-mail Address,"
    "E-mail Type,E-mail Display Name,E-mail 2 Address,E-mail 2 Type,Gender,Notes"
)
OUTLOOK_GERMAN = (
    "Anrede;Vorname;Weitere Vornamen;Nachname;Suffix;Firma;Abteilung;Position;Mobiltelefon;"
    "E-Mail-Adresse;E-Mail-Typ;E-Mail 2: Adresse;Kategorien"
)
MAILCHIMP = (
    "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,"
    "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,UNSUB_TIME,"
    "UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID,EUID,NOTES,TAGS"
)
HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Associated Company,"
    "Last Activity Date,Lead Status,Unsubscribed from all email,"
    "Opted out of email: Marketing Information,Create Date"
)
ACTIVECAMPAIGN = (
    "Contact ID,Email,First Name,Last Name,Phone,Account Name,Tags,Lists,Status,IP Address,Date Created"
)


@pytest.mark.parametrize(
    ("line", "program", "about"),
    [
        (
            GOOGLE,
            "google",
            {
                "First Name": "first_name",
                "Last Name": "last_name",
                "Organization Name": "account",
                "Labels": "tags",
                "E-mail 1 - Value": "email",
                "E-mail 2 - Value": "email",
                "Phone 1 - Value": "phone",
            },
        ),
        (
            GOOGLE_OLD,
            "google",
            {
                "Given Name": "first_name",
                "Family Name": "last_name",
                "Group Membership": "tags",
                "E-mail 1 - Value": "email",
                "Phone 1 - Value": "phone",
                "Organization 1 - Name": "account",
            },
        ),
        (
            OUTLOOK,
            "outlook",
            {
                "First Name": "first_name",
                "Last Name": "last_name",
                "Company": "account",
                "Business Phone": "phone",
                "Home Phone": "phone",
                "Mobile Phone": "phone",
                "Primary Phone": "phone",
                "Categories": "tags",
                "E-mail Address": "email",
                "E-mail 2 Address": "email",
            },
        ),
        (
            OUTLOOK_GERMAN,
            "outlook",
            {
                "Vorname": "first_name",
                "Nachname": "last_name",
                "Firma": "account",
                "Mobiltelefon": "phone",
                "E-Mail-Adresse": "email",
                "E-Mail 2: Adresse": "email",
                "Kategorien": "tags",
            },
        ),
        (
            MAILCHIMP,
            "mailchimp",
            {
                "Email Address": "email",
                "First Name": "first_name",
                "Last Name": "last_name",
                "Phone Number": "phone",
                "UNSUB_TIME": "opted_out",
                "TAGS": "tags",
            },
        ),
        (
            HUBSPOT,
            "hubspot",
            {
                "First Name": "first_name",
                "Last Name": "last_name",
                "Email": "email",
                "Phone Number": "phone",
                "Associated Company": "account",
                "Unsubscribed from all email": "opted_out",
                "Opted out of email: Marketing Information": "opted_out",
            },
        ),
        (
            ACTIVECAMPAIGN,
            "activecampaign",
            {
                "Email": "email",
                "First Name": "first_name",
                "Last Name": "last_name",
                "Phone": "phone",
                "Account Name": "account",
                "Tags": "tags",
                "Lists": "lists",
                "Status": "status",
            },
        ),
        (",".join(COLUMNS.values()), "own", {name: field.value for field, name in COLUMNS.items()}),
        (
            " e-MAIL ,Full  name,Favourite",
            "other",
            {" e-MAIL ": "email", "Full  name": "full_name"},
        ),
        ("Name,First Name,Email,Notes", "other", {"First Name": "first_name", "Email": "email"}),
        ("Wer,Adresse", "other", {}),
    ],
)
def test_a_header_is_recognised(line: str, program: str, about: dict[str, str]) -> None:
    header = line.split(best_separator(line, SEPARATORS))

    found, mapping = recognise(header)

    assert found == program
    assert {header[at]: field.value for at, field in mapping.items()} == about


@pytest.mark.parametrize(
    ("line", "separator"),
    [
        ("Email,First Name", ","),
        ("Email;First Name", ";"),
        ("Email\tFirst Name", "\t"),
        ('"Email"|"First Name"\r\n', "|"),
        # One of the names has a comma.
        ("Email;Name, first;Last Name;Phone", ";"),
        ("Email", ","),
    ],
)
def test_the_separator_is_the_one_that_makes_known_columns(line: str, separator: str) -> None:
    assert best_separator(line, SEPARATORS) == separator


def test_a_contact_is_no_header() -> None:
    assert looks_like_header(["Email", "First Name"])
    assert not looks_like_header(["ann@example.org", "Ann"])
    assert not looks_like_header(["Ann", "+49170123"])
