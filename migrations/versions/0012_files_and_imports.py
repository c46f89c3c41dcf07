"""Tables for files of jobs and for the ledger of imports, and which job carries a deletion out. Quick: no row
is rewritten.

The previous release still works: it reads none of the new tables, and a deletion that is under way is not
restorable for it either. It cannot carry out the new kinds of job, which wait until this release runs.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
OUTCOMES = ("added", "updated", "skipped", "rejected")


def upgrade() -> None:
    op.create_table(
        "stored_file",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("job_id", Id, nullable=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("size", Id, nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("completed_at", Moment, nullable=True),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("about", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_stored_file"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_stored_file_workspace_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_stored_file_user_id"),
        sa.ForeignKeyConstraint(["job_id"], ["restore_job.id"], name="fk_stored_file_job_id"),
    )
    for column in ("workspace_id", "user_id", "job_id", "expires_at"):
        op.create_index(f"ix_stored_file_{column}", "stored_file", [column])
    op.create_table(
        "stored_part",
        sa.Column("file_id", Id, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "number", name="pk_stored_part"),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name="fk_stored_part_file_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "import_line",
        sa.Column("job_id", Id, autoincrement=False, nullable=False),
        sa.Column("line", Id, autoincrement=False, nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(*OUTCOMES, name="outcome", length=16, native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("reason", sa.JSON(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("job_id", "line", name="pk_import_line"),
    )
    _partial("ix_import_line_not_added", ["job_id", "outcome", "line"], "outcome <> 'added'")
    _partial("ix_import_line_record", ["job_id", "line"], "record IS NOT NULL")
    _partial("ix_import_line_contact", ["contact_id"], "contact_id IS NOT NULL")
    with op.batch_alter_table("deletion") as batch:
        batch.add_column(sa.Column("job_id", Id, nullable=True))
        batch.create_foreign_key("fk_deletion_job_id", "restore_job", ["job_id"], ["id"])
        batch.create_index("ix_deletion_job_id", ["job_id"])


def _partial(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "import_line", columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    with op.batch_alter_table("deletion") as batch:
        batch.drop_index("ix_deletion_job_id")
        batch.drop_constraint("fk_deletion_job_id", type_="foreignkey")
        batch.drop_column("job_id")
    op.drop_table("import_line")
    op.drop_table("stored_part")
    op.drop_table("stored_file")
