"""How often something of an account has changed, by which the pages know that a number they counted is old.

The previous release still works: it does not count its own changes, and the pages forget a number after some
seconds in any case.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from webapp.migrating import add_column

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_column("workspace", sa.Column("changes", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("workspace", "changes")
