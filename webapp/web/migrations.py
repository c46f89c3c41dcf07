"""Whether the database has the tables of this release."""

from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

MIGRATIONS = str(Path(__file__).parents[2] / "migrations")


def is_migrated(session: Session) -> bool:
    """Whether no migration of this release is pending. A later one may have migrated further: this one works
    with its tables, too. Never fails."""
    try:
        revisions = session.scalars(text("SELECT version_num FROM alembic_version")).all()
    except DBAPIError:
        session.rollback()
        return False
    known, newest = _revisions()
    return bool(revisions) and all(each == newest or each not in known for each in revisions)


@cache
def _revisions() -> tuple[frozenset[str], str | None]:
    """The revisions of this release, and the newest. Read once: it compiles every migration."""
    # Here, so that `make run` loads it only where there is a database to ask about.
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(MIGRATIONS)
    return frozenset(script.revision for script in scripts.walk_revisions()), scripts.get_current_head()
