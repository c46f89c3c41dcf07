"""A file as it waits for its import: records that can be read on from any place."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World
from webapp.clock import read_clock
from webapp.importing import records
from webapp.importing.records import BEGINNING, Records, RecordWriter, StoredRecord, read_records
from webapp.jobs.files import new_file

RECORDS = [
    StoredRecord(1, 1, ("Email", "Name")),
    StoredRecord(2, 4, ("a@b.example", "two\nlines\u2028\x85and \ud800 more")),
    StoredRecord(5, 9, fault={"code": "torn", "quote": '"'}),
    *(StoredRecord(line, line, (f"{line}@b.example", "")) for line in range(10, 40)),
]


def test_the_records_come_back_from_each_place_on(
    store: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PART_SIZE", 100)
    file = new_file(store, workspace_id=world.id, name="a.csv", now=read_clock(store))
    writer = RecordWriter(store, file)
    for record in RECORDS:
        writer.write(record)
    writer.close()
    store.commit()

    assert file.parts > 3
    assert list(read_records(store, file.id)) == RECORDS
    for size in (1, 2, 7, len(RECORDS), 100):
        place, begun, taking = BEGINNING, 0, Records(file.id)
        while begun < len(RECORDS):
            taken, place = taking.take(store, place, size)
            assert taken == RECORDS[begun : begun + size]
            # Another process goes on from there.
            assert Records(file.id).take(store, place, 100)[0] == RECORDS[begun + size :]
            begun += size
        assert taking.take(store, place, size)[0] == []
