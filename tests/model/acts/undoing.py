"""An admin undoes restores: any earlier one, at once or after other things have happened."""

import uuid
from collections import Counter
from collections.abc import Iterable
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model import undoing as rules
from tests.model.acts.asking import Choice
from tests.model.acts.jobs import EXECUTIONS, IN_TWOS, Execution
from tests.model.acts.restoring import Restoring
from tests.model.choices import ANY_CHOICE, ZONE, NewPerson, deleted_contacts, if_any, worth_writing_to
from tests.model.outcomes import Outcome
from tests.model.restoring import Filters, Restore
from tests.model.things import Contact, Deal
from tests.model.told import reasons_of
from tests.support.restored import rows_of
from webapp import models
from webapp.jobs.start import AlreadyRunning
from webapp.jobs.work import NotAllowed
from webapp.restoring.report import reasons
from webapp.restoring.undo_work import NothingToUndo, start
from webapp.restoring.undoing import EXAMPLES, foresee

# What happens between a restore and its undoing.
SINCE = "departure", "campaign", "end of a deal", "deletion", "change"


def earlier_restores(restores: Iterable[Restore]) -> list[Restore]:
    """All, those that have restored something more likely."""
    return [restore for restore in restores if restore.back] * 3 + list(restores)


class Undoing(Restoring):
    """The admin's side of undos."""

    @precondition(lambda machine: machine.before)
    @rule(
        restore=st.runner().flatmap(lambda machine: st.sampled_from(earlier_restores(machine.before))),
        is_admin=st.sampled_from((True, True, True, False)),
        execution=EXECUTIONS,
    )
    def undo(self, restore: Restore, is_admin: bool, execution: Execution) -> None:
        """Of any restore of the story: also one that was cancelled or undone before, beside another job, or
        by a member."""
        # A scope is frozen before an undo or after it, never in its moment.
        self.tick()
        plan = rules.plan(self.business, restore)
        row = self.session.get_one(models.Job, self.ids[restore], populate_existing=True)
        by = self.world.admin if is_admin else self.world.member
        begin = partial(
            start,
            self.session,
            self.lock,
            lambda *_: None,
            restore=row,
            key=str(uuid.uuid4()),
            requested_by=by.id,
        )
        if self.job and self.job.is_active:
            self.refused("an undo", begin, AlreadyRunning)
            self.carry_on(execution)
            return
        self.check_plan(row, plan)
        if not is_admin:
            self.refused("an undo", begin, NotAllowed)
        elif rules.GOES_BACK not in plan.values():
            self.refused("an undo", begin, NothingToUndo)
        else:
            self.job = undo = rules.Undo(restore=restore)
            self.ids[undo] = begin().id
            assert begin().id == self.ids[undo], "one confirmation, one job"
            self.carry_out(execution)
            if undo.state == "done":
                assert undo.outcomes == plan, "plan and run disagree"
                told = {why: n for why, n in reasons_of(plan).items() if why}
                assert dict(reasons(self.session, self.session.get_one(models.Job, self.ids[undo]))) == told

    def check_plan(self, restore: models.Job, plan: dict[Contact, Outcome]) -> None:
        """Check that the plan in the dialog is the model's."""
        foreseen = foresee(self.session, restore, now=self.now)
        kept = {self.ids[contact]: why for contact, (_, why, _) in plan.items() if why}
        assert foreseen.back == list(plan.values()).count(rules.GOES_BACK)
        assert {why: count for why, count in foreseen.counts.items() if why} == Counter(kept.values())
        # The dialog names the first ones.
        named = {ending.contact_id: ending.reason for ending in foreseen.examples}
        assert named == dict(sorted(kept.items())[: len(named)])
        assert len(named) == min(len(kept), EXAMPLES)

    @if_any(deleted_contacts)
    @rule(
        choice=ANY_CHOICE,
        execution=EXECUTIONS,
        since=st.lists(st.sampled_from(SINCE), max_size=2),
        undoing=EXECUTIONS,
    )
    def restore_all_and_undo(
        self, choice: Choice, execution: Execution, since: list[str], undoing: Execution
    ) -> None:
        """At once, or after something has happened to what came back. At once nothing shows that there was a
        restore, where nothing was merged or left alone."""
        if self.job and self.job.is_active:
            self.carry_on(IN_TWOS)
        before, earlier = rows_of(self.session, self.world.id), self.job
        self.confirm(self.ask_about_all(Filters(ZONE), choice), execution)
        restore = self.job
        if restore is earlier or not isinstance(restore, Restore) or restore.is_active or not restore.back:
            return
        for what in since:
            self.let_happen(what, restore.restored)
        self.undo(restore, is_admin=True, execution=undoing)
        undo = self.job
        if isinstance(undo, rules.Undo) and undo.put_back == restore.back and not since:
            self.note("a restore is undone as if it had not been")
            assert rows_of(self.session, self.world.id) == before

    def let_happen(self, what: str, restored: list[Contact]) -> None:
        """To the first of the contacts that came back, to their deals, or to all."""
        theirs = [deal for deal in self.business.deals if set(restored) & set(deal.contacts)]
        deals = [deal for deal in theirs if not deal.deleted]
        match what, restored:
            case "change", [first, _, *_]:
                self.edit(first, first.details.email, "Changed", None)
            case "deletion", [first, _, *_]:
                self.delete([first], "Max Member")
            case "departure", _:
                self.let_others_leave(deals, restored)
            case "end of a deal", _:
                for deal in deals[:1]:
                    self.delete_thing(deal, anew=False)
            case "campaign", _:
                [mailing_list, *_] = worth_writing_to(self.business)
                self.write_a_campaign(mailing_list, sent=True)

    def let_others_leave(self, deals: list[Deal], restored: list[Contact]) -> None:
        """A colleague joins one of the deals, as its primary if it has one. Then all contacts leave the deals
        that did not just come back: one that did is a primary or only contact, and was not touched."""
        for deal in deals[:1]:
            for colleague in self.create_contacts_together([NewPerson(None, "Joy", "", "", None, (), ())]):
                self.attach_to_deal(deal, colleague, primary=deal.primary is not None)
        leaving = {contact for deal in deals for contact in deal.contacts} - set(restored)
        if leaving:
            self.delete(sorted(leaving, key=lambda contact: contact.number), "Max Member")

    @if_any(deleted_contacts)
    @precondition(lambda machine: machine.before)
    @rule(
        restore=st.runner().flatmap(lambda machine: st.sampled_from(earlier_restores(machine.before))),
        choice=ANY_CHOICE,
        execution=EXECUTIONS,
    )
    def undo_while_a_dialog_is_open(self, restore: Restore, choice: Choice, execution: Execution) -> None:
        """What goes back then is not meant by the dialog; what is left alone, still is."""
        dialog = self.ask(None, choice)
        self.undo(restore, is_admin=True, execution=IN_TWOS)
        self.confirm(dialog, execution)

    @precondition(lambda machine: machine.job and machine.job.is_active)
    @rule(execution=EXECUTIONS)
    def continue_job(self, execution: Execution) -> None:
        self.carry_on(execution)
