"""The backup of an SQLite database that docs/runbook.md describes: taken while the app writes, and used."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

from flask_migrate import upgrade
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.factories.people import new_world
from tests.support.another_app import another_app
from tests.support.schema import is_whole
from webapp.clock import read_clock
from webapp.extensions import db
from webapp.models import AuditEvent, Tag
from webapp.models.audit_event import Action, record


def test_a_copy_that_is_made_while_the_app_writes_is_whole_and_can_be_used(
    tmp_path: Path, redis_url: str
) -> None:
    environ = {"REDIS_URL": redis_url, "SECRET_KEY": "for tests only", "LOG_LEVEL": "WARNING"}
    copy, begun, over = tmp_path / "backup.db", Event(), Event()
    with another_app(environ, DATABASE_URL=f"sqlite:///{tmp_path}/app.db") as app, app.app_context():
        upgrade()
        engine = db.engine
        with Session(engine) as session:
            world = new_world(session)

        def write() -> int:
            written = 0
            with Session(engine.execution_options(writes=True)) as session:
                while not over.is_set() and written < 10_000:
                    written += 1
                    tag = Tag(workspace_id=world.id, name=f"T{written}", name_key=f"t{written}")
                    session.add(tag)
                    session.flush()
                    record(
                        session,
                        workspace_id=world.id,
                        user_id=world.admin.id,
                        at=read_clock(session),
                        action=Action.TAG_CREATED,
                        subject=f"tag:{tag.id}",
                    )
                    session.commit()
                    begun.set()
            return written

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            begun.wait(30)
            # The command of the runbook.
            with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
                connection.execute("VACUUM INTO ?", [str(copy)])
            over.set()
            written = writing.result()

    with another_app(environ, DATABASE_URL=f"sqlite:///{copy}") as app, app.app_context():
        with Session(db.engine) as session:
            tags = session.scalar(select(func.count()).select_from(Tag)) or 0
            events = session.scalar(select(func.count()).select_from(AuditEvent)) or 0
            triggers = session.scalar(text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"))
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert 1 <= tags == events <= written, "each transaction is there as a whole, or not at all"
        assert triggers == 3
        assert is_whole(db.engine)
        assert app.test_client().get("/readyz").status_code == 200
