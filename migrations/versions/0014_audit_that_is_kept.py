"""Refuse to change and to delete audit events, allow events and private texts that belong to no account, and
note when a runner has released a job. Quick on PostgreSQL; SQLite writes the first two tables anew.

The previous release still works: it only adds audit events, and reads those of one account. A job that it
releases looks as if its lease was lost, to the first claim of this release, which then says so. On SQLite a
trigger is dropped with its table when Alembic rebuilds that; `env.py` makes it again.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from webapp.migrating import add_column, commit

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# REPLACE deletes without a DELETE trigger, so an INSERT of an id that exists is refused, too. Where no id is
# given, it is null or -1 here.
ON_SQLITE = {
    "audit_event_stays": "BEFORE UPDATE ON audit_event",
    "audit_event_is_kept": "BEFORE DELETE ON audit_event",
    "audit_event_is_new": "BEFORE INSERT ON audit_event"
    " WHEN EXISTS (SELECT 1 FROM audit_event AS old WHERE old.id = NEW.id)",
}
REFUSAL = "audit events are neither changed nor deleted"


def upgrade() -> None:
    # The three tables one after the other, each in its transaction.
    add_column("restore_job", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    commit()
    _allow_null("private_text")
    commit()
    _allow_null("audit_event")
    if op.get_bind().dialect.name == "sqlite":
        for name, when in ON_SQLITE.items():
            op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END")
        return
    op.execute(
        "CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    # For each statement, so that TRUNCATE is refused as well.
    op.execute(
        "CREATE TRIGGER audit_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()"
    )
    # Also in a session that passes for a replica.
    op.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_stays")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ON_SQLITE:
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER audit_event_stays ON audit_event")
        op.execute("DROP FUNCTION audit_event_refuse()")
    # What the previous release cannot name.
    op.execute("DELETE FROM private_text WHERE workspace_id IS NULL")
    op.execute("DELETE FROM audit_event WHERE workspace_id IS NULL")
    for table in ("audit_event", "private_text"):
        _allow_null(table, allowed=False)
    op.drop_column("restore_job", "released_at")


def _allow_null(name: str, *, allowed: bool = True) -> None:
    with op.batch_alter_table(name) as table:
        table.alter_column("workspace_id", existing_type=Id, nullable=allowed)
