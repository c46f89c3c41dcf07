"""What a row of an import file means, and why rows are left out."""

from zoneinfo import ZoneInfo

import pytest

from webapp.importing.fields import COLUMNS as NAMES
from webapp.importing.names import NameFields, Split
from webapp.importing.records import StoredRecord
from webapp.importing.rows import BadRow, Columns, Row, read_row
from webapp.models.mailing_list import SubscriptionStatus
from webapp.words.imports import why_rejected
from webapp.words.isolation import bare

COLUMNS = ["Email", "First Name", "Last Name", "Phone", "Account", "Tags", "Lists"]
FIELDS = {name: field for field, name in NAMES.items()}
UTC = ZoneInfo("UTC")
SUBSCRIBED, UNCONFIRMED = SubscriptionStatus.SUBSCRIBED, SubscriptionStatus.UNCONFIRMED
UNSUBSCRIBED, BOUNCED = SubscriptionStatus.UNSUBSCRIBED, SubscriptionStatus.BOUNCED


def mapping(*names: str) -> dict[str, str]:
    return {str(place): FIELDS[name] for place, name in enumerate(names)}


def header(*names: str) -> Columns:
    return Columns(mapping(*names), len(names))


def row(**fields: str) -> Row | BadRow:
    """The row with these fields, named as the columns are, with an underscore for the space."""
    return read(header(*COLUMNS), record(7, *cells(fields)))


def cells(fields: dict[str, str]) -> list[str]:
    return [fields.get(name.replace(" ", "_"), "") for name in COLUMNS]


def record(line: int, *fields: str, last_line: int | None = None) -> StoredRecord:
    return StoredRecord(line, last_line or line, fields)


def read(columns: Columns, found: StoredRecord) -> Row | BadRow:
    return read_row(columns, found, NameFields(), UTC)


def reason(**fields: str) -> str:
    bad = row(**fields)
    assert isinstance(bad, BadRow)
    assert bad.line == 7
    return bare(why_rejected(bad.reason, 7, cells(fields), mapping(*COLUMNS)))


def test_a_row_is_read_without_surrounding_spaces_and_duplicates() -> None:
    assert row(
        Email=" Ann@Example.COM ",
        First_Name=" Ann ",
        Last_Name="Lee\n",
        Phone=" 1 2 ",
        Account=" Acme ",
        Tags=" VIP; New ;; VIP;",
        Lists="News",
    ) == Row(
        line=7,
        email="Ann@Example.COM",
        email_key="ann@example.com",
        first_name="Ann",
        last_name="Lee",
        phone="1 2",
        account="Acme",
        tags=("VIP", "New"),
        lists=(("News", SUBSCRIBED),),
    )


def test_a_missing_column_is_empty() -> None:
    found = read(header("Email"), record(2, "a@b.c"))
    assert isinstance(found, Row)
    assert (found.first_name, found.account, found.tags, found.lists) == ("", "", (), ())


@pytest.mark.parametrize("name", ["First_Name", "Last_Name"])
def test_a_name_is_enough(name: str) -> None:
    found = row(**{name: "Ann"})
    assert isinstance(found, Row)
    assert found.email is None
    assert found.email_key is None


@pytest.mark.parametrize(
    "fields", [{}, {"Phone": "1", "Account": "Acme", "Tags": "VIP"}, {"First_Name": " "}]
)
def test_a_row_without_address_and_name_is_refused(fields: dict[str, str]) -> None:
    assert reason(**fields) == "it has neither an e-mail address nor a name"


LIMITS = {
    "First_Name": 120,
    "Last_Name": 120,
    "Phone": 40,
    "Account": 160,
    "Tags": 80,
    "Lists": 120,
}


@pytest.mark.parametrize(("name", "limit"), LIMITS.items())
def test_a_field_may_be_as_long_as_its_column(name: str, limit: int) -> None:
    assert isinstance(row(**{"Email": "a@b.c", name: "é" * limit}), Row)
    assert f"is longer than {limit} characters" in reason(**{"Email": "a@b.c", name: "é" * (limit + 1)})


