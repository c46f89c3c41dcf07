"""Jobs of every kind, and the heartbeat of the workers.

The previous release still works: it inserts restores without the new columns, whose defaults make
them jobs of the kind and the group "restore", and it reads and writes its own columns, which stay until the
next release (docs/adr/0013).

Revision ID: 0004
Revises: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
ACTIVE = sa.text("state IN ('queued', 'running')")
# What a restore always has and a job of another kind need not have.
OF_A_RESTORE: dict[str, TypeEngine[Any]] = {
    "requested_by": Id,
    "kind": sa.String(16),
    "scope": sa.JSON(),
    "scope_hash": sa.String(64),
    "as_of": Moment,
    "through_number": Id,
    "expected": sa.Integer(),
}
NEW: dict[str, tuple[TypeEngine[Any], str | None]] = {
    "job_kind": (sa.String(20), "restore"),
    "number": (sa.Integer(), None),
    "exclusive_group": (sa.String(20), "restore"),
    "request": (sa.JSON(), None),
    "left_out": (sa.Integer(), "0"),
    "cursor": (sa.JSON(), None),
    "counts": (sa.JSON(), "{}"),
    "error": (sa.JSON(), None),
    "reason": (sa.JSON(), None),
}
REQUIRED = {"job_kind", "left_out", "counts"}
# Restores ran one after the other, so their ids are in the order of their numbers.
NUMBER_RESTORES = sa.text(
    "UPDATE restore_job SET number = (SELECT count(*) FROM restore_job AS earlier "
    "WHERE earlier.workspace_id = restore_job.workspace_id AND earlier.id <= restore_job.id)"
)

# Of running jobs only: what an ended one has left out is counted no more.
COUNT_LEFT_OUT = sa.text(
    "UPDATE restore_job SET left_out = (SELECT count(*) FROM restore_outcome AS outcome "
    "WHERE outcome.job_id = restore_job.id AND outcome.outcome <> 'restored' AND outcome.reason = 'crashed') "
    "WHERE state IN ('queued', 'running')"
)


def new_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column(name, kind, nullable=name not in REQUIRED, server_default=default)
        for name, (kind, default) in NEW.items()
    ]


def job(*, upgraded: bool) -> sa.Table:
    """The table before or after this migration, for SQLite: rebuilding it would lose what is not
    reflected."""
    optional = upgraded
    columns = [
        sa.Column("id", Id, nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("requested_by", Id, nullable=optional),
        sa.Column("kind", sa.String(16), nullable=optional),
        sa.Column("undo_of", Id, nullable=True),
        sa.Column("scope", sa.JSON(), nullable=optional),
        sa.Column("scope_hash", sa.String(64), nullable=optional),
        sa.Column("scope_words", sa.String(500), nullable=False),
        sa.Column("as_of", Moment, nullable=optional),
        sa.Column("through_number", Id, nullable=optional),
        sa.Column("expected", sa.Integer(), nullable=optional),
        sa.Column("idempotency_key", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", Moment, nullable=False),
        sa.Column("rung_at", Moment, nullable=False),
        sa.Column("claims_since_progress", sa.Integer(), nullable=False),
        sa.Column("cursor_deleted_at", Moment, nullable=True),
        sa.Column("cursor_id", Id, nullable=True),
        sa.Column("restored", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("started_at", Moment, nullable=True),
        sa.Column("finished_at", Moment, nullable=True),
        sa.Column("cancel_requested_at", Moment, nullable=True),
        sa.Column("why", sa.String(300), nullable=True),
        sa.Column("runner", sa.String(100), nullable=True),
        sa.Column("last_error", sa.String(300), nullable=True),
        sa.Column("one_by_one", sa.Integer(), nullable=False, server_default="0"),
        *(new_columns() if upgraded else ()),
    ]
    return sa.Table(
        "restore_job",
        sa.MetaData(),
        *columns,
        sa.PrimaryKeyConstraint("id", name="pk_restore_job"),
        sa.ForeignKeyConstraint(["requested_by"], ["app_user.id"], name="fk_restore_job_requested_by"),
        sa.ForeignKeyConstraint(["undo_of"], ["restore_job.id"], name="fk_restore_job_undo_of"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_restore_job_workspace_id"),
        sa.CheckConstraint("kind IN ('ids', 'filters')", name="ck_restore_job_kind"),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'cancelled', 'failed')", name="ck_restore_job_state"
        ),
        sa.UniqueConstraint("uuid", name="uq_restore_job_uuid"),
        sa.UniqueConstraint(
            "workspace_id", "idempotency_key", name="uq_restore_job_workspace_id_idempotency_key"
        ),
        sa.Index("ix_restore_job_recent", "workspace_id", "id"),
        sa.Index("ix_restore_job_requested_by", "requested_by"),
        sa.Index("ix_restore_job_undo_of", "undo_of"),
    )


def upgrade() -> None:
    op.drop_index("uq_restore_job_active", "restore_job")
    with op.batch_alter_table("restore_job", copy_from=job(upgraded=False)) as table:
        for name, kind in OF_A_RESTORE.items():
            table.alter_column(name, existing_type=kind, nullable=True)
        for column in new_columns():
            table.add_column(column)
    op.execute(NUMBER_RESTORES)
    op.execute(COUNT_LEFT_OUT)
    with op.batch_alter_table("restore_job", copy_from=job(upgraded=True)) as table:
        table.create_unique_constraint(
            "uq_restore_job_workspace_id_job_kind_number", ["workspace_id", "job_kind", "number"]
        )
    # The previous release relies on this index as on the previous one: its rows have the group "restore".
    op.create_index(
        "uq_restore_job_active_group",
        "restore_job",
        ["workspace_id", "exclusive_group"],
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
    op.create_index(
        "ix_restore_job_active",
        "restore_job",
        ["lease_until"],
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
    op.add_column("restore_batch", sa.Column("cursor_before", sa.JSON(), nullable=True))
    op.add_column("restore_batch", sa.Column("cursor_after", sa.JSON(), nullable=True))
    op.create_table(
        "worker_heartbeat",
        sa.Column("queue", sa.String(40), nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("queue", name="pk_worker_heartbeat"),
    )


def downgrade() -> None:
    op.drop_table("worker_heartbeat")
    op.drop_column("restore_batch", "cursor_after")
    op.drop_column("restore_batch", "cursor_before")
    op.drop_index("ix_restore_job_active", "restore_job")
    op.drop_index("uq_restore_job_active_group", "restore_job")
    name_of_numbers = "uq_restore_job_workspace_id_job_kind_number"
    numbers = sa.UniqueConstraint("workspace_id", "job_kind", "number", name=name_of_numbers)
    table = job(upgraded=True)
    table.append_constraint(numbers)
    with op.batch_alter_table("restore_job", copy_from=table) as batch:
        batch.drop_constraint(name_of_numbers, type_="unique")
        for name, kind in OF_A_RESTORE.items():
            batch.alter_column(name, existing_type=kind, nullable=False)
        for name in NEW:
            batch.drop_column(name)
    op.create_index(
        "uq_restore_job_active",
        "restore_job",
        ["workspace_id"],
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
