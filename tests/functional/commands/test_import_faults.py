"""`flask contacts import` beside other writers, or with a database that refuses rows."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact
from tests.factories.people import World
from webapp.cli import contacts as command
from webapp.contacts.load import create_contacts
from webapp.database import lock_workspace
from webapp.importing import adding
from webapp.models import Contact, Tag

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

    def create_after_a_rival(*args: Any) -> list[int]:
        if not rivals:
            rivals.append("a rival")
            if engine.dialect.name == "sqlite":
                # No other connection can write now; this stands for any other refusal of the database.
                raise IntegrityError("INSERT", {}, Exception("refused once"))
            with Session(engine) as other:
                new_contact(other, place, email="wanted@example.com")
                other.commit()
        return create_contacts(*args)

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

    def create_while_another_locks(*args: Any) -> list[int]:
        with Session(engine) as other:
            other.execute(text("SET LOCAL lock_timeout = '100ms'"))
            with pytest.raises(OperationalError) as refusal:
                lock_workspace(other, place.id)
            refused.append(refusal.value)
        return create_contacts(*args)

    monkeypatch.setattr(adding, "create_contacts", create_while_another_locks)
    import_rows("a@b.c", header="Email")

    assert len(refused) == 1
    assert len(imported_contacts()) == 1


def test_a_database_that_keeps_refusing_stops_the_import_with_a_count(
    import_rows: Import,
    stored: Stored,
    imported_contacts: ImportedContacts,
    place: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuses_the_second_batch(*args: Any) -> list[int]:
        if args[2][0].email == "a2@b.c":
            raise IntegrityError("INSERT", {}, Exception("the disk is full"))
        return create_contacts(*args)

    monkeypatch.setattr(adding, "create_contacts", refuses_the_second_batch)
    monkeypatch.setattr(command, "BATCH", 2)
    result = import_rows(*(f"a{i}@b.c,Tag {i}" for i in range(6)), header="Email,Tags")

    assert result.exit_code == 1
    assert "Stopped: the disk is full\n2 contacts added before that." in result.output
    assert len(imported_contacts()) == 2
    tags = stored(select(Tag.name).where(Tag.workspace_id == place.id).order_by(Tag.id))
    assert tags == ["Tag 0", "Tag 1"]
