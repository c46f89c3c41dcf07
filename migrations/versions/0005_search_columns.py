"""Columns for the folded form of names and addresses.

Without data, so that it locks the table for a moment only. The previous release continues on its own column,
`text`, which stays until the next release (docs/adr/0014).

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact_search", sa.Column("folded", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "contact_search", sa.Column("folding", sa.SmallInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("contact_search", "folding")
    op.drop_column("contact_search", "folded")