def test_many_short_tags_are_not_too_long() -> None:
    assert isinstance(row(Email="a@b.c", Tags=";".join(f"tag {i}" for i in range(200))), Row)


def test_an_address_may_have_254_bytes() -> None:
    assert isinstance(row(Email="a" * 248 + "@b.com"), Row)
    assert "longer than 254" in reason(Email="a" * 249 + "@b.com")
    # RFC 5321 counts bytes.
    assert "it is too long" in reason(Email="İ" * 200 + "@b.com")


@pytest.mark.parametrize("name", ["Email", *LIMITS])
@pytest.mark.parametrize("character", ["\0", "\n", "\t", "\x1b", "\x85"])
def test_control_characters_are_refused(name: str, character: str) -> None:
    assert "control character" in reason(**{"Email": "a@b.c", name: f"a{character}b@c.d"})


def test_fields_may_be_left_out_at_the_end_and_empty_ones_may_follow() -> None:
    three = header("Email", "First Name", "Phone")
    for fields in (["a@b.c"], ["a@b.c", ""], ["a@b.c", "", "", "", " ", ""]):
        found = read(three, record(2, *fields))
        assert isinstance(found, Row)
        assert (found.email, found.first_name, found.phone) == ("a@b.c", "", "")


def test_something_after_the_last_column_is_refused() -> None:
    two = header("Email", "Phone")
    for fields in (["a@b.c", "", "x"], ["a@b.c", "", " x ", "", ""]):
        surplus = {"code": "surplus", "found": 3, "width": 2}
        assert read(two, record(3, *fields)) == BadRow(3, surplus)
        assert why_rejected(surplus, 3, fields, {}) == "it has 3 fields instead of 2"
    # With a missing quotation mark the record ends far below.
    bad = read(header("Email"), record(3, "x", "", "", "y", last_line=90))
    assert isinstance(bad, BadRow)
    said = "the record, which ends in line 90, has 4 fields instead of 1"
    assert why_rejected(bad.reason, 3, None, {}) == said


INVISIBLE = ["\u200b", "\ufeff \u200d", "\u3164", "\u2800", "\u00ad\u202e"]


@pytest.mark.parametrize("nothing", INVISIBLE)
def test_a_name_of_invisible_characters_is_no_name(nothing: str) -> None:
    assert reason(First_Name=nothing, Last_Name=nothing) == "it has neither an e-mail address nor a name"
    found = row(
        **dict.fromkeys(("First_Name", "Last_Name", "Phone", "Account", "Lists"), nothing),
        Email="a@b.c",
        Tags=f"VIP;{nothing}; {nothing} ",
    )
    assert isinstance(found, Row)
    assert (found.first_name, found.phone, found.account, found.tags, found.lists) == (
        "",
        "",
        "",
        ("VIP",),
        (),
    )


def test_invisible_characters_within_a_name_stay() -> None:
    """Some scripts need them: without its joiner the Persian name reads differently."""
    found = row(First_Name="علی\u200cرضا")
    assert isinstance(found, Row)
    assert found.first_name == "علی\u200cرضا"


