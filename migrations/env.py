"""Running migrations: on SQLite all in one transaction, on PostgreSQL each in one of its own or in several
(webapp/migrating.py).

On SQLite Alembic rebuilds a table to change it: it drops the old one, and with foreign keys on, the cascade
would empty the tables that refer to it. So foreign keys are off during migrations and checked before the
commit. What a rebuild drops beside the table, its triggers, is made again.
"""

import re
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection, Engine, event

from webapp import migrating
from webapp.models import Base, UtcDateTime
from webapp.models.base import BigId


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Migrations name plain types: they must mean the same when the models have moved on."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and item is BigId:
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False


TRIGRAMS = ("ix_contact_search_folded", "ix_deal_search_folded")


def include_object(item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Ignore the trigram indexes on SQLite: they exist on PostgreSQL only."""
    return not (name in TRIGRAMS and context.get_context().dialect.name == "sqlite")


def configure(**options: Any) -> None:
    context.configure(
        target_metadata=Base.metadata,
        render_item=render_item,
        include_object=include_object,
        render_as_batch=True,
        # SQLite can roll back DDL, too, because the driver begins no transactions by itself.
        transactional_ddl=True,
        compare_type=True,
        **options,
    )


def set_foreign_keys(connection: Connection, state: str) -> None:
    """On the driver's connection, before SQLAlchemy begins a transaction: SQLite ignores it inside of one."""
    assert connection.connection.driver_connection is not None
    connection.connection.driver_connection.execute(f"PRAGMA foreign_keys={state}")


DROPS = re.compile(r'DROP TABLE "?(\w+)"?$')
TAKES_ITS_PLACE = re.compile(r'ALTER TABLE "?_alembic_tmp_\w+"? RENAME TO "?(\w+)"?$')


def keep_triggers(connection: Connection) -> None:
    """Make the triggers of each table that a rebuild drops again, when the new table has taken its place."""
    dropped: dict[str, list[str]] = {}

    @event.listens_for(connection, "before_cursor_execute")
    def remember(_connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if table := DROPS.match(statement.strip()):
            query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
            dropped[table[1]] = [row[0] for row in cursor.execute(query, table.groups()).fetchall()]

    @event.listens_for(connection, "after_cursor_execute")
    def make_again(_connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if table := TAKES_ITS_PLACE.match(statement.strip()):
            for trigger in dropped.pop(table[1], ()):
                cursor.execute(trigger)


def migrate_sqlite(connection: Connection) -> None:
    set_foreign_keys(connection, "OFF")
    try:
        connection = connection.execution_options(writes=True)
        keep_triggers(connection)
        configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration would leave {len(broken)} rows without what they refer to")
    finally:
        set_foreign_keys(connection, "ON")


def migrate_postgresql(engine: Engine) -> None:
    with engine.connect() as connection:
        try:
            migrating.limit_waiting(connection)
            connection.commit()
            configure(connection=connection, transaction_per_migration=True)
            with context.begin_transaction():
                context.run_migrations()
        finally:
            # It does not go back to the pool with its limit.
            connection.invalidate()


def run() -> None:
    if context.is_offline_mode():
        url = current_app.config["SQLALCHEMY_DATABASE_URI"]
        configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"})
        with context.begin_transaction():
            context.run_migrations()
        return
    engine = current_app.extensions["migrate"].db.engine
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            migrate_sqlite(connection)
    else:
        migrating.patiently(lambda: migrate_postgresql(engine))


run()
