"""`flask db …`: the commands of Flask-Migrate, which loads Alembic; every process loads this."""

from typing import Any

import click


class _LoadedWhenCalled(click.Command):
    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        from flask_migrate.cli import db

        command: click.Command = db
        return command.make_context(info_name, args, parent, **extra)


migrations_command = _LoadedWhenCalled("db", help="Perform database migrations.")
