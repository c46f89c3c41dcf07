"""Persons: one address and one password for a user in each account, their sessions, and links that work once.
Quick: users are few.

Each user becomes a person with the user's address and password. The previous release still works: it reads
the address and the password of `app_user`, which this release keeps; its sessions are cookies of its own.

The downgrade keeps the users and drops the sessions. It refuses where one address has a user in several
accounts: the previous release knows only one.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from webapp.migrating import add_column, commit

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
PURPOSES = ("reset", "invitation")


def upgrade() -> None:
    # Not in batch mode, which would rebuild the table on SQLite.
    add_column(
        "workspace",
        sa.Column("requires_second_factor", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    commit()
    _create_tables_of_persons()
    # The strongest lock first: what refers to users is made when it is held.
    _extend_users()
    _create_tables_of_users()
    _make_persons()


def _create_tables_of_persons() -> None:
    op.create_table(
        "person",
        sa.Column("id", Id, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("password_changed_at", Moment, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("totp_secret", sa.String(200), nullable=True),
        sa.Column("totp_since", Moment, nullable=True),
        sa.Column("totp_last_step", Id, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("email", name="uq_person_email"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        _of_a_person("recovery_code"),
    )
    op.create_index("ix_recovery_code_person_id", "recovery_code", ["person_id"])
    op.create_table(
        "reset_request",
        sa.Column("id", Id, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("network_address", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_reset_request"),
    )


def _extend_users() -> None:
    with op.batch_alter_table("app_user") as user:
        user.add_column(sa.Column("person_id", Id, nullable=True))
        user.add_column(sa.Column("accepted_at", Moment, nullable=True))
        user.add_column(sa.Column("seen_at", Moment, nullable=True))
        user.alter_column("password_hash", existing_type=sa.String(200), server_default="!")
        user.drop_constraint("uq_app_user_email", type_="unique")
        user.create_unique_constraint("uq_app_user_workspace_id_email", ["workspace_id", "email"])
        user.create_unique_constraint("uq_app_user_workspace_id_person_id", ["workspace_id", "person_id"])
        user.create_foreign_key("fk_app_user_person_id", "person", ["person_id"], ["id"])
        user.create_index("ix_app_user_person_id", ["person_id"])
        user.create_index("ix_app_user_email", ["email"])


def _create_tables_of_users() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", Id, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("began_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("proved_at", Moment, nullable=True),
        sa.Column("browser", sa.String(200), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
        sa.UniqueConstraint("key_hash", name="uq_sign_in_key_hash"),
        _of_a_person("sign_in"),
        _of_a_user("sign_in"),
    )
    for column in ("person_id", "user_id", "began_at"):
        op.create_index(f"ix_sign_in_{column}", "sign_in", [column])
    op.create_table(
        "one_time_link",
        sa.Column("id", Id, nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(*PURPOSES, name="purpose", length=16, native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.Column("mail_at", Moment, nullable=True),
        sa.Column("sent_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_link"),
        _of_a_person("one_time_link"),
        _of_a_user("one_time_link"),
    )
    for column in ("person_id", "user_id", "expires_at"):
        op.create_index(f"ix_one_time_link_{column}", "one_time_link", [column])


def _of_a_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=f"fk_{table}_person_id", ondelete="CASCADE"
    )


def _of_a_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["app_user.id"], name=f"fk_{table}_user_id", ondelete="CASCADE"
    )


def _make_persons() -> None:
    """A password is as old as this migration, because how old it is was not kept. Hashes that no password has
    ("!") stood for users who cannot sign in."""
    op.execute(
        "INSERT INTO person (email, password_hash, password_changed_at, created_at)"
        " SELECT email, CASE WHEN password_hash = '!' THEN NULL ELSE password_hash END,"
        " CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM app_user"
    )
    op.execute(
        "UPDATE app_user SET accepted_at = CURRENT_TIMESTAMP,"
        " person_id = (SELECT person.id FROM person WHERE person.email = app_user.email)"
    )


def downgrade() -> None:
    shared = op.get_bind().scalar(
        sa.text("SELECT count(*) FROM (SELECT 1 FROM app_user GROUP BY email HAVING count(*) > 1) AS shared")
    )
    if shared:
        raise RuntimeError(
            f"{shared} addresses have users in several accounts, and the previous release knows only one of"
            " them. Give the other users another address first."
        )
    op.drop_column("workspace", "requires_second_factor")
    with op.batch_alter_table("app_user") as user:
        user.drop_index("ix_app_user_email")
        user.drop_index("ix_app_user_person_id")
        user.drop_constraint("fk_app_user_person_id", type_="foreignkey")
        user.drop_constraint("uq_app_user_workspace_id_person_id", type_="unique")
        user.drop_constraint("uq_app_user_workspace_id_email", type_="unique")
        user.create_unique_constraint("uq_app_user_email", ["email"])
        user.alter_column("password_hash", existing_type=sa.String(200), server_default=None)
        user.drop_column("seen_at")
        user.drop_column("accepted_at")
        user.drop_column("person_id")
    for table in ("reset_request", "one_time_link", "sign_in", "recovery_code", "person"):
        op.drop_table(table)
