"""From the fields of a record to what each `Field` says, by the mapping that a person has chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.importing.consent import refusal_in
from webapp.importing.fields import CONSENT, STATUSES, Field
from webapp.marketing.consent import STRICTNESS
from webapp.models.mailing_list import SubscriptionStatus

# The mapping of a request: the index of a column, as text, and the value of its field.
Mapped = Mapping[str, str]

# Fields with several names. The names of all their columns count together.
SEVERAL = frozenset({Field.TAGS, *STATUSES})


@dataclass(frozen=True, slots=True)
class Said:
    """What a record says about each mapped field, and the best status that its lists may have, where a column
    of another program forbids more."""

    text: Mapping[Field, str]
    at_best: SubscriptionStatus | None = None


class Columns:
    """Reads the records of one file. Raises ValueError for a mapping that cannot be one."""

    def __init__(self, mapping: Mapped) -> None:
        self._places: dict[Field, list[int]] = {}
        for index, name in sorted((int(index), name) for index, name in mapping.items()):
            self._places.setdefault(Field(name), []).append(index)

    def __contains__(self, field: Field) -> bool:
        return field in self._places

    def read(self, fields: Sequence[str]) -> Said:
        """What the record says. Fields left out at its end are empty."""
        text: dict[Field, str] = {}
        refusals: list[SubscriptionStatus] = []
        for field, places in self._places.items():
            filled = [fields[at] for at in places if at < len(fields) and fields[at].strip()]
            if field in CONSENT:
                refusals += filter(None, (refusal_in(field, cell) for cell in filled))
            elif field in SEVERAL and len(filled) > 1:
                # A column separates by commas or by semicolons; columns together need one way.
                text[field] = ";".join(cell if ";" in cell else cell.replace(",", ";") for cell in filled)
            else:
                text[field] = filled[0] if filled else ""
        return Said(text, max(refusals, key=STRICTNESS.__getitem__, default=None))
