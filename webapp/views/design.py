"""The design system on one page: every piece, drawn from the macros, parts and sheets that the pages use.

It shows no real data, and its controls do nothing. `docs/design-system.md` says which piece is for what.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.stages import STAGES, WON, Position
from webapp.contacts.deals import Column
from webapp.contacts.search import Amount
from webapp.models import Contact, Job, User
from webapp.models.job import JobState
from webapp.models.restore_outcome import Reason
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters, read_filters
from webapp.restoring.plan import Plan
from webapp.restoring.recycle_bin import Choices
from webapp.restoring.scope import Scope
from webapp.restoring.work import RESTORE
from webapp.views.bundles import BundleRow
from webapp.views.confirm import RestoreQuestion
from webapp.views.contact_page import EventRow
from webapp.views.contact_picker import Picked, Picker
from webapp.views.deals import Board, BoardColumn, DealRow
from webapp.views.outcomes import Losses, OutcomeRow
from webapp.views.plan import PlanShown, choices
from webapp.views.restore_page import DeletedContacts, DeletedRow
from webapp.web.assets import OURS
from webapp.web.browse import Table
from webapp.web.progress import Progress
from webapp.web.selection import Selection
from webapp.words.jobs import STATES
from webapp.words.plan import conflict_heading
from webapp.words.restoring import exceptions
from webapp.words.told import Told

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COLOUR = re.compile(r"--([\w-]+): light-dark\((.+), (.+)\);")
SIZE = re.compile(r"--(size-[\w-]+): [\d.]+rem; +/\* (\d+) \*/")
STEP = re.compile(r"--(s\d+): (\d+)px;")

STATUSES = ("Subscribed", "Unconfirmed", "Unsubscribed", "Bounced")
DELETED = (
    ("Amélie Fontaine", "amelie@example.com", "Jonas Lindqvist", 29),
    ("نور الدين", "nour@example.com", "Jonas Lindqvist", 23),
    ("Hubert Wolfeschlegelsteinhausenbergerdorff", "", "Dana Whitfield", 1),
)


def design() -> ResponseReturnValue:
    """The page of all pieces. It reads the tokens from their style sheet, so that none is missing."""
    tokens = (OURS / "css" / "tokens.css").read_text()
    return render_template(
        "design.html",
        colours=COLOUR.findall(tokens),
        sizes=SIZE.findall(tokens),
        steps=STEP.findall(tokens),
        states=STATES,
        statuses=STATUSES,
        **_deleted_contacts(),
        many=Amount(50, exact=False),
        bundles=_bundles(),
        board=_board(),
        picker=Picker(
            "ann", [Picked(1, "Amélie Fontaine", "amelie@example.com")], [Picked(2, "نور الدين", "")]
        ),
        question=_question(),
        shown=_plan(),
        losses=_plan().losses,
        running=_job(JobState.RUNNING),
        in_line=_job(JobState.QUEUED),
        done=_job(JobState.DONE),
        reasons=[("E-mail address used by another contact", 1), ("No longer deleted", 1)],
        outcomes=_outcomes(),
        events=_events(),
        now=NOW,
    )


def _events() -> list[EventRow]:
    return [
        EventRow(
            Told("Restored by Dana Whitfield (", "Restore #12", ")"), "restore", NOW - timedelta(hours=1), 12
        ),
        EventRow(Told("Subscribed to “Newsletter”"), "list", NOW - timedelta(days=3), None),
    ]


def _deleted_contacts() -> dict[str, object]:
    """The context of a table of three deleted contacts, the first of them selected."""
    window = BinWindow(current_user.workspace_id, as_of=NOW)
    typed = read_filters({"from": "2026-10-27"}, zone=current_user.workspace.zone, now=NOW)
    listing = DeletedContacts(window, typed, lambda: Choices([], []))
    rows = [
        DeletedRow(number, name, email, NOW - timedelta(days=30 - left), by, left)
        for number, (name, email, by, left) in enumerate(DELETED, 1)
    ]
    selection, matching = Selection(ids=[1]), Amount(len(rows))
    return {
        "listing": listing,
        "selection": selection,
        "table": Table(list(rows), matching, older="next"),
        "actions": listing.actions(selection, matching, running=None),
    }


def _bundles() -> list[BundleRow]:
    last, before = NOW - timedelta(hours=3), NOW - timedelta(days=28)
    return [
        BundleRow(
            number=1, href="#deletions",
            who="Jonas Lindqvist", when="Tue 09:00 to 09:06", contacts="240 contacts in 3 deletions",
            time_left="29 days left", ends_soon=False, until=last + timedelta(days=30),
        ),
        BundleRow(
            number=2, href="#deletions",
            who="نور الدين", when="27 Oct 2026, 12:00, by an import", contacts="3 of 40 contacts",
            time_left="2 days left", ends_soon=True, until=before + timedelta(days=30),
        ),
    ]  # fmt: skip


def _board() -> Board:
    amelie = Contact(id=1, first_name="Amélie", last_name="Fontaine")
    oil = DealRow(1, "Olive oil for نور الدين", Position(STAGES[0]), Decimal(1250), "EUR", 1, amelie, 2)
    cups = DealRow(2, "Cups", Position(STAGES[0]), Decimal(90), "JPY", 1, None, 0)
    first = Column(oil.position, [], Amount(1000, exact=False), [])
    second = Column(Position(STAGES[1]), [], Amount(0))
    third = Column(WON, [], Amount(1), [(Decimal("48250.50"), "EUR")])
    won = DealRow(3, "Wine list", WON, Decimal("48250.50"), "EUR", 2, amelie, 0)
    shown = BoardColumn(1, first, [oil, cups]), BoardColumn(2, second, []), BoardColumn(3, third, [won])
    return Board([*shown], [])


def _question() -> RestoreQuestion:
    return RestoreQuestion(
        title="Restore all 87 matching contacts?",
        scope="87 contacts deleted by Jonas Lindqvist.",
        plan=_plan(),
        token="",
        error=None,
        running=None,
        in_line=None,
        can_restore_any=True,
        left="They can be restored until 23 Dec 2026, 14:09: 29 days left.",
        back="#dialog",
    )


def _plan() -> PlanShown:
    scope = Scope(workspace_id=0, as_of=NOW, through_number=1, key="", expected=87)
    plan = Plan({None: 86, Reason.EMAIL_TAKEN: 1})
    return PlanShown(
        token="",
        scope=scope,
        plan=plan,
        figures=[("Restored", 86), ("Not restored", 1)],
        sentences=exceptions(plan),
        examples=_outcomes()[:1],
        losses=Losses(
            [("List deleted since", "News (12 contacts)")], rescued="", mailable="Offers (80 contacts)"
        ),
        choices=choices(scope, plan),
        conflict_heading=conflict_heading(1),
        rescue_label="Also bring back the deal that was deleted with these contacts",
    )


def _job(state: JobState) -> Progress:
    """A job that runs or is done, or one in line behind it."""
    number, counts = {
        JobState.QUEUED: (13, {}),
        JobState.RUNNING: (12, {"restored": 58}),
        JobState.DONE: (12, {"restored": 85, "skipped": 2}),
    }[state]
    is_waiting = state == JobState.QUEUED
    scope = Scope(
        workspace_id=0, as_of=NOW, through_number=1, key="", expected=87, filters=Filters(deleted_by=1)
    )
    job = Job(
        id=number, number=number, kind=RESTORE.kind, state=state, request=scope.to_dict(), total=87,
        counts=counts, waits_for_group=RESTORE.group if is_waiting else None,
        requester=User(name="Dana Whitfield"), created_at=NOW - timedelta(seconds=20),
        started_at=NOW - timedelta(seconds=20), lease_until=NOW,
        finished_at=NOW if state == JobState.DONE else None,
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
