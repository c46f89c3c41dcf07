"""`flask release`: the release phase, which each host runs before a release's processes start."""

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.cli.release_lock import one_release
from webapp.extensions import db


@click.command("release")
@with_appcontext
def release() -> None:
    """Bring the database up to date, before the processes of this release start.

    A database that a later release has migrated stays as it is: hosts run this command for a rollback, too,
    and each migration leaves the release before it working (docs/deploy.md). Running it twice changes
    nothing; of two at once, one waits for the other.
    """
    with one_release(db.engine):
        _migrate()


def _migrate() -> None:
    # Here, because every process loads the commands.
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from flask_migrate import upgrade

    scripts = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    known = {script.revision for script in scripts.walk_revisions()}
    with db.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        click.echo(f"The database is of a later release (migration {found}). It stays as it is.")
        return
    upgrade()
    click.echo("The database is up to date.")
