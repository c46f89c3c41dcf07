"""The state of all tables, in figures, for tests that check that nothing was changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, func, select

from webapp.models import AuditEvent, Base, Contact, Deletion, Job, PrivateText
from webapp.models.audit_event import VISITORS, Action

# A visitor or a user who is refused leaves an event, and where the request came from.
COUNTED = {
    AuditEvent.__table__: AuditEvent.action.not_in((*VISITORS, Action.PROMPT_REFUSED, Action.ACCESS_REFUSED)),
    PrivateText.__table__: PrivateText.workspace_id.is_not(None),
}


def _how_many(table: Any) -> Any:
    rows = select(func.count()).select_from(table)
    return rows.where(COUNTED[table]) if table in COUNTED else rows


# Built once, because thousands of requests are between two readings.
FIGURES = select(
    *(_how_many(table).scalar_subquery().label(table.name) for table in Base.metadata.sorted_tables),
    select(func.count(Contact.deleted_at)).scalar_subquery().label("deleted"),
    select(func.count(Contact.restore_job_id)).scalar_subquery().label("restored"),
    select(func.sum(Contact.version)).scalar_subquery().label("versions"),
    select(func.sum(Deletion.in_bin)).scalar_subquery().label("in the bin"),
)
JOBS = (
    select(Job.state, func.count(), func.count(Job.cancel_requested_at))
    .group_by(Job.state)
    .order_by(Job.state)
)


def state(engine: Engine) -> dict[str, object]:
    """How many rows each table has, and the figures that every act changes."""
    with engine.connect() as connection:
        figures = connection.execute(FIGURES).mappings().one()
        return {**figures, "jobs": connection.execute(JOBS).all()}


@contextmanager
def nothing_changes(engine: Engine) -> Iterator[None]:
    before = state(engine)
    yield
    assert state(engine) == before
