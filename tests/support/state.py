"""The state of all tables, in figures, for tests that check that nothing was changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, func, select

from webapp.models import AuditEvent, Base, Contact, Deletion, Job, PrivateText
from webapp.models.audit_event import VISITORS, Action


def state(engine: Engine) -> dict[str, object]:
    """How many rows each table has, and the figures that every act changes."""
    with engine.connect() as connection:
        found: dict[str, object] = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
        }
        # A visitor, or a user who is refused, leaves an event, and where the request came from.
        found[AuditEvent.__tablename__] = connection.scalar(
            select(func.count())
            .select_from(AuditEvent)
            .where(AuditEvent.action.not_in((*VISITORS, Action.PROMPT_REFUSED, Action.ACCESS_REFUSED)))
        )
        found[PrivateText.__tablename__] = connection.scalar(
            select(func.count()).select_from(PrivateText).where(PrivateText.workspace_id.is_not(None))
        )
        found["contacts"] = connection.execute(
            select(
                func.count(Contact.deleted_at), func.count(Contact.restore_job_id), func.sum(Contact.version)
            )
        ).one()
        found["bin"] = connection.scalar(select(func.sum(Deletion.in_bin)))
        found["jobs"] = connection.execute(
            select(Job.state, func.count(), func.count(Job.cancel_requested_at))
            .group_by(Job.state)
            .order_by(Job.state)
        ).all()
    return found


@contextmanager
def nothing_changes(engine: Engine) -> Iterator[None]:
    before = state(engine)
    yield
    assert state(engine) == before
