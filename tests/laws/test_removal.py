"""Everything that knows contacts is known to their removal."""

from webapp.models import Base, Contact
from webapp.purging.remove import CUT_OFF, MERGED, OF_ITS_OWN, ONLY_IDS

KNOWN = {(column.class_.__tablename__, column.key) for column in (*CUT_OFF, *OF_ITS_OWN, *ONLY_IDS, MERGED)}


def test_the_removal_of_a_contact_knows_every_column_that_names_one() -> None:
    """A new table that knows contacts must say what becomes of its rows when a contact is removed."""
    named = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("contact_id")
        or any(key.column.table is Contact.__table__ for key in column.foreign_keys)
    }

    assert named == KNOWN
