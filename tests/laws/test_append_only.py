"""Law: audit events are neither changed nor deleted, by any process that uses the app's connection; the texts
about them that can name a person are erased with their time (docs/adr/0039)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.laws.test_migrations import with_one_more
from tests.support.schema import app_on_a_new_database
from webapp.clock import read_clock
from webapp.extensions import db
from webapp.jobs.private import erase_old
from webapp.models import WINDOW, AuditEvent, PrivateText
from webapp.models.audit_event import Action, record, record_visit

ATTACKS = {
    "sqlite": (
        "UPDATE audit_event SET action = 'nothing'",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE id IN (SELECT max(id) FROM audit_event)",
        "INSERT OR REPLACE INTO audit_event (id, at, action, subject, detail)"
        " SELECT id, at, 'nothing', subject, detail FROM audit_event",
    ),
    "postgresql": (
        "UPDATE audit_event SET action = 'nothing'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "SET LOCAL session_replication_role = replica; DELETE FROM audit_event",
        "INSERT INTO audit_event (id, at, action, subject, detail)"
        " SELECT id, at, 'nothing', subject, detail FROM audit_event"
        " ON CONFLICT (id) DO UPDATE SET action = 'nothing'",
    ),
}
REBUILD = '''
"""Rebuild the table of audit events."""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "rebuild", {head!r}


def upgrade() -> None:
    with op.batch_alter_table("audit_event", recreate="auto") as event:
        event.add_column(sa.Column("mood", sa.String(40), nullable=True))
        event.alter_column("subject", existing_type=sa.String(80), type_=sa.String(90))


def downgrade() -> None:
    with op.batch_alter_table("audit_event") as event:
        event.alter_column("subject", existing_type=sa.String(90), type_=sa.String(80))
        event.drop_column("mood")
'''


@pytest.fixture
def scratch(environ: dict[str, str]) -> Iterator[Flask]:
    with app_on_a_new_database(environ) as app:
        upgrade()
        yield app


def record_three(session: Session) -> World:
    """An event of a user, one of the system, and one of no account with a private text."""
    world = new_world(session)
    now = read_clock(session)
    for user_id in (world.admin.id, None):
        record(
            session,
            workspace_id=world.id,
            user_id=user_id,
            at=now,
            action=Action.SETTINGS_CHANGED,
            subject=f"workspace:{world.id}",
        )
    record_visit(
        session,
        accounts=(),
        at=now,
        action=Action.SIGN_IN_REFUSED,
        network_address="203.0.113.7",
        why="unknown",
    )
    session.commit()
    return world


def events() -> list[tuple[object, ...]]:
    with Session(db.engine) as session:
        return [tuple(row) for row in session.execute(text("SELECT id, action, subject FROM audit_event"))]


def execute(statements: str) -> None:
    with db.engine.execution_options(writes=True).begin() as connection:
        for statement in statements.split("; "):
            connection.execute(text(statement))


def attack() -> None:
    """Every attack is refused, and leaves what was there."""
    before = events()
    assert len(before) >= 3
    for statement in ATTACKS[db.engine.dialect.name]:
        with pytest.raises(DBAPIError, match="neither changed nor deleted"):
            execute(statement)
        assert events() == before, statement


def test_no_statement_changes_or_deletes_an_event_also_after_a_rebuild_of_the_table(
    scratch: Flask, tmp_path: Path
) -> None:
    with Session(db.engine) as session:
        record_three(session)
    attack()
    migrations = with_one_more(REBUILD, tmp_path)

    upgrade(directory=migrations)

    attack()
    downgrade(directory=migrations)
    attack()
    with Session(db.engine) as session:
        record_three(session)
    assert len(events()) == 6, "new ones are added"


def test_the_release_before_can_be_returned_to(scratch: Flask) -> None:
    with Session(db.engine) as session:
        record_three(session)

    downgrade(revision="0013")

    assert len(events()) == 2, "the event of no account is none that it knows"
    with Session(db.engine) as session:
        assert session.scalars(text("SELECT subject FROM private_text")).all() == []
    upgrade()


def test_a_network_address_is_erased_with_its_time_and_the_event_stays(
    world: World, session: Session
) -> None:
    now = read_clock(session)
    for age in (WINDOW + timedelta(minutes=1), WINDOW - timedelta(minutes=1)):
        record_visit(
            session,
            accounts=[(world.id, world.admin.id)],
            at=now - age,
            action=Action.SIGN_IN_REFUSED,
            network_address="2001:db8::7",
            why="password",
        )
    session.commit()

    erase_old(session)

    kept = session.scalars(
        select(AuditEvent).where(AuditEvent.workspace_id == world.id).order_by(AuditEvent.at)
    ).all()
    assert [event.private.text if event.private else None for event in kept] == [None, "2001:db8::7"]
    assert [(event.user_id, event.subject, event.detail) for event in kept] == [
        (None, f"app_user:{world.admin.id}", {"why": "password"})
    ] * 2


def test_a_visit_of_a_person_with_several_accounts_stands_in_each_and_one_of_nobody_in_none(
    world: World, session: Session
) -> None:
    elsewhere = new_world(session)
    accounts = [(world.id, world.admin.id), (elsewhere.id, elsewhere.member.id)]
    now = read_clock(session)

    for concerned in (accounts, []):
        record_visit(
            session,
            accounts=concerned,
            at=now,
            action=Action.SIGNED_OUT,
            network_address="203.0.113.7",
        )

    session.flush()
    found = session.execute(
        select(AuditEvent.workspace_id, AuditEvent.user_id, PrivateText.text, PrivateText.workspace_id)
        .join(AuditEvent.private)
        .where(AuditEvent.at == now, AuditEvent.action == Action.SIGNED_OUT)
        .order_by(AuditEvent.id)
    ).all()
    address = ("203.0.113.7", None)
    assert [tuple(row) for row in found] == [
        (*accounts[0], *address),
        (*accounts[1], *address),
        (None, None, *address),
    ]
