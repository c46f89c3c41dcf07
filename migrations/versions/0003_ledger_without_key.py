"""The ledger of a restore no longer refers to its job by a foreign key.

Every outcome is written in a transaction that has proved its fence and so locked the job's row. The foreign
key could never fail, and checking it for each of a million contacts took a tenth of a restore.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOT_RESTORED = sa.text("outcome <> 'restored'")


def ledger(*constraints: sa.ForeignKeyConstraint) -> sa.Table:
    """The current table, for SQLite: rebuilding it would otherwise lose what is not reflected."""
    return sa.Table(
        "restore_outcome",
        sa.MetaData(),
        sa.Column("job_id", Id, nullable=False, autoincrement=False),
        sa.Column("contact_id", Id, nullable=False, autoincrement=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("other_contact_id", Id, nullable=True),
        sa.Column("detail", sa.String(300), nullable=True),
        sa.PrimaryKeyConstraint("job_id", "contact_id", name="pk_restore_outcome"),
        sa.CheckConstraint("outcome IN ('restored', 'skipped', 'failed')", name="ck_restore_outcome_outcome"),
        sa.Index(
            "ix_restore_outcome_not_restored",
            "job_id",
            "contact_id",
            sqlite_where=NOT_RESTORED,
            postgresql_where=NOT_RESTORED,
        ),
        *constraints,
    )


def upgrade() -> None:
    key = sa.ForeignKeyConstraint(["job_id"], ["restore_job.id"], name="fk_restore_outcome_job_id")
    with op.batch_alter_table("restore_outcome", copy_from=ledger(key)) as table:
        table.drop_constraint("fk_restore_outcome_job_id", type_="foreignkey")


def downgrade() -> None:
    with op.batch_alter_table("restore_outcome", copy_from=ledger()) as table:
        table.create_foreign_key("fk_restore_outcome_job_id", "restore_job", ["job_id"], ["id"])