class TestSeveralNamesInOneField:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("prospect, webinar", ("prospect", "webinar")),
            ("a,b , c,", ("a", "b", "c")),
            (",a,,b", ("a", "b")),
            ('"VIP","Blog"', ("VIP", "Blog")),
            ('"VIP" , Blog', ("VIP", "Blog")),
            ('"Smith, Jones","Blog"', ("Smith, Jones", "Blog")),
            ('5" pipe, 6"', ('5" pipe', '6"')),
            ('"open, b', ('"open', "b")),
            ("VIP,vip, new,Vip", ("VIP", "new")),
        ],
    )
    def test_commas_separate_where_there_is_no_semicolon(self, text: str, names: tuple[str, ...]) -> None:
        for column in ("Tags", "Lists"):
            assert NameFields().read(7, column, text) == (names, Split(7, column, text, len(names)))

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("Smith, Jones;VIP", ("Smith, Jones", "VIP")),
            ("Smith, Jones;", ("Smith, Jones",)),
            ('"VIP";"Blog; more"', ("VIP", "Blog; more")),
            ('"VIP"', ("VIP",)),
            ("VIP,", ("VIP",)),
            ('","', (",",)),
            ("VIP;vip; V\u200bIP;VＩP", ("VIP",)),
            (" ; ", ()),
            ("", ()),
        ],
    )
    def test_nothing_else_is_a_split_at_commas(self, text: str, names: tuple[str, ...]) -> None:
        assert NameFields().read(7, "Tags", text) == (names, None)

    def test_with_keep_commas_the_field_is_one_name(self) -> None:
        fields = NameFields(keep_commas=True)
        for text in ("prospect, webinar", '"VIP","Blog"'):
            assert fields.read(7, "Tags", text) == ((text,), None)

    def test_an_existing_name_with_a_comma_stays_whole(self) -> None:
        fields = NameFields({"Tags": ["Smith, Jones", "Jones, Kim, Lee", '"VIP","Blog"'], "Lists": ["a, b"]})
        for text, names in {
            "Smith, Jones": ["Smith, Jones"],
            "smith,  JONES": ["Smith, Jones"],
            '"VIP","Blog"': ['"VIP","Blog"'],
            "a, Smith, Jones, b": ["a", "Smith, Jones", "b"],
            "Smith, Jones, Kim, Lee": ["Smith, Jones", "Kim", "Lee"],
            "x, Jones, Kim, Lee": ["x", "Jones, Kim, Lee"],
            "Smith": ["Smith"],
            "Smith,Jones": ["Smith", "Jones"],
            "a, b": ["a", "b"],
        }.items():
            assert fields.read(7, "Tags", text)[0] == tuple(names), text
        assert fields.read(7, "Tags", "Smith, Jones")[1] is None
        assert fields.read(7, "Lists", "a, b") == (("a, b",), None)

    def test_a_name_that_the_file_itself_writes_whole_stays_whole(self) -> None:
        fields = NameFields()
        assert fields.read(2, "Tags", "Smith, Jones")[0] == ("Smith", "Jones")
        assert fields.read(3, "Tags", "Smith, Jones;VIP")[0] == ("Smith, Jones", "VIP")
        assert fields.read(4, "Tags", "Smith, Jones")[0] == ("Smith, Jones",)
        assert fields.read(4, "Lists", "Smith, Jones")[0] == ("Smith", "Jones")

    def test_a_field_that_was_cut_is_refused(self) -> None:
        assert reason(Email="a@b.c", Tags="tag;" * 40_000) == "“Tags” is longer than 131,072 characters"

    def test_a_long_field_of_commas_is_read_in_one_walk(self) -> None:
        assert NameFields({"Tags": ["a, b"]}).read(7, "Tags", "x," * 50_000)[0] == ("x",)


def test_an_unreadable_record_keeps_its_reason() -> None:
    torn = StoredRecord(3, 3, fault={"code": "torn_quote"})
    assert read(header("Email"), torn) == BadRow(3, {"code": "torn_quote"})
    over_lines = StoredRecord(3, 5, fault={"code": "torn_quote"})
    bad = read(header("Email"), over_lines)
    assert isinstance(bad, BadRow)
    assert why_rejected(bad.reason, 3, None, {}) == (
        "its quotation marks do not match, so lines 3 to 5 are not read"
    )


def test_a_text_that_is_no_address_is_refused_with_the_reason() -> None:
    assert reason(Email="‘ann@b.c’") == "“‘ann@b.c’” is not an e-mail address: “’” cannot stand after the @"


def test_rows_that_describe_the_same_contact_are_recognised() -> None:
    first, second, other = (
        row(Email="Ann@b.c", First_Name="Ann"),
        row(Email="ann@B.C", Phone="1"),
        row(First_Name="Ann"),
    )
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert isinstance(other, Row)
    assert first.identity == second.identity != other.identity
