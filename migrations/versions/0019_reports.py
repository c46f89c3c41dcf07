"""What a job's report shows that takes long to find out, written at its end. Quick: no row is rewritten.

The previous release still works: it does not write it, and a report without it is counted as before.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from webapp.migrating import add_column

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_column("restore_job", sa.Column("report", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("restore_job", "report")
