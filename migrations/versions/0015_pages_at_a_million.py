"""The titles of deals in the form to search in, and the contacts of an account by their Created Dates.

On PostgreSQL each index is built while others write, and the titles are folded batch by batch in transactions
of their own, so that no row is locked for long. A migration that was killed in them begins again.

The previous release still works: it uses neither. The worker folds the titles of deals that it makes or
renames afterwards (webapp/contacts/mend.py). It sorts an account's contacts itself.

Revision ID: 0015
Revises: 0014
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

from webapp import folding

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BATCH = 5000
STALE = sa.text("CASE WHEN searched_version = version THEN 1 END IS NULL")
LIVE = sa.text("deleted_at IS NULL")
OF_ACCOUNT = "ix_contact_live_account"
TRIGRAMS = "ix_deal_search_folded"

NEXT = sa.text(
    "SELECT id, workspace_id, title, version FROM deal WHERE id > :after AND searched_version <> version "
    "ORDER BY id LIMIT :batch"
)
FORGET = sa.text("DELETE FROM deal_search WHERE deal_id = :id")
STORE = sa.text("INSERT INTO deal_search (deal_id, workspace_id, folded) VALUES (:id, :workspace, :folded)")
MARK = sa.text("UPDATE deal SET searched_version = :version WHERE id = :id")


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
    # Both stand there where the migration was killed in what follows.
    if not sa.inspect(op.get_bind()).has_table("deal_search"):
        _add_titles()
    with beside_writers():
        _fold_titles()
        _build("contact", OF_ACCOUNT, ["account_id", "created_at", "id"], LIVE)
        _build("deal", "ix_deal_stale", ["workspace_id", "id"], STALE)
        if is_postgresql():
            op.drop_index(TRIGRAMS, "deal_search", if_exists=True, postgresql_concurrently=True)
            op.create_index(
                TRIGRAMS,
                "deal_search",
                ["folded"],
                postgresql_using="gin",
                postgresql_ops={"folded": "gin_trgm_ops"},
                postgresql_concurrently=True,
            )


def _add_titles() -> None:
    op.create_table(
        "deal_search",
        sa.Column("deal_id", Id, autoincrement=False, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", name="pk_deal_search"),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name="fk_deal_search_deal_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_deal_search_workspace_id"),
    )
    op.create_index("ix_deal_search_workspace_id", "deal_search", ["workspace_id"])
    op.add_column("deal", sa.Column("searched_version", sa.Integer(), nullable=False, server_default="0"))


def _fold_titles() -> None:
    connection, after = op.get_bind(), 0
    while deals := connection.execute(NEXT, {"after": after, "batch": BATCH}).all():
        rows = [
            {"id": row_id, "workspace": workspace, "folded": folding.folded_title(title), "version": version}
            for row_id, workspace, title, version in deals
        ]
        # In this order, so that a deal is marked when its title is there.
        for statement in (FORGET, STORE, MARK):
            names = statement.compile().params
            connection.execute(statement, [{name: row[name] for name in names} for row in rows])
        after = deals[-1][0]


def _build(table: str, name: str, columns: list[str], condition: sa.TextClause) -> None:
    """Build the index in place of the one that has its name, if there is one: a build that was killed leaves
    an invalid one."""
    new = f"{name}_new" if is_postgresql() else name
    _drop(new, table)
    op.create_index(
        new,
        table,
        columns,
        sqlite_where=condition,
        postgresql_where=condition,
        postgresql_concurrently=is_postgresql(),
    )
    if is_postgresql():
        _drop(name, table)
        op.execute(f"ALTER INDEX {new} RENAME TO {name}")


def _drop(name: str, table: str) -> None:
    op.drop_index(name, table, if_exists=True, postgresql_concurrently=is_postgresql())


def downgrade() -> None:
    with beside_writers():
        _build("contact", OF_ACCOUNT, ["account_id", "id"], LIVE)
        _drop("ix_deal_stale", "deal")
    with op.batch_alter_table("deal") as batch:
        batch.drop_column("searched_version")
    op.drop_table("deal_search")
