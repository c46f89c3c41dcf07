"""Amounts with four decimals, because a currency has up to four; until now all had two.

The previous release still works: it reads and writes amounts with two.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OLD, NEW = sa.Numeric(14, 2), sa.Numeric(16, 4)


def upgrade() -> None:
    with op.batch_alter_table("deal") as deal:
        deal.alter_column("value", existing_type=OLD, type_=NEW, existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("deal") as deal:
        deal.alter_column("value", existing_type=NEW, type_=OLD, existing_nullable=False)
