"""Columns for the CRM's own pages, for settings and for sending e-mail. Quick: no row is rewritten.

The previous release still works: it fills in no new column, and each may be null or has a default. It reads a
message without a contact as one that cannot be sent, and ends it; it sends no e-mail, whatever it writes.

Revision ID: 0010
Revises: 0009
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)

# Table, column, and the table and the action of its foreign key.
REFERENCES = (
    ("automation_run", "caused_by_id", "automation", None),
    ("campaign", "automation_id", "automation", None),
    ("campaign_send", "list_id", "mailing_list", None),
    ("campaign_send", "user_id", "app_user", None),
    ("suppression", "contact_id", "contact", "SET NULL"),
)


def columns() -> dict[str, list[sa.Column[Any]]]:
    """The new columns without foreign keys, by table."""
    return {
        "workspace": [
            sa.Column("currency", sa.String(3), nullable=False, server_default="USD"),
            sa.Column("date_language", sa.String(12), nullable=False, server_default="en"),
            sa.Column("sender_name", sa.String(120), nullable=False, server_default=""),
            sa.Column("sender_email", sa.String(254), nullable=False, server_default=""),
            sa.Column("postal_line", sa.Text(), nullable=False, server_default=""),
            sa.Column("link_key", sa.String(64), nullable=True),
        ],
        "deal": [
            sa.Column("created_at", Moment, nullable=True),
            sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        ],
        "contact_tag": [sa.Column("added_at", Moment, nullable=True)],
        "automation": [
            sa.Column("created_at", Moment, nullable=True),
            sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
            sa.Column("deleted_at", Moment, nullable=True),
        ],
        "campaign": [
            sa.Column("created_at", Moment, nullable=True),
            sa.Column("sent_at", Moment, nullable=True),
            sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
            sa.Column("deleted_at", Moment, nullable=True),
        ],
        "campaign_send": [
            sa.Column("kind", sa.String(16), nullable=False, server_default="campaign"),
            sa.Column("taken_at", Moment, nullable=True),
            sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default="0"),
            sa.Column("transport", sa.String(10), nullable=True),
            sa.Column("reply", sa.SmallInteger(), nullable=True),
        ],
    }


def upgrade() -> None:
    op.create_table(
        "group_right",
        sa.Column("group_id", Id, autoincrement=False, nullable=False),
        sa.Column("right", sa.String(30), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "right", name="pk_group_right"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["user_group.id"], name="fk_group_right_group_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "mail_trouble",
        sa.Column("workspace_id", Id, autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("reply", sa.SmallInteger(), nullable=True),
        sa.Column("since", Moment, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("again_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_mail_trouble"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_mail_trouble_workspace_id"),
    )
    for table, added in columns().items():
        for column in added:
            op.add_column(table, column)
    for table, reference, target, on_delete in REFERENCES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(reference, Id, nullable=True))
            batch.create_foreign_key(
                f"fk_{table}_{reference}", target, [reference], ["id"], ondelete=on_delete
            )
    with op.batch_alter_table("campaign_send") as batch:
        batch.alter_column("campaign_id", existing_type=Id, nullable=True)
        batch.alter_column("contact_id", existing_type=Id, nullable=True)


def downgrade() -> None:
    # The release before has no messages without a campaign or a contact.
    op.execute("DELETE FROM campaign_send WHERE campaign_id IS NULL OR contact_id IS NULL")
    with op.batch_alter_table("campaign_send") as batch:
        batch.alter_column("contact_id", existing_type=Id, nullable=False)
        batch.alter_column("campaign_id", existing_type=Id, nullable=False)
    for table, reference, _, _ in reversed(REFERENCES):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"fk_{table}_{reference}", type_="foreignkey")
            batch.drop_column(reference)
    for table, added in columns().items():
        with op.batch_alter_table(table) as batch:
            for gone in added:
                batch.drop_column(gone.name)
    op.drop_table("mail_trouble")
    op.drop_table("group_right")
