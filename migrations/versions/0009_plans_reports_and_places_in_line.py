"""What plans, reports, undoing and notices need: notes, losses, texts of their own, a place in line.

The previous release still works: all columns that it does not know may be null. A deal that it deletes with
its last contact has no `deleted_by_deletion_id`, and so counts as deleted by hand. It reads a job's request,
whose search finds nothing where its words have been set apart; it no longer needs the columns of the release
before it, which are adopted and emptied here as far as they hold texts (docs/adr/0021).

Revision ID: 0009
Revises: 0008
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
# A deletion gives the deals that it deletes its own moment.
WITH_ITS_LAST_CONTACT = sa.text(
    "UPDATE deal SET deleted_by_deletion_id = ("
    " SELECT max(deletion.id) FROM deal_contact"
    " JOIN deletion ON deletion.id = deal_contact.detached_by_deletion_id"
    " WHERE deal_contact.deal_id = deal.id AND deletion.created_at = deal.deleted_at"
    ") WHERE deleted_at IS NOT NULL"
)
# What ended before there were notices is no news.
ENDED_BEFORE = sa.text(
    "INSERT INTO notice_seen (user_id, kind, subject_id, at)"
    " SELECT requested_by, 'job_ended', id, finished_at FROM restore_job"
    " WHERE requested_by IS NOT NULL AND finished_at IS NOT NULL"
)
# Deleted contacts can be restored for so long, and texts that can name a person are kept for as long.
WINDOW = timedelta(days=30)
ACTIVE = ("queued", "running")
# Stands in for a search whose words are kept apart. A character that is in no text.
ERASED = "\uffff"
# How the releases before the folded search understood a search.
LITERAL = 0
COUNTERS = ("restored", "skipped", "failed")
# Sentences, which the first release stored with a scope; and what else a scope of its has.
PROSE: dict[str, Any] = {"title": "", "words": "", "skips": []}
SCOPE = (
    *("workspace_id", "as_of", "through_number", "key", "expected"),
    *("ids", "filters", "plan_digest"),
)
JOB = sa.table(
    "restore_job",
    *(sa.column(name, Id) for name in ("id", "workspace_id", "through_number", "cursor_id")),
    *(sa.column(name, sa.JSON(none_as_null=True)) for name in ("scope", "request", "counts", "cursor")),
    *(sa.column(name, sa.JSON(none_as_null=True)) for name in ("error", "reason")),
    *(sa.column(name, sa.Integer()) for name in ("number", *COUNTERS)),
    *(sa.column(name, sa.String()) for name in ("job_kind", "kind", "state", "scope_hash", "scope_words")),
    *(sa.column(name, sa.String()) for name in ("why", "last_error")),
    *(sa.column(name, Moment) for name in ("created_at", "as_of", "cursor_deleted_at")),
)
TEXT = sa.table(
    "private_text",
    *(sa.column(name, sa.String()) for name in ("subject", "text")),
    sa.column("workspace_id", Id),
    sa.column("created_at", Moment),
)
EVENT = sa.table(
    "audit_event",
    *(sa.column(name, Id) for name in ("id", "workspace_id")),
    sa.column("action", sa.String()),
    sa.column("detail", sa.JSON()),
    sa.column("at", Moment),
)


def partial(name: str, table: str, *columns: str, where: str, unique: bool = False) -> None:
    condition: dict[str, Any] = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(name, table, list(columns), unique=unique, **condition)


def upgrade() -> None:
    op.create_table(
        "contact_note",
        sa.Column("id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("job_id", Id, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contact_note"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_contact_note_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_contact_note_user_id"),
        sa.ForeignKeyConstraint(["job_id"], ["restore_job.id"], name="fk_contact_note_job_id"),
    )
    op.create_index("ix_contact_note_contact_id", "contact_note", ["contact_id", "id"])
    op.create_index("ix_contact_note_user_id", "contact_note", ["user_id"])
    partial("ix_contact_note_job_id", "contact_note", "job_id", where="job_id IS NOT NULL")
    op.create_table(
        "restore_link",
        sa.Column("job_id", Id, autoincrement=False, nullable=False),
        sa.Column("effect", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item_id", Id, autoincrement=False, nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "effect", "kind", "item_id", name="pk_restore_link"),
    )
    op.create_table(
        "notice_seen",
        sa.Column("user_id", Id, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject_id", Id, autoincrement=False, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", "subject_id", name="pk_notice_seen"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_notice_seen_user_id"),
    )
    op.create_table(
        "private_text",
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_private_text"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_private_text_workspace_id"),
    )
    op.create_index("ix_private_text_created_at", "private_text", ["created_at"])
    op.create_index("ix_private_text_workspace_id", "private_text", ["workspace_id"])
    op.add_column("restore_outcome", sa.Column("version", sa.Integer(), nullable=True))
    partial(
        "ix_restore_outcome_with_reason",
        "restore_outcome",
        "job_id",
        "contact_id",
        where="reason IS NOT NULL",
    )
    op.add_column("restore_job", sa.Column("waits_for_group", sa.String(20), nullable=True))
    op.add_column("restore_job", sa.Column("promoted_at", Moment, nullable=True))
    partial(
        "uq_restore_job_in_line",
        "restore_job",
        "workspace_id",
        "waits_for_group",
        where="waits_for_group IS NOT NULL AND state = 'queued'",
        unique=True,
    )
    with op.batch_alter_table("deal") as deal:
        deal.add_column(sa.Column("deleted_by_deletion_id", Id, nullable=True))
        deal.create_foreign_key(
            "fk_deal_deleted_by_deletion_id", "deletion", ["deleted_by_deletion_id"], ["id"]
        )
    partial(
        "ix_deal_deleted_by_deletion_id",
        "deal",
        "deleted_by_deletion_id",
        where="deleted_by_deletion_id IS NOT NULL",
    )
    op.execute(WITH_ITS_LAST_CONTACT)
    op.execute(ENDED_BEFORE)
    op.create_index("ix_audit_event_action", "audit_event", ["workspace_id", "action", "at", "id"])
    long_ago = datetime.now(UTC) - WINDOW
    adopt_jobs()
    set_words_apart(long_ago)
    set_files_apart(long_ago)


def jobs(*conditions: sa.ColumnElement[bool]) -> Iterator[Any]:
    """The restores that fulfil the conditions, by id, a few hundred at a time."""
    last = 0
    query = sa.select(JOB).where(JOB.c.job_kind == "restore", *conditions).order_by(JOB.c.id).limit(500)
    while found := op.get_bind().execute(query.where(JOB.c.id > last)).all():
        yield from found
        last = found[-1].id


def write(job: Any, **values: Any) -> None:
    op.get_bind().execute(sa.update(JOB).where(JOB.c.id == job.id).values(values))


def moment(value: datetime) -> str:
    """As cursors and scopes have it; SQLite returns a moment without its zone."""
    return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()


def adopt_jobs() -> None:
    """Bring over what only the release before the previous one has written: number, request, cursor, counts,
    reason and error."""
    for job in jobs(JOB.c.number.is_(None)):
        last = sa.select(sa.func.max(JOB.c.number)).where(
            JOB.c.workspace_id == job.workspace_id, JOB.c.job_kind == job.job_kind
        )
        write(job, number=(op.get_bind().scalar(last) or 0) + 1)
    for job in jobs(JOB.c.request.is_(sa.null()), JOB.c.scope.is_not(sa.null())):
        values: dict[str, Any] = {
            "request": {name: value for name, value in job.scope.items() if name not in PROSE} | {"skips": {}}
        }
        if any(getattr(job, name) for name in COUNTERS):
            values["counts"] = {name: getattr(job, name) for name in COUNTERS}
        if job.cursor_deleted_at is not None:
            values["cursor"] = [moment(job.cursor_deleted_at), job.cursor_id]
        for name, words in (("reason", job.why), ("error", job.last_error)):
            if words:
                values[name] = {"code": "previous_release", "words": words}
        write(job, **values)


def set_words_apart(long_ago: datetime) -> None:
    """Move the words of searches of ended jobs into their table, those of the window at least, and empty the
    old columns that hold them. The worker does it for jobs that are active now (webapp/jobs/recover.py)."""
    for job in jobs(JOB.c.state.not_in(ACTIVE)):
        if job.request is None:
            continue
        request, text = without_words(job.request)
        write(job, request=request, scope=None, scope_hash=None, scope_words="")
        if text is not None and moment(job.created_at) >= moment(long_ago):
            op.get_bind().execute(
                sa.insert(TEXT).values(
                    subject=f"restore_job:{job.id}",
                    workspace_id=job.workspace_id,
                    text=text,
                    created_at=job.created_at,
                )
            )


def without_words(request: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    filters, search = request.get("filters"), request.get("search")
    if not filters or not filters["q"]:
        return dict(request), None
    text = json.dumps(search or [filters["q"], LITERAL], ensure_ascii=False)
    return {**request, "filters": {**filters, "q": ERASED}, "search": None}, text


def set_files_apart(long_ago: datetime) -> None:
    """Move the names of imported files into their table, those of the window at least. In Python: a name that
    is no Unicode can be in a JSON value, but no database can read it there."""
    imports = sa.select(EVENT).where(EVENT.c.action == "contacts.imported").order_by(EVENT.c.id).limit(500)
    without_file = (
        sa.update(EVENT).where(EVENT.c.id == sa.bindparam("event")).values(detail=sa.bindparam("rest"))
    )
    last = 0
    while found := op.get_bind().execute(imports.where(EVENT.c.id > last)).all():
        last = found[-1].id
        named = [event for event in found if "file" in event.detail]
        kept = [
            {
                "subject": f"audit_event:{event.id}",
                "workspace_id": event.workspace_id,
                "text": event.detail["file"].encode("utf-8", "backslashreplace").decode(),
                "created_at": event.at,
            }
            for event in named
            if moment(event.at) >= moment(long_ago)
        ]
        if kept:
            op.get_bind().execute(sa.insert(TEXT), kept)
        rests = [
            {
                "event": event.id,
                "rest": {name: value for name, value in event.detail.items() if name != "file"},
            }
            for event in named
        ]
        if rests:
            op.get_bind().execute(without_file, rests)


def put_words_back() -> None:
    """The previous release reads them in the request, and the one before it in columns of its own."""
    texts = dict(op.get_bind().execute(sa.select(TEXT.c.subject, TEXT.c.text)).all())
    for job in jobs():
        request = dict(job.request or {})
        if words := texts.get(f"restore_job:{job.id}"):
            request |= {"search": json.loads(words)}
            request["filters"] = {**request["filters"], "q": request["search"][0]}
        if job.scope is not None:
            write(job, request=request)
            continue
        scope = PROSE | {name: request[name] for name in SCOPE if name in request}
        values: dict[str, Any] = {"request": request, "scope": scope}
        values["scope_hash"] = hashlib.sha256(json.dumps(scope, sort_keys=True).encode()).hexdigest()
        if "as_of" in request:
            values["as_of"] = datetime.fromisoformat(request["as_of"])
            values["through_number"] = request["through_number"]
            values["kind"] = "ids" if request["filters"] is None else "filters"
        counts = job.counts or {}
        write(job, **values, **{name: counts.get(name, 0) for name in COUNTERS})


def downgrade() -> None:
    # The previous release can neither carry out nor cancel these.
    op.execute(
        "UPDATE restore_job SET state = 'cancelled', finished_at = created_at, waits_for_group = NULL"
        " WHERE state IN ('queued', 'running') AND (job_kind = 'undo' OR waits_for_group IS NOT NULL)"
    )
    put_words_back()
    op.drop_index("ix_audit_event_action", "audit_event")
    op.drop_index("ix_deal_deleted_by_deletion_id", "deal")
    with op.batch_alter_table("deal") as deal:
        deal.drop_constraint("fk_deal_deleted_by_deletion_id", type_="foreignkey")
        deal.drop_column("deleted_by_deletion_id")
    op.drop_index("uq_restore_job_in_line", "restore_job")
    op.drop_column("restore_job", "promoted_at")
    op.drop_column("restore_job", "waits_for_group")
    op.drop_index("ix_restore_outcome_with_reason", "restore_outcome")
    op.drop_column("restore_outcome", "version")
    for table in ("private_text", "notice_seen", "restore_link", "contact_note"):
        op.drop_table(table)
