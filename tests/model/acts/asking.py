"""The dialog before a restore: the scope that it freezes, and its plan."""

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tests.model import restoring as rules
from tests.model.acts.jobs import Jobs
from tests.model.choices import RESTORE_CHOICES, ZONE
from tests.model.links import RESCUED, Links
from tests.model.outcomes import Outcome, comes_back
from tests.model.things import Contact
from tests.model.told import exceptions, outcomes_of, reasons_of, shown
from webapp import models
from webapp.models.restore_outcome import Outcome as OutcomeCode
from webapp.models.restore_outcome import Reason
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import read_filters
from webapp.restoring.plan import EXAMPLES, digest, foresee, plan_selection
from webapp.restoring.question import Question, about_all, about_other_choice, about_selection
from webapp.restoring.recycle_bin import read_page
from webapp.restoring.report import links, reasons
from webapp.restoring.scope import Conflicts
from webapp.restoring.verdict import Verdict

Choice = tuple[str, bool]


@dataclass(frozen=True)
class Dialog:
    """An open dialog: the frozen scope of the app and that of the model."""

    question: Question
    scope: rules.Scope
    plan: dict[Contact, Outcome]


class Asking(Jobs):
    """The dialog, its plan and its frozen scope."""

    def ask(self, contacts: list[Contact] | None, choice: Choice) -> Dialog | None:
        return (
            self.ask_about(contacts, choice) if contacts else self.ask_about_all(rules.Filters(ZONE), choice)
        )

    def ask_about(self, contacts: list[Contact], choice: Choice) -> Dialog | None:
        ids = [self.ids[contact] for contact in contacts]
        question = self.choose(about_selection(self.session, self.world.id, ids, self.now), choice)
        dialog = self.check_dialog(question, self.scope_now(choice, chosen=contacts))
        assert question.can_restore_any == any(comes_back(outcome) for outcome in dialog.plan.values())
        assert question.any_in_bin == bool(rules.contacts_in_scope(self.business, dialog.scope))
        return dialog if question.can_restore_any else None

    def choose(self, question: Question, choice: Choice) -> Question:
        """Redraw the dialog with this choice, unless it is the one that it opens with."""
        if choice == RESTORE_CHOICES[0]:
            return question
        conflicts, rescue = choice
        return about_other_choice(self.session, question.scope, Conflicts(conflicts), rescue=rescue)

    def scope_now(self, choice: Choice, **which: Any) -> rules.Scope:
        return rules.scope_now(self.business, conflicts=choice[0], rescue=choice[1], **which)

    def ask_about_all(self, filters: rules.Filters, choice: Choice) -> Dialog | None:
        typed = {
            "q": filters.text,
            "from": filters.first.isoformat() if filters.first else "",
            "to": filters.last.isoformat() if filters.last else "",
            "deleted_by": str(self.users[filters.by]) if filters.by else "",
            "deletion": str(filters.deletion) if filters.deletion else "",
        }
        meaning = read_filters(typed, zone=ZONE, now=self.now).meaning
        assert (meaning is not None) == filters.make_sense
        if meaning is None:
            return None
        question = about_all(self.session, self.world.id, meaning, self.now)
        can_restore_any = question.can_restore_any
        question = self.choose(question, choice)
        dialog = self.check_dialog(question, self.scope_now(choice, filters=filters))
        if filters != rules.Filters(ZONE):
            # Without filters it is the page that is read after each step.
            page = read_page(self.session, BinWindow(self.world.id, self.now), meaning, size=100)
            assert [row[0].id for row in page.rows] == [
                self.ids[c] for c in rules.bin_of(self.business, filters)
            ]
        assert question.scope.expected == len(dialog.plan)
        assert can_restore_any == bool(dialog.plan)
        return dialog if can_restore_any else None

    def check_dialog(self, question: Question, scope: rules.Scope) -> Dialog:
        """Check that the plan in the dialog is the model's, for a selection down to each contact: the digest,
        which "Restore" is bound to, is of all their outcomes."""
        plan = self.plan(scope)
        if scope.chosen is not None and question.scope.plan_digest != self.digest(plan):
            verdicts = plan_selection(self.session, question.scope)
            assert outcomes_of(verdicts) == self.with_ids(plan)
            raise AssertionError("the digest is not of the plan")
        return Dialog(question, scope, plan)

    def check_numbers(self, dialog: Dialog) -> Links:
        """Check that the numbers of the plan are the model's; returns its links."""
        links = rules.foresee(self.business, dialog.scope)
        foreseen = foresee(self.session, dialog.question.scope)
        assert foreseen.counts == reasons_of(dialog.plan)
        assert shown(foreseen.links) == self.as_shown(links)
        examples = {e.contact_id: (e.outcome, e.reason, e.other_contact_id) for e in foreseen.examples}
        assert examples == self.with_ids(dict(islice(exceptions(dialog.plan), EXAMPLES)))
        return links

    def digest(self, plan: dict[Contact, Outcome]) -> str:
        return digest(
            Verdict(contact, None, None, OutcomeCode(outcome), Reason(reason) if reason else None, other)
            for contact, (outcome, reason, other) in self.with_ids(plan).items()
        )

    def plan(self, scope: rules.Scope) -> dict[Contact, Outcome]:
        return rules.with_missing(scope, rules.plan(self.business, scope))

    def check_report(self, dialog: Dialog, foreseen: Links) -> None:
        """Check that the report tells what the plan has said."""
        job = self.session.get_one(models.Job, self.ids[self.job])
        told = Counter(reasons_of(dialog.plan))
        del told[None]
        assert dict(reasons(self.session, job)) == told
        kept = {link: n for link, n in foreseen.items() if dialog.scope.rescue or link[0] != RESCUED}
        assert shown(links(self.session, job)) == self.as_shown(Links(kept))
