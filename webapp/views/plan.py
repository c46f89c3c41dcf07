"""The plan in the dialog before a restore: what will come back, what will not, and the choices about it."""

from dataclasses import dataclass, field

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.models.restore_link import LinkEffect
from webapp.restoring.names import names_of
from webapp.restoring.plan import Plan, foresee
from webapp.restoring.report import each_foreseen, foreseen
from webapp.restoring.scope import Conflicts, Scope
from webapp.views.outcomes import Losses, OutcomeRow, foreseen_row, losses
from webapp.web.csv_download import csv_download
from webapp.web.htmx import is_htmx, page_or_part
from webapp.web.late import late_part
from webapp.web.rates import DOWNLOADS, limited
from webapp.web.signing import ScopeForged, sign, unsign
from webapp.words import plan as words
from webapp.words.outcome_lines import HEADER, foreseen_line
from webapp.words.restoring import dialog_title, exceptions

# The dialog has the plan of so many contacts at once; that of more arrives later.
SOON = 2_000
NAMES_IN_DIALOG, NAMES_ON_PAGE = 2, 20


@dataclass(frozen=True)
class Choice:
    """One of the choices about contacts with a taken address."""

    value: str
    label: str
    hint: str
    chosen: bool


@dataclass(frozen=True)
class PlanShown:
    """The plan for its template; without `plan` it has still to be made, or took too long.

    `rescue_label` is empty where no deal could be brought back. `suggests_merging` says that all contacts
    exist again.
    """

    token: str
    scope: Scope
    plan: Plan | None = None
    took_too_long: bool = False
    figures: list[tuple[str, int]] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    examples: list[OutcomeRow] = field(default_factory=list)
    losses: Losses | None = None
    choices: list[Choice] = field(default_factory=list)
    conflict_heading: str = ""
    rescue_label: str = ""
    suggests_merging: bool = False


def plan_soon(scope: Scope) -> PlanShown:
    """The plan for the dialog, if it takes a moment only; else one that its page or part makes."""
    return plan_now(scope) if scope.expected <= SOON else PlanShown(sign(scope), scope)


def plan_now(scope: Scope, *, most: int = NAMES_IN_DIALOG) -> PlanShown:
    """The plan of `scope`, with at most `most` names of lists, tags, accounts and deals."""
    session = db.session()
    plan = foresee(session, scope)
    names = names_of(session, scope.workspace_id, plan.links)
    rescuable = plan.of(LinkEffect.RESCUED)
    return PlanShown(
        token=sign(scope),
        scope=scope,
        plan=plan,
        figures=_figures(plan),
        sentences=exceptions(plan),
        examples=[foreseen_row(each) for each in foreseen(session, scope.workspace_id, plan.examples)],
        losses=losses(plan.links, names, most=most, rescue=scope.rescue, ahead=True),
        choices=choices(scope, plan),
        conflict_heading=words.conflict_heading(plan.conflicts),
        rescue_label=words.rescue_label(rescuable) if rescuable else "",
        suggests_merging=plan.all_exist_again and scope.conflicts == Conflicts.SKIP,
    )


def _figures(plan: Plan) -> list[tuple[str, int]]:
    stay = sum(plan.counts.values()) - plan.restored - plan.merged
    merged = [("Merged", plan.merged)] if plan.merged else []
    return [("Restored", plan.restored), *merged, ("Not restored", stay)]


def choices(scope: Scope, plan: Plan) -> list[Choice]:
    """The choices about conflicts; none where there is none."""
    if not plan.conflicts and scope.conflicts == Conflicts.SKIP:
        return []
    return [
        Choice(str(choice), words.CHOICES[choice], words.HINTS[choice], scope.conflicts == choice)
        for choice in Conflicts
    ]


def restore_plan() -> ResponseReturnValue:
    """The plan of a signed scope: the part of the dialog that arrives later, or a page of its own."""
    scope = _signed_scope()
    most = NAMES_IN_DIALOG if is_htmx() else NAMES_ON_PAGE

    def show(shown: PlanShown) -> Response:
        return page_or_part("restore/plan.html", "restore/_plan.html", shown=shown, title=dialog_title(scope))

    if scope.expected <= SOON:
        return show(plan_now(scope, most=most))
    return late_part(
        lambda: show(plan_now(scope, most=most)),
        lambda: show(PlanShown(sign(scope), scope, took_too_long=True)),
    )


@limited(DOWNLOADS)
def plan_csv() -> ResponseReturnValue:
    """The plan of a signed scope as a file with a row for each contact."""
    scope = _signed_scope()
    today = scope.as_of.astimezone(current_user.workspace.zone)
    lines = map(foreseen_line, each_foreseen(db.session(), scope))
    return csv_download(f"restore-plan-{today:%Y-%m-%d}.csv", HEADER, lines)


def _signed_scope() -> Scope:
    """The scope of this request. Answers 400, 404 or 409 if there is none that could be confirmed."""
    try:
        scope = unsign(request.args.get("scope", ""))
    except ScopeForged:
        abort(400, "This plan is incomplete. Open the confirmation again.")
    if scope.workspace_id != current_user.workspace_id:
        abort(404)
    if scope.is_old(read_clock(db.session())):
        abort(409, "This has been open for more than 30 minutes. Open the confirmation again.")
    return scope
