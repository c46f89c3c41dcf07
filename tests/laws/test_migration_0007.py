"""Migration 0007 on a filled database: names and addresses that would clash are numbered or keep their keys,
and the previous release works on the result."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.support.schema import app_on_a_new_database, is_whole
from webapp.extensions import db

BEFORE = "0006"
NAMED = ("account", "mailing_list", "tag")
NOW = "2026-11-01 12:00:00"
OLD, GONE = "2020-01-01 00:00:00", "2026-10-20 00:00:00"


@pytest.fixture
def scratch(environ: dict[str, str]) -> Iterator[Flask]:
    """The app on a database of its own before the migration, with two workspaces."""
    with app_on_a_new_database(environ) as app:
        upgrade(revision=BEFORE)
        for place in (1, 2):
            write("INSERT INTO workspace (id, name, timezone) VALUES (:place, 'W', 'UTC')", place=place)
        yield app


def write(statement: str, **values: object) -> None:
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text(statement), values)


def read(statement: str) -> list[tuple[Any, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def insert_name(
    table: str, row_id: int, name: str, *, workspace: int = 1, deleted: str | None = None
) -> None:
    """As the previous release does it."""
    write(
        f"INSERT INTO {table} (id, workspace_id, name, deleted_at) VALUES (:id, :workspace, :name, :deleted)",
        id=row_id,
        workspace=workspace,
        name=name,
        deleted=deleted,
    )


def insert_contact(
    contact_id: int, email: str | None, *, created: str = OLD, workspace: int = 1, deleted: str | None = None
) -> None:
    write(
        "INSERT INTO contact (id, workspace_id, email, email_key, first_name, last_name, phone, created_at,"
        " updated_at, version, deleted_at) VALUES (:id, :workspace, :email, :key, 'Ann', '', '', :created,"
        " :created, 1, :deleted)",
        id=contact_id,
        workspace=workspace,
        email=email,
        key=email and email.lower(),
        created=created,
        deleted=deleted,
    )


def test_names_that_look_the_same_are_numbered_and_none_is_lost(scratch: Flask) -> None:
    names = [
        "VIP",
        "vip",
        "vip (2)",
        "Müller AG",
        "Muller AG",
        "E\u0301lan",
        "élan",
        "V\u200bip",
        "\u3164",
        "\u2800",
    ]
    for table in NAMED:
        for row_id, name in enumerate(names, 1):
            insert_name(table, row_id, name)
        insert_name(table, 20, "VIP", workspace=2)
        insert_name(table, 21, "vIp", deleted=GONE)

    upgrade(revision="0007")

    for table in NAMED:
        assert read(f"SELECT id, name, name_key FROM {table} WHERE id < 20 ORDER BY id") == [
            (1, "VIP", "vip"),
            (2, "vip (3)", "vip (3)"),
            (3, "vip (2)", "vip (2)"),
            (4, "Müller AG", "müller ag"),
            (5, "Muller AG", "muller ag"),
            (6, "E\u0301lan", "élan"),
            (7, "élan (2)", "élan (2)"),
            (8, "V\u200bip (4)", "vip (4)"),
            (9, "\u3164", ""),
            (10, "\u2800 (2)", "(2)"),
        ]
        assert read(f"SELECT name, name_key FROM {table} WHERE id = 20") == [("VIP", "vip")]
        assert read(f"SELECT name FROM {table} WHERE id = 21") == [("vIp",)]
    events = read("SELECT workspace_id, user_id, action, subject FROM audit_event ORDER BY id")
    assert events == [
        (1, None, f"{table}.numbered", f"{table}:{row_id}") for table in NAMED for row_id in (2, 7, 8, 10)
    ]
    assert is_whole(db.engine)
    downgrade(revision=BEFORE)
    assert len(read("SELECT name FROM tag")) == len(names) + 2


def test_more_rows_than_a_batch_are_all_keyed(scratch: Flask) -> None:
    with db.engine.execution_options(writes=True).begin() as connection:
        # In the last batch, one name of the first in another spelling; and many spellings of one.
        names = [f"Firm {number}" for number in range(1200)] + [
            "FIRM 7",
            *(f"New{' ' * i}ton" for i in range(1, 60)),
        ]
        connection.execute(
            text("INSERT INTO account (id, workspace_id, name) VALUES (:id, 1, :name)"),
            [{"id": row_id, "name": name} for row_id, name in enumerate(names, 1)],
        )

    upgrade(revision="0007")

    assert read("SELECT count(*), count(DISTINCT name_key), count(name_key) FROM account") == [(1260,) * 3]
    assert read("SELECT name FROM account WHERE id = 1201") == [("FIRM 7 (2)",)]
    assert read("SELECT name FROM account WHERE id = 1260") == [(f"New{' ' * 59}ton (59)",)]


def test_an_international_domain_has_one_key_and_no_contact_is_lost(scratch: Flask) -> None:
    punycode, unicode = "ann@XN--mller-kva.example", "ann@müller.example"
    insert_contact(1, "bob@xn--mller-kva.example")
    insert_contact(2, unicode, created=NOW)
    insert_contact(3, punycode, created=OLD)
    insert_contact(4, punycode, workspace=2)
    insert_contact(5, punycode, deleted=GONE)
    insert_contact(6, unicode, deleted=GONE)
    insert_contact(7, "ann@x.example/")
    insert_contact(8, "ann@x.example")
    insert_contact(9, None)

    upgrade(revision="0007")

    assert read("SELECT id, email_key FROM contact ORDER BY id") == [
        (1, "bob@müller.example"),
        # It had the key, but is younger: it has the one that the older has given up.
        (2, "ann@xn--mller-kva.example"),
        (3, unicode),
        (4, unicode),
        (5, unicode),
        (6, unicode),
        (7, "ann@x.example/"),
        (8, "ann@x.example"),
        (9, None),
    ]
    assert read("SELECT workspace_id, user_id, action, subject FROM audit_event") == [
        (1, None, "contact.address_shared", "contact:2")
    ]
    assert read("SELECT email, version FROM contact WHERE id < 4 ORDER BY id")[1:] == [
        (unicode, 1),
        (punycode, 1),
    ]


def test_the_previous_release_works_on_the_migrated_database(scratch: Flask) -> None:
    insert_name("tag", 1, "VIP")
    upgrade(revision="0007")

    insert_name("tag", 2, "New")
    insert_name("tag", 3, "vip")
    # It relies on this to find out that another has created the name at the same moment.
    with pytest.raises(IntegrityError):
        insert_name("tag", 4, "New")
    insert_contact(1, "ann@xn--mller-kva.example")

    assert read("SELECT id, name_key FROM tag ORDER BY id") == [(1, "vip"), (2, None), (3, None)]
