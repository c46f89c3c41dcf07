"""`flask contacts import` while something else writes, and where the database refuses a row."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact
from tests.factories.people import World
from webapp.contacts.load import create_contacts
from webapp.database import lock_workspace
from webapp.importing import adding
from webapp.models import Contact, StoredFile, Tag

Import = Callable[..., Result]
Stored = Callable[..., list[Any]]
ImportedContacts = Callable[[], list[Contact]]


def test_an_address_taken_at_the_same_time_refuses_one_row(
    import_rows: Import,
    engine: Engine,
    imported_contacts: ImportedContacts,
    place: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rivals: list[str] = []

    def create_after_a_rival(*args: Any, **options: Any) -> list[int]:
        if not rivals:
            rivals.append("a rival")
            if engine.dialect.name == "sqlite":
                # No other connection can write now; this stands for any other refusal of the database.
                raise IntegrityError("INSERT", {}, Exception("refused once"))
            with Session(engine) as other:
                new_contact(other, place, email="wanted@example.com")
                other.commit()
        return create_contacts(*args, **options)

    monkeypatch.setattr(adding, "create_contacts", create_after_a_rival)
    result = import_rows("first@example.com", "wanted@example.com", "last@example.com", header="Email")

    emails = [contact.email for contact in imported_contacts()]
    assert sorted(filter(None, emails)) == ["first@example.com", "last@example.com", "wanted@example.com"]
    if engine.dialect.name == "postgresql":
        assert "Line 3: a contact has the address “wanted@example.com” already." in result.output


def test_a_lock_on_the_workspace_waits_for_the_batch(
    import_rows: Import,
    engine: Engine,
    imported_contacts: ImportedContacts,
    place: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("a write transaction is the lock there")
    refused: list[OperationalError] = []

    def create_while_another_locks(*args: Any, **options: Any) -> list[int]:
        with Session(engine) as other:
            other.execute(text("SET LOCAL lock_timeout = '100ms'"))
            with pytest.raises(OperationalError) as refusal:
                lock_workspace(other, place.id)
            refused.append(refusal.value)
        return create_contacts(*args, **options)

    monkeypatch.setattr(adding, "create_contacts", create_while_another_locks)
    import_rows("a@b.c", header="Email")

    assert len(refused) == 1
    assert len(imported_contacts()) == 1


def test_a_row_that_the_database_refuses_is_left_out_alone(
    import_rows: Import,
    stored: Stored,
    imported_contacts: ImportedContacts,
    place: World,
    batches_of: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuses_one(*args: Any, **options: Any) -> list[int]:
        if any(contact.email == "a2@b.c" for contact in args[2]):
            raise IntegrityError("INSERT", {}, Exception("not this one"))
        return create_contacts(*args, **options)

    monkeypatch.setattr(adding, "create_contacts", refuses_one)
    batches_of(4)
    result = import_rows(*(f"a{i}@b.c,Tag {i}" for i in range(6)), header="Email,Tags")

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Line 4: the database refuses it.",
        "5 contacts added. 1 row was left out.",
    ]
    assert len(imported_contacts()) == 5
    tags = stored(select(Tag.name).where(Tag.workspace_id == place.id).order_by(Tag.name))
    assert tags == ["Tag 0", "Tag 1", "Tag 3", "Tag 4", "Tag 5"]
    # The file is erased with the end of its import.
    assert stored(select(StoredFile.id).where(StoredFile.workspace_id == place.id)) == []
