"""What plans, reports, undoing and notices need: notes, losses, texts of their own, a place in line.

The previous release still works: all columns that it does not know may be null. A deal that it deletes with
its last contact has no `deleted_by_deletion_id`, and so counts as deleted by hand.

Revision ID: 0009
Revises: 0008
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
# A deletion gives the deals that it deletes its own moment.
WITH_ITS_LAST_CONTACT = sa.text(
    "UPDATE deal SET deleted_by_deletion_id = ("
    " SELECT max(deletion.id) FROM deal_contact"
    " JOIN deletion ON deletion.id = deal_contact.detached_by_deletion_id"
    " WHERE deal_contact.deal_id = deal.id AND deletion.created_at = deal.deleted_at"
    ") WHERE deleted_at IS NOT NULL"
)
# What ended before there were notices is no news.
ENDED_BEFORE = sa.text(
    "INSERT INTO notice_seen (user_id, kind, subject_id, at)"
    " SELECT requested_by, 'job_ended', id, finished_at FROM restore_job"
    " WHERE requested_by IS NOT NULL AND finished_at IS NOT NULL"
)


def partial(name: str, table: str, *columns: str, where: str, unique: bool = False) -> None:
    condition: dict[str, Any] = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(name, table, list(columns), unique=unique, **condition)


def upgrade() -> None:
    op.create_table(
        "contact_note",
        sa.Column("id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("job_id", Id, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contact_note"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_contact_note_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_contact_note_user_id"),
        sa.ForeignKeyConstraint(["job_id"], ["restore_job.id"], name="fk_contact_note_job_id"),
    )
    op.create_index("ix_contact_note_contact_id", "contact_note", ["contact_id", "id"])
    op.create_index("ix_contact_note_user_id", "contact_note", ["user_id"])
    partial("ix_contact_note_job_id", "contact_note", "job_id", where="job_id IS NOT NULL")
    op.create_table(
        "restore_link",
        sa.Column("job_id", Id, autoincrement=False, nullable=False),
        sa.Column("effect", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item_id", Id, autoincrement=False, nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "effect", "kind", "item_id", name="pk_restore_link"),
    )
    op.create_table(
        "notice_seen",
        sa.Column("user_id", Id, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject_id", Id, autoincrement=False, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", "subject_id", name="pk_notice_seen"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_notice_seen_user_id"),
    )
    op.create_table(
        "private_text",
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_private_text"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_private_text_workspace_id"),
    )
    op.create_index("ix_private_text_created_at", "private_text", ["created_at"])
    op.create_index("ix_private_text_workspace_id", "private_text", ["workspace_id"])
    op.add_column("restore_outcome", sa.Column("version", sa.Integer(), nullable=True))
    partial(
        "ix_restore_outcome_with_reason",
        "restore_outcome",
        "job_id",
        "contact_id",
        where="reason IS NOT NULL",
    )
    op.add_column("restore_job", sa.Column("waits_for_group", sa.String(20), nullable=True))
    op.add_column("restore_job", sa.Column("promoted_at", Moment, nullable=True))
    partial(
        "uq_restore_job_in_line",
        "restore_job",
        "workspace_id",
        "waits_for_group",
        where="waits_for_group IS NOT NULL AND state = 'queued'",
        unique=True,
    )
    with op.batch_alter_table("deal") as deal:
        deal.add_column(sa.Column("deleted_by_deletion_id", Id, nullable=True))
        deal.create_foreign_key(
            "fk_deal_deleted_by_deletion_id", "deletion", ["deleted_by_deletion_id"], ["id"]
        )
    partial(
        "ix_deal_deleted_by_deletion_id",
        "deal",
        "deleted_by_deletion_id",
        where="deleted_by_deletion_id IS NOT NULL",
    )
    op.execute(WITH_ITS_LAST_CONTACT)
    op.execute(ENDED_BEFORE)


def downgrade() -> None:
    op.drop_index("ix_deal_deleted_by_deletion_id", "deal")
    with op.batch_alter_table("deal") as deal:
        deal.drop_constraint("fk_deal_deleted_by_deletion_id", type_="foreignkey")
        deal.drop_column("deleted_by_deletion_id")
    op.drop_index("uq_restore_job_in_line", "restore_job")
    op.drop_column("restore_job", "promoted_at")
    op.drop_column("restore_job", "waits_for_group")
    op.drop_index("ix_restore_outcome_with_reason", "restore_outcome")
    op.drop_column("restore_outcome", "version")
    for table in ("private_text", "notice_seen", "restore_link", "contact_note"):
        op.drop_table(table)
