"""Fold the names and addresses that are stored, in batches, and index the result.

On PostgreSQL each batch is a transaction of its own, so that no row is locked for long; a migration that was
killed continues where it was. The worker folds what the previous release adds afterwards. Its searches lose
their index: they stay right, and take about a second in an account of a million.

Revision ID: 0006
Revises: 0005
"""

from contextlib import nullcontext

import sqlalchemy as sa
from alembic import op

from webapp import folding

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BATCH = 5000
STALE = sa.text("folding <> 1")

NEXT = sa.text(
    "SELECT contact.id, first_name, last_name, email FROM contact_search "
    "JOIN contact ON contact.id = contact_id "
    "WHERE contact_id > :after AND folding <> :folding ORDER BY contact_id LIMIT :batch"
)
STORE = sa.text(
    "UPDATE contact_search SET folded = :folded, folding = :folding "
    "WHERE contact_id = :id AND folding <> :folding"
)


def fold() -> None:
    connection, after = op.get_bind(), 0
    values = {"folding": folding.FOLDING, "batch": BATCH}
    while rows := connection.execute(NEXT, values | {"after": after}).all():
        connection.execute(
            STORE,
            [
                {"id": contact_id, "folded": folding.folded(*names), "folding": folding.FOLDING}
                for contact_id, *names in rows
            ],
        )
        after = rows[-1][0]


def index_trigrams(column: str) -> None:
    op.create_index(
        f"ix_contact_search_{column}",
        "contact_search",
        [column],
        postgresql_using="gin",
        postgresql_ops={column: "gin_trgm_ops"},
    )


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    with op.get_context().autocommit_block() if is_postgresql else nullcontext():
        fold()
    op.create_index(
        "ix_contact_search_stale",
        "contact_search",
        ["workspace_id", "contact_id"],
        sqlite_where=STALE,
        postgresql_where=STALE,
    )
    if is_postgresql:
        op.drop_index("ix_contact_search_text", "contact_search")
        index_trigrams("folded")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_contact_search_folded", "contact_search")
        index_trigrams("text")
    op.drop_index("ix_contact_search_stale", "contact_search")
