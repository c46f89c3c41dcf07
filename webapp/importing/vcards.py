"""Reading vCards (2.1, 3.0 and 4.0), as address books write them: names, e-mail, phone, company, categories.

A reader of our own, because the libraries parse whole files into memory, or refuse what real address books
write (docs/adr/0029). A property that is not imported, such as a photo, is passed over line by line.
"""

import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from webapp.importing.csv_lines import UnreadableFile, read_lines
from webapp.importing.csv_records import LONGEST_FIELD
from webapp.importing.fields import COLUMNS, Field
from webapp.importing.records import StoredRecord

# The fields of each record.
FIELDS = (Field.EMAIL, Field.FIRST_NAME, Field.LAST_NAME, Field.PHONE, Field.ACCOUNT, Field.TAGS)
HEADER = StoredRecord(0, 0, tuple(COLUMNS[each] for each in FIELDS))

# "item1.EMAIL;type=INTERNET;type=pref:ann@example.org"; the value of a parameter may be in quotation marks.
_PROPERTY = re.compile(r'(?:[\w-]+\.)?([\w-]+)((?:;(?:[^":;]|"[^"]*")*)*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';((?:[^":;]|"[^"]*")*)')
_WANTED = frozenset({"FN", "N", "EMAIL", "TEL", "ORG", "CATEGORIES", "BEGIN", "END", "AGENT"})
# Groups that Google makes by itself.
_NO_TAGS = frozenset({"mycontacts", "starred"})
# A value without a preference comes after those with one (RFC 6350: 1 to 100).
_NOT_PREFERRED = 101
# Of the properties that are wanted a person has a few dozen.
_MOST_PROPERTIES = 1_000
# A file whose first cards are all without an end is none of cards.
_MOST_TORN = 100


@dataclass(frozen=True)
class _Property:
    line: int
    name: str
    parameters: tuple[tuple[str, str], ...]
    value: str

    @property
    def preference(self) -> int:
        for name, value in self.parameters:
            if name == "PREF" and value.isdecimal():
                return int(value)
            if value == "PREF" and name in ("", "TYPE"):
                return 1
        return _NOT_PREFERRED

    @property
    def is_quoted_printable(self) -> bool:
        return any(value == "QUOTED-PRINTABLE" for _, value in self.parameters)

    @property
    def text(self) -> str:
        """The value, of quoted-printable its text."""
        if not self.is_quoted_printable:
            return self.value
        data = quopri.decodestring(self.value.encode())
        charset = next((value for name, value in self.parameters if name == "CHARSET"), "UTF-8")
        for name in (charset, "UTF-8"):
            try:
                return data.decode(name)
            except (UnicodeDecodeError, LookupError):
                continue
        return data.decode("cp1252", "replace")

    def parts(self, separator: str) -> list[str]:
        """The parts of the value, with what is escaped in them."""
        parts = re.findall(rf"((?:\\.|[^{separator}])*+)(?:{separator}|\Z)", self.text, re.DOTALL)
        return [_unescaped(part).strip() for part in parts]


@dataclass
class _Card:
    line: int
    properties: list[_Property] = field(default_factory=list)
    # Cards inside this one, which are open.
    depth: int = 0
    # Properties of this card and of those in it.
    size: int = 0

    def count(self) -> None:
        """Count one more property. Raises UnreadableFile if no card has so many."""
        self.size += 1
        if self.size > _MOST_PROPERTIES:
            raise UnreadableFile(
                f"The vCard in line {self.line:,} has more than {_MOST_PROPERTIES:,} names, addresses and "
                "numbers: this is no card of a contact."
            )

    def to_record(self, last_line: int) -> StoredRecord:
        first_name, last_name = self._name()
        company = next(iter(self._first_parts("ORG")), "")
        values = {
            Field.EMAIL: self._preferred("EMAIL"),
            Field.FIRST_NAME: first_name,
            Field.LAST_NAME: last_name,
            Field.PHONE: self._preferred("TEL").removeprefix("tel:"),
            Field.ACCOUNT: company,
            Field.TAGS: self._tags(),
        }
        return StoredRecord(self.line, last_line, tuple(values[each] for each in FIELDS))

    def _all(self, name: str) -> list[_Property]:
        return sorted(
            (each for each in self.properties if each.name == name), key=lambda each: each.preference
        )

    def _preferred(self, name: str) -> str:
        texts = (_unescaped(each.text).strip() for each in self._all(name))
        return next(filter(None, texts), "")

    def _first_parts(self, name: str) -> Iterable[str]:
        return (part for each in self._all(name) for part in each.parts(";")[:1])

    def _name(self) -> tuple[str, str]:
        """First and last name: of the structured name, else of the written one, if it is no company's."""
        for each in self._all("N"):
            last, first, *_ = [*each.parts(";"), "", ""]
            if first or last:
                return first, last
        written = self._preferred("FN")
        if not written or written in self._first_parts("ORG") or "@" in written:
            return "", ""
        first, _, last = written.rpartition(" ")
        return (first, last) if first else (last, "")

    def _tags(self) -> str:
        tags = [tag for each in self._all("CATEGORIES") for tag in each.parts(",")]
        return ";".join(
            f'"{tag}"' if ";" in tag else tag for tag in tags if tag and tag.lower() not in _NO_TAGS
        )


def is_vcard(file: BinaryIO, encoding: str) -> bool:
    """Whether the file begins as a vCard does."""
    first = next((line for line in read_lines(file, encoding) if line.strip()), "")
    return first.strip().upper() == "BEGIN:VCARD"


def read_cards(file: BinaryIO, encoding: str) -> Iterator[StoredRecord]:
    """A record for each card, with the FIELDS. One that does not end has a fault.

    Raises UnreadableFile where a line is too long or is no text, or a card has too many properties.
    """
    card: _Card | None = None
    last, before = 0, ""
    for each in _properties(read_lines(file, encoding)):
        if card is not None:
            card.count()
        mark = each.value.strip().upper()
        if (each.name, mark) == ("BEGIN", "VCARD"):
            if card is not None and before == "AGENT":
                card.depth += 1
            else:
                if card is not None:
                    yield _torn(card, last)
                card = _Card(each.line)
        elif card is not None and (each.name, mark) == ("END", "VCARD"):
            if card.depth:
                card.depth -= 1
            else:
                yield card.to_record(each.line)
                card = None
        elif card is not None and not card.depth:
            card.properties.append(each)
        last, before = each.line, each.name
    if card is not None:
        yield _torn(card, last)


def check_cards(file: BinaryIO, encoding: str) -> int:
    """Read the file to its end, so that a read that follows never stops half-way; return how many cards it
    has. Raises as `read_cards`, and if none is complete, or none of the first ones."""
    cards, complete = 0, 0
    for each in read_cards(file, encoding):
        cards += 1
        complete += each.fault is None
        if cards >= _MOST_TORN and not complete:
            break
    if not complete:
        raise UnreadableFile("It holds no complete vCard.")
    return cards


def _torn(card: _Card, last_line: int) -> StoredRecord:
    return StoredRecord(card.line, max(card.line, last_line), fault={"code": "not_a_card"})


def _properties(lines: Iterator[str]) -> Iterator[_Property]:
    """The wanted properties, each unfolded; of the others nothing is kept, and of one that is longer than a
    field only its beginning."""
    wanted: list[str] | None = None
    first, is_soft, quoted, size = 0, False, False, 0
    for number, ended in enumerate(lines, 1):
        line = ended.rstrip("\r\n")
        # Quoted-printable goes on behind "=", everything else is folded behind one space.
        if not is_soft and not line.startswith((" ", "\t")):
            if wanted and (found := _property(first, "".join(wanted))):
                yield found
            name, quoted = _beginning(line)
            wanted, first, size, piece = ([] if name in _WANTED else None), number, 0, line
        else:
            piece = line if is_soft else line[1:]
        is_soft = quoted and line.endswith("=")
        if wanted is not None and size <= LONGEST_FIELD:
            size += len(piece)
            wanted.append(piece[:-1] if is_soft else piece)
    if wanted and (found := _property(first, "".join(wanted))):
        yield found


def _beginning(line: str) -> tuple[str, bool]:
    """The name of the property that begins in this line, and whether it is quoted-printable."""
    head = line.partition(":")[0].upper()
    return head.partition(";")[0].rpartition(".")[2].strip(), "QUOTED-PRINTABLE" in head


def _property(line: int, text: str) -> _Property | None:
    found = _PROPERTY.fullmatch(text)
    if found is None:
        return None
    parameters = []
    for parameter in _PARAMETER.findall(found[2]):
        name, separator, value = parameter.partition("=")
        if not separator:
            name, value = "", parameter
        parameters += [(name.strip().upper(), each.strip(' "').upper()) for each in value.split(",")]
    return _Property(line, found[1].upper(), tuple(parameters), found[3])


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: " " if found[1] in "nN" else found[1], text, flags=re.DOTALL)
