"""The start of the hash of each contact's address, by which the link of a purged contact finds who has it.

It stands beside the search text, which deleting and restoring do not write. It is filled batch by batch in
transactions of their own, so that no row is locked for long; on PostgreSQL the indexes are built while others
write. A migration that was killed goes on where it was.

The previous release still works: it does not know the column. What it adds has no hash until the worker has
given it one (webapp/contacts/mend.py).

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from webapp.database import sha256_hex
from webapp.migrating import add_column, beside_others, build_index, commit, drop_index, is_postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BATCH = 5000
OF_HASH, WITHOUT_HASH = "ix_contact_search_hash_start", "ix_contact_search_without_hash"
CONTACT = sa.table("contact", sa.column("id"), sa.column("email_key"))
SEARCH = sa.table("contact_search", sa.column("contact_id"), sa.column("hash_start"))


def upgrade() -> None:
    add_column("contact_search", sa.Column("hash_start", sa.String(16)))
    commit()
    _fill()
    # Afterwards, so that they are built once.
    with beside_others():
        build_index(OF_HASH, "contact_search", ["hash_start"])
        build_index(
            WITHOUT_HASH, "contact_search", ["workspace_id", "contact_id"], where="hash_start IS NULL"
        )


def _fill() -> None:
    """It waits for no one: the worker gives a row that is locked its hash."""
    connection, after = op.get_bind(), 0
    start = sa.func.substr(sha256_hex(CONTACT.c.email_key), 1, 16)
    of_contact = sa.select(start).where(CONTACT.c.id == SEARCH.c.contact_id).scalar_subquery()
    following = sa.select(SEARCH.c.contact_id).order_by(SEARCH.c.contact_id).limit(BATCH)
    if is_postgresql():
        following = following.with_for_update(skip_locked=True, key_share=True)
    without = SEARCH.c.hash_start.is_(None)
    while ids := connection.scalars(following.where(SEARCH.c.contact_id > after, without)).all():
        these = SEARCH.c.contact_id.between(ids[0], ids[-1]), SEARCH.c.contact_id.in_(ids)
        connection.execute(
            sa.update(SEARCH).where(*these).values(hash_start=sa.func.coalesce(of_contact, ""))
        )
        commit()
        after = ids[-1]


def downgrade() -> None:
    with beside_others():
        for name in (OF_HASH, WITHOUT_HASH):
            drop_index(name, "contact_search")
    with op.batch_alter_table("contact_search") as batch:
        batch.drop_column("hash_start")
