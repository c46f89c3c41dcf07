"""The audit log: who did what, and when, as a page and as a CSV file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.audit import log
from webapp.audit.filters import FIELDS, SYSTEM, Filters, TypedFilters, read_filters
from webapp.audit.log import Entry
from webapp.clock import read_clock
from webapp.contacts.keyset import Page
from webapp.extensions import db
from webapp.models import WINDOW
from webapp.web.address import CURSORS, address
from webapp.web.csv_download import csv_download
from webapp.web.htmx import page_or_part
from webapp.web.job_address import href_of
from webapp.web.paging import requested_place, to_cursor
from webapp.web.rates import DOWNLOADS, limited
from webapp.words.audit import THE_SYSTEM, Told, actions, label_of, tell, who
from webapp.words.kinds import KIND_WORDS

PAGE_SIZE = 50
HEADER = ("Time (UTC)", "Who", "E-mail", "Action", "What", "Subject", "Details")
CANNOT_BE_READ = "Correct the filters first. Nothing was exported."


@dataclass(frozen=True)
class EventRow:
    at: datetime
    who: str
    label: str
    told: Told
    href: str | None


@dataclass(frozen=True)
class EventTable:
    """A page of events; for the pager the cursors of the pages next to it."""

    rows: list[EventRow]
    older: str | None = None
    newer: str | None = None


def audit_log() -> ResponseReturnValue:
    """The page, or for htmx its results. The status is 422 if a filter cannot be read."""
    session = db.session()
    after, before = (requested_place(name, log.NEWEST_FIRST) for name in CURSORS)
    people = log.people(session, current_user.workspace_id)
    typed = _read_filters(people)
    now, page = read_clock(session), Page([], None, None)
    if not typed.errors:
        page = log.read_page(
            session, current_user.workspace_id, typed.meaning, size=PAGE_SIZE, after=after, before=before
        )
    events = log.entries(session, current_user.workspace_id, page.rows)
    response = page_or_part(
        "audit/page.html",
        "audit/_results.html",
        status=422 if typed.errors else 200,
        typed=typed,
        people=[(SYSTEM, THE_SYSTEM), *people],
        actions=sorted(actions().items(), key=lambda action: action[1]),
        table=EventTable(
            [_row(entry, now) for entry in events], older=to_cursor(page.older), newer=to_cursor(page.newer)
        ),
        export_href=address("audit_csv", FIELDS),
        now=now,
    )
    # An empty page beyond the last one shows the first.
    response.headers["HX-Replace-Url"] = address("audit_log", FIELDS + CURSORS, first_page=page.newer is None)
    return response


@limited(DOWNLOADS)
def audit_csv() -> ResponseReturnValue:
    """The matching events as a file. Answers 422 if a filter cannot be read."""
    session = db.session()
    typed = _read_filters(log.people(session, current_user.workspace_id))
    if typed.errors:
        abort(422, CANNOT_BE_READ)
    today = read_clock(session).astimezone(current_user.workspace.zone)
    return csv_download(
        f"audit-log-{today:%Y-%m-%d}.csv", HEADER, _lines(current_user.workspace_id, typed.meaning)
    )


def _lines(workspace_id: int, filters: Filters) -> Iterator[tuple[object, ...]]:
    for entries in log.read_all(db.session(), workspace_id, filters):
        for entry in entries:
            event = entry.event
            yield (
                f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
                who(entry),
                entry.user.email if entry.user else "",
                event.action,
                tell(entry).text,
                event.subject,
                json.dumps(event.detail, sort_keys=True),
            )


def _read_filters(people: list[tuple[int, str]]) -> TypedFilters:
    return read_filters(
        request.args,
        zone=current_user.workspace.zone,
        people=[user_id for user_id, _ in people],
        actions=actions(),
    )


def _row(entry: Entry, now: datetime) -> EventRow:
    told = tell(entry)
    return EventRow(
        at=entry.event.at,
        who=who(entry),
        label=label_of(entry.event.action),
        told=told,
        href=_href(entry, now) if told.link else None,
    )


def _href(entry: Entry, now: datetime) -> str | None:
    """Where the event's subject is shown, if it still is."""
    if entry.table == "restore_job" and entry.event.action.partition(".")[0] in KIND_WORDS:
        kind = entry.event.action.partition(".")[0]
        return href_of(kind, entry.subject_id) if entry.name else None
    if entry.deleted_at is not None and entry.deleted_at >= now - WINDOW:
        return url_for("restore_page", deletion=entry.name)
    return None
