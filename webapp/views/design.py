"""The design system on one page: every piece, drawn from the macros, parts and sheets that the pages use.

Nothing on it is anybody's data, and nothing on it acts. `docs/design-system.md` says which piece is for what.
"""

import re
from datetime import UTC, datetime, timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.contacts.search import Amount
from webapp.models import Job, User
from webapp.models.job import JobState
from webapp.restoring.filters import Filters
from webapp.restoring.scope import Scope
from webapp.views.confirm import Ask
from webapp.views.restore_page import BinRow, FilterLine, RestoreSelection, RestoreView
from webapp.views.restores import OutcomeRow
from webapp.web.assets import OURS
from webapp.web.progress import Progress
from webapp.words.jobs import STATES

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COLOUR = re.compile(r"--([\w-]+): light-dark\((.+), (.+)\);")
SIZE = re.compile(r"--(size-[\w-]+): [\d.]+rem; +/\* (\d+) \*/")
STEP = re.compile(r"--(s\d+): (\d+)px;")

STATUSES = ("Subscribed", "Unconfirmed", "Unsubscribed", "Bounced")
BINNED = (
    ("Amélie Fontaine", "amelie@example.com", "Jonas Lindqvist", 29, True),
    ("نور الدين", "nour@example.com", "Jonas Lindqvist", 23, False),
    ("Hubert Wolfeschlegelsteinhausenbergerdorff", "", "Dana Whitfield", 1, False),
)


def design() -> ResponseReturnValue:
    """The page of all pieces; the tokens are read from their sheet, so that none can be missing."""
    tokens = (OURS / "css" / "tokens.css").read_text()
    return render_template(
        "design.html",
        colours=COLOUR.findall(tokens),
        sizes=SIZE.findall(tokens),
        steps=STEP.findall(tokens),
        states=STATES,
        statuses=STATUSES,
        view=_bin(),
        many=Amount(50, exact=False),
        ask=_ask(),
        running=_job(JobState.RUNNING),
        done=_job(JobState.DONE),
        reasons=[("E-mail address used by another contact", 1), ("No longer deleted", 1)],
        outcomes=_outcomes(),
        now=NOW,
    )


def _bin() -> RestoreView:
    """A table of three deleted contacts, the first of them ticked."""
    rows = [
        BinRow(
            id=number,
            name=name,
            email=email,
            deleted_at=NOW - timedelta(days=30 - left),
            deleted_by=by,
            days_left=left,
            days_left_text=f"{left} day{'s' if left > 1 else ''} left",
            ends_soon=left <= 3,
            selected=selected,
        )
        for number, (name, email, by, left, selected) in enumerate(BINNED, 1)
    ]
    filters = FilterLine(
        q="", from_text="2026-10-27", to_text="", deleted_by="", deletion="", errors={}, notes=(),
        any=True, valid=True, words=["deleted on or after 27 Oct 2026"],
    )  # fmt: skip
    selection = RestoreSelection(ids=[1], elsewhere=[], hidden_by_filter=0, message=None)
    return RestoreView(
        filters=filters, deleters=[], rows=rows, older="next", newer=None, matching=Amount(3), count_at=None,
        all_label="Restore all contacts (3 matching)", all_enabled=True, all_why_not=None,
        selection=selection, show_selected=False, running=None, empty=None, now=NOW,
    )  # fmt: skip


def _ask() -> Ask:
    return Ask(
        title="Restore all 87 matching contacts?",
        scope="87 contacts deleted by Jonas Lindqvist.",
        skips=["1 contact will stay deleted: its e-mail address is used by another contact."],
        token="",
        error=None,
        running=None,
        can_restore_any=True,
        back="#dialog",
    )


def _job(state: JobState) -> Progress:
    active = state == JobState.RUNNING
    scope = Scope(
        workspace_id=0, as_of=NOW, through_number=1, key="", expected=87, filters=Filters(deleted_by=1)
    )
    job = Job(
        id=12, number=12, kind="restore", state=state, request=scope.to_dict(), total=87,
        counts={"restored": 58} if active else {"restored": 85, "skipped": 2},
        requester=User(name="Dana Whitfield"), created_at=NOW - timedelta(seconds=20),
        started_at=NOW - timedelta(seconds=20), finished_at=None if active else NOW, lease_until=NOW,
    )  # fmt: skip
    return Progress(job, NOW, people={1: "Jonas Lindqvist"})


def _outcomes() -> list[OutcomeRow]:
    return [
        OutcomeRow(
            name="Amélie Fontaine", email="amelie@example.com", href=None, before="Stayed deleted: ",
            other_name="نور الدين", after=" uses its e-mail address.", other_href="#report",
        ),
        OutcomeRow(
            name="Purged contact", email="", href=None, before="Was no longer deleted.",
            other_name="", after="", other_href=None,
        ),
    ]  # fmt: skip
