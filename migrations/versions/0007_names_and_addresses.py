"""Names of lists, tags and accounts are unique by a key, and international domains have one key.

Nothing is united (docs/adr/0015): what would clash is numbered or keeps its old key, with an audit event.

The previous release still works: it inserts rows without `name_key`, which the indexes tolerate, and relies
on the indexes of the names themselves, which stay until the next release. The worker gives such rows their
keys, and renews the keys of addresses that the previous release has written (`webapp.contacts.mend`).

Revision ID: 0007
Revises: 0006
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from webapp.catalogue.keys import Keyless
from webapp.contacts.address_keys import next_slice, renew_keys

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The tables, and how many characters their names may have.
NAMED = {"account": 160, "mailing_list": 120, "tag": 80}
LIVE = sa.text("deleted_at IS NULL")
SLICE = 10_000


def upgrade() -> None:
    # First, because it waits for transactions in the workspaces, which may wait for the tables locked below.
    renew_addresses()
    for table in NAMED:
        op.add_column(table, sa.Column("name_key", sa.String(255), nullable=True))
        op.create_index(
            f"uq_{table}_live_name_key",
            table,
            ["name_key", "workspace_id"],
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        )
    for table, longest in NAMED.items():
        Keyless(op.get_bind(), table, longest).give_keys(clock())


def renew_addresses() -> None:
    connection = op.get_bind()
    end: int | None = 0
    while end is not None:
        end, out_of_date = next_slice(connection, end, SLICE)
        for workspace_id, ids in sorted(out_of_date.items()):
            renew_keys(connection, workspace_id, ids, clock())


def clock() -> datetime:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment
    return datetime.now(UTC)


def downgrade() -> None:
    for table in NAMED:
        op.drop_index(f"uq_{table}_live_name_key", table)
        op.drop_column(table, "name_key")
