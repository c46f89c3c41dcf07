"""The history of a restore, batch by batch, and columns for operators: its runner and what interrupted it.

The index of live addresses begins with the address, because the statistics of the workspace are wrong while a
restore runs.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("restore_job", sa.Column("runner", sa.String(100), nullable=True))
    op.add_column("restore_job", sa.Column("last_error", sa.String(300), nullable=True))
    op.add_column("restore_job", sa.Column("one_by_one", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "restore_batch",
        sa.Column("id", Id, nullable=False),
        sa.Column("job_id", Id, nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("from_deleted_at", Moment, nullable=True),
        sa.Column("from_id", Id, nullable=True),
        sa.Column("to_deleted_at", Moment, nullable=True),
        sa.Column("to_id", Id, nullable=True),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_restore_batch"),
        sa.ForeignKeyConstraint(["job_id"], ["restore_job.id"], name="fk_restore_batch_job_id"),
    )
    op.create_index("ix_restore_batch_job_id", "restore_batch", ["job_id"])
    op.drop_index("uq_contact_live_email", "contact")
    live_address("email_key", "workspace_id")


def live_address(*columns: str) -> None:
    live = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_contact_live_email",
        "contact",
        list(columns),
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def downgrade() -> None:
    op.drop_index("uq_contact_live_email", "contact")
    live_address("workspace_id", "email_key")
    op.drop_table("restore_batch")
    op.drop_column("restore_job", "one_by_one")
    op.drop_column("restore_job", "last_error")
    op.drop_column("restore_job", "runner")
