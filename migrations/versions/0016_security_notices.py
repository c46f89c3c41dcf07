"""Messages that tell a person what has changed about their sign-in. Quick: one new table.

The previous release still works: it writes no notice, and its worker sends none.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from webapp.migrating import beside_others, build_index, commit

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    if not sa.inspect(op.get_bind()).has_table("security_notice"):
        _add_table()
    commit()
    with beside_others():
        for column in ("person_id", "expires_at"):
            build_index(f"ix_security_notice_{column}", "security_notice", [column])


def _add_table() -> None:
    op.create_table(
        "security_notice",
        sa.Column("id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("by", sa.String(20), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("browser", sa.String(200), nullable=False, server_default=""),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("mail_at", Moment, nullable=True),
        sa.Column("sent_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_security_notice"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_security_notice_person_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("security_notice")
