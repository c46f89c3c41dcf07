"""The titles of deals in the form to search in, and the contacts of an account by their Created Dates.

On PostgreSQL each index is built while others write, and the titles are folded batch by batch in transactions
of their own, so that no row is locked for long. A migration that was killed in them begins again.

The previous release still works: it uses neither. The worker folds the titles of deals that it makes or
renames afterwards (webapp/contacts/mend.py). It sorts an account's contacts itself.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from webapp import folding
from webapp.migrating import beside_others, build_index, commit, drop_index, is_postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BATCH = 1000
STALE = "CASE WHEN searched_version = version THEN 1 END IS NULL"
LIVE = "deleted_at IS NULL"
OF_DEAL = "fk_deal_search_deal_id"
OF_ACCOUNT = "ix_contact_live_account"

NEXT = (
    "SELECT id, workspace_id, title, version FROM deal WHERE id > :after AND searched_version <> version "
    "ORDER BY id LIMIT :batch"
)
# It waits for no one. The worker folds the title of a deal that is being written now.
UNLOCKED = " FOR NO KEY UPDATE SKIP LOCKED"
FORGET = sa.text("DELETE FROM deal_search WHERE deal_id = :id")
STORE = sa.text("INSERT INTO deal_search (deal_id, workspace_id, folded) VALUES (:id, :workspace, :folded)")
MARK = sa.text("UPDATE deal SET searched_version = :version WHERE id = :id")


def upgrade() -> None:
    _add_table()
    commit()
    _add_column()
    commit()
    _fold_titles()
    with beside_others():
        build_index(OF_ACCOUNT, "contact", ["account_id", "created_at", "id"], where=LIVE)
        build_index("ix_deal_stale", "deal", ["workspace_id", "id"], where=STALE)
        if is_postgresql():
            build_index(
                "ix_deal_search_folded",
                "deal_search",
                ["folded"],
                postgresql_using="gin",
                postgresql_ops={"folded": "gin_trgm_ops"},
            )


def _add_table() -> None:
    if _is_there("deal_search"):
        return
    op.create_table(
        "deal_search",
        sa.Column("deal_id", Id, autoincrement=False, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", name="pk_deal_search"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_deal_search_workspace_id"),
        # SQLite cannot add it afterwards; PostgreSQL locks `deal` for it.
        *(() if is_postgresql() else (_of_deal(),)),
    )
    op.create_index("ix_deal_search_workspace_id", "deal_search", ["workspace_id"])


def _of_deal() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=OF_DEAL, ondelete="CASCADE")


def _add_column() -> None:
    if _is_there("deal", "searched_version"):
        return
    op.add_column("deal", sa.Column("searched_version", sa.Integer(), nullable=False, server_default="0"))
    if is_postgresql():
        op.create_foreign_key(OF_DEAL, "deal_search", "deal", ["deal_id"], ["id"], ondelete="CASCADE")


def _is_there(table: str, column: str | None = None) -> bool:
    """Whether a migration that was killed has made it."""
    found = sa.inspect(op.get_bind())
    if column is None:
        return found.has_table(table)
    return column in {each["name"] for each in found.get_columns(table)}


def _fold_titles() -> None:
    connection, after = op.get_bind(), 0
    following = sa.text(NEXT + (UNLOCKED if is_postgresql() else ""))
    while deals := connection.execute(following, {"after": after, "batch": BATCH}).all():
        rows = [
            {"id": row_id, "workspace": workspace, "folded": folding.folded_title(title), "version": version}
            for row_id, workspace, title, version in deals
        ]
        # In this order, so that a deal is marked when its title is there.
        for statement in (FORGET, STORE, MARK):
            names = statement.compile().params
            connection.execute(statement, [{name: row[name] for name in names} for row in rows])
        commit()
        after = deals[-1][0]


def downgrade() -> None:
    with beside_others():
        build_index(OF_ACCOUNT, "contact", ["account_id", "id"], where=LIVE)
        drop_index("ix_deal_stale", "deal")
    with op.batch_alter_table("deal") as batch:
        batch.drop_column("searched_version")
    op.drop_table("deal_search")
