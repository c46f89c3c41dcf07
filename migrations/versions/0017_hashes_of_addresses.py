"""The start of the hash of each contact's address, by which the link of a purged contact finds who has it.

It stands beside the search text, which deleting and restoring do not write. It is filled batch by batch in
transactions of their own, so that no row is locked for long; on PostgreSQL the indexes are built while others
write. A migration that was killed goes on where it was.

The previous release still works: it does not know the column. What it adds has no hash until the worker has
given it one (webapp/contacts/mend.py).

Revision ID: 0017
Revises: 0015
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

from webapp.database import sha256_hex

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

BATCH = 5000
INDEXES = {
    "ix_contact_search_hash_start": (["hash_start"], None),
    "ix_contact_search_without_hash": (["workspace_id", "contact_id"], sa.text("hash_start IS NULL")),
}
CONTACT = sa.table("contact", sa.column("id"), sa.column("email_key"))
SEARCH = sa.table("contact_search", sa.column("contact_id"), sa.column("hash_start"))


def is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


@contextmanager
def beside_writers() -> Iterator[None]:
    if not is_postgresql():
        yield
        return
    with op.get_context().autocommit_block():
        yield


def upgrade() -> None:
    # It stands there where the migration was killed in what follows.
    if "hash_start" not in {each["name"] for each in sa.inspect(op.get_bind()).get_columns("contact_search")}:
        op.add_column("contact_search", sa.Column("hash_start", sa.String(16)))
    with beside_writers():
        _fill()
        for name, (columns, condition) in INDEXES.items():
            _drop(name)
            op.create_index(
                name,
                "contact_search",
                columns,
                sqlite_where=condition,
                postgresql_where=condition,
                postgresql_concurrently=is_postgresql(),
            )


def _fill() -> None:
    """Before the indexes, so that they are built once."""
    connection, after = op.get_bind(), 0
    start = sa.func.substr(sha256_hex(CONTACT.c.email_key), 1, 16)
    of_contact = sa.select(start).where(CONTACT.c.id == SEARCH.c.contact_id).scalar_subquery()
    while True:
        near = sa.select(SEARCH.c.contact_id).where(SEARCH.c.contact_id > after).order_by(SEARCH.c.contact_id)
        end = connection.scalar(sa.select(sa.func.max(near.limit(BATCH).subquery().c.contact_id)))
        if end is None:
            return
        these = SEARCH.c.contact_id > after, SEARCH.c.contact_id <= end, SEARCH.c.hash_start.is_(None)
        connection.execute(
            sa.update(SEARCH).where(*these).values(hash_start=sa.func.coalesce(of_contact, ""))
        )
        after = end


def _drop(name: str) -> None:
    op.drop_index(name, "contact_search", if_exists=True, postgresql_concurrently=is_postgresql())


def downgrade() -> None:
    with beside_writers():
        for name in INDEXES:
            _drop(name)
    with op.batch_alter_table("contact_search") as batch:
        batch.drop_column("hash_start")
