"""Restores among everything else that happens: of some contacts, of all, of those that filters match, with
every choice; at once or from a dialog that was open for a while; to the end, or killed, overtaken, cancelled
or left for later."""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from tests.model import restoring as rules
from tests.model.choices import (
    ANY_CHOICE,
    BATCH_SIZES,
    NEW_PEOPLE,
    PEOPLE,
    RESTORE_CHOICES,
    SEARCHES,
    ZONE,
    NewPerson,
    addresses,
    any_contact,
    deleted_contacts,
    deletions,
    if_any,
    mostly_deleted,
    one_of,
    some_of,
)
from tests.model.everyday import Everyday
from tests.model.links import RESCUED, Links
from tests.model.outcomes import Outcome, comes_back
from tests.model.seen import model_notes, model_page_of, notes, page_of
from tests.model.things import SUBSCRIBED, Contact
from tests.model.told import exceptions, kind_of, outcomes_of, reasons_of, shown
from tests.model.variety import notable_events
from webapp.jobs.cancel import cancel
from webapp.jobs.claim import release_dead
from webapp.jobs.interruption import WORKER_DIED
from webapp.jobs.run import LOST_LEASE, RELEASED, carry_out
from webapp.jobs.settings import BatchSettings
from webapp.jobs.start import AlreadyRunning
from webapp.models import Job, RestoreLink, RestoreOutcome, User
from webapp.models.restore_outcome import Outcome as OutcomeCode
from webapp.models.restore_outcome import Reason
from webapp.restoring.filters import read_filters
from webapp.restoring.plan import EXAMPLES, digest, foresee, plan_selection
from webapp.restoring.question import Question, about_all, about_other_choice, about_selection
from webapp.restoring.recycle_bin import BinWindow, read_page
from webapp.restoring.report import links, reasons
from webapp.restoring.scope import Conflicts
from webapp.restoring.start import start
from webapp.restoring.verdict import Verdict
from webapp.restoring.work import NothingToRestore, PlanChanged
from webapp.worker.kinds import KINDS

# How long a dialog can be confirmed (rule 6); the signature, which the model does not have, enforces it.
VALID = timedelta(minutes=30)


class Killed(BaseException):
    """The worker's process dies between two batches."""


@dataclass(frozen=True)
class Dialog:
    """An open dialog: the frozen scope of the app and that of the model."""

    question: Question
    scope: rules.Scope
    plan: dict[Contact, Outcome]


@dataclass(frozen=True)
class Execution:
    """How a restore is carried out: the sizes of its batches, and what happens after the first ones."""

    batch_size: int
    then: int
    batches: int
    event: str


EXECUTIONS = st.builds(
    Execution,
    BATCH_SIZES,
    BATCH_SIZES,
    st.sampled_from((1, 1, 2)),
    st.sampled_from(("nothing", "killed", "released", "overtaken", "cancelled", "left", "queued")),
)

Choice = tuple[str, bool]
IN_TWOS = Execution(batch_size=2, then=2, batches=1, event="nothing")


class Machine(Everyday):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.dialogs: list[Dialog] = []
        self.job: rules.Job | None = None
        self.job_id = 0

    def teardown(self) -> None:
        """Every successful story ends with a restore of everything, of which some has been created again."""
        try:
            if sys.exc_info()[0] is None:
                if self.job and self.job.is_active:
                    self.carry_out(IN_TWOS)
                self.create_again()
                self.restore_all(RESTORE_CHOICES[len(self.business.contacts) % len(RESTORE_CHOICES)], IN_TWOS)
                self.the_database_equals_the_model()
        finally:
            super().teardown()

    def create_again(self) -> None:
        """Two of the deleted contacts subscribe to the news, as new contacts without a name."""
        gone = {contact.address: contact for contact in rules.bin_of(self.business)}
        free = [contact for address, contact in gone.items() if address and not self.business.holder(address)]
        news = (("News", SUBSCRIBED),)
        people = [NewPerson(contact.details.email, "", "", "", None, news, ()) for contact in free[:2]]
        if people:
            self.create_contacts_together(people)

    @if_any(deleted_contacts)
    @rule(contacts=some_of(mostly_deleted), choice=ANY_CHOICE, execution=EXECUTIONS)
    def restore_some(self, contacts: list[Contact], choice: Choice, execution: Execution) -> None:
        self.confirm(self.ask_about(contacts, choice), execution)

    @if_any(deleted_contacts)
    @rule(choice=ANY_CHOICE, execution=EXECUTIONS)
    def restore_all(self, choice: Choice, execution: Execution) -> None:
        self.confirm(self.ask_about_all(rules.Filters(ZONE), choice), execution)

    @if_any(deleted_contacts)
    @rule(
        text=SEARCHES,
        first=st.none() | st.sampled_from((0, 1, 29, 30, 31)),
        last=st.none() | st.sampled_from((0, 1, 2)),
        by=st.none() | st.sampled_from(PEOPLE),
        deletion=st.none() | one_of(deletions),
        choice=ANY_CHOICE,
        execution=EXECUTIONS,
    )
    def restore_matching(
        self,
        text: str,
        first: int | None,
        last: int | None,
        by: str | None,
        deletion: int | None,
        choice: Choice,
        execution: Execution,
    ) -> None:
        """`first` and `last` are days ago."""
        today = self.now.astimezone(ZONE).date()
        begin, end = (None if ago is None else today - timedelta(days=ago) for ago in (first, last))
        filters = rules.Filters(ZONE, text, begin, end, by, deletion)
        self.confirm(self.ask_about_all(filters, choice), execution)

    @if_any(deleted_contacts)
    @rule(
        chosen=st.none() | some_of(deleted_contacts),
        going=some_of(any_contact),
        person=NEW_PEOPLE,
        email=one_of(addresses),
        choice=ANY_CHOICE,
        execution=EXECUTIONS,
    )
    def restore_what_changes_meanwhile(
        self,
        chosen: list[Contact] | None,
        going: list[Contact],
        person: NewPerson,
        email: str | None,
        choice: Choice,
        execution: Execution,
    ) -> None:
        """While the dialog is open, others delete contacts and create a new one."""
        dialog = self.ask(chosen, choice)
        self.delete(going, "Max Member")
        self.create(person, email)
        self.confirm(dialog, execution)

    @if_any(deleted_contacts)
    @rule(contacts=st.none() | some_of(deleted_contacts), choice=ANY_CHOICE)
    def open_a_dialog(self, contacts: list[Contact] | None, choice: Choice) -> None:
        dialog = self.ask(contacts, choice)
        if dialog:
            self.dialogs.append(dialog)

    @precondition(lambda machine: machine.dialogs)
    @rule(execution=EXECUTIONS)
    def confirm_an_open_dialog(self, execution: Execution) -> None:
        dialog = self.dialogs.pop()
        if self.now - dialog.scope.as_of <= VALID:
            self.note("a dialog is confirmed that was open for a while")
            self.confirm(dialog, execution)

    @precondition(lambda machine: machine.job and machine.job.is_active)
    @rule(execution=EXECUTIONS)
    def continue_restore(self, execution: Execution) -> None:
        self.note("a restore goes on after other things have happened")
        self.carry_out(execution)

    def ask(self, contacts: list[Contact] | None, choice: Choice) -> Dialog | None:
        return (
            self.ask_about(contacts, choice) if contacts else self.ask_about_all(rules.Filters(ZONE), choice)
        )

    def ask_about(self, contacts: list[Contact], choice: Choice) -> Dialog | None:
        ids = [self.ids[contact] for contact in contacts]
        question = self.choose(about_selection(self.session, self.world.id, ids, self.now), choice)
        dialog = self.check_dialog(question, self.scope_now(choice, chosen=contacts))
        assert question.can_restore_any == any(comes_back(outcome) for outcome in dialog.plan.values())
        assert question.any_in_bin == any(c in rules.bin_of(self.business) for c in contacts)
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
            assert [row[0].id for row in page.rows] == [self.ids[contact] for contact in dialog.plan]
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

    def as_shown(self, links: Links) -> set[tuple[object, ...]]:
        """The links of the model as plan and report have them: each with how many there are of its kind and
        effect, and with the sum of their contacts."""
        items, totals = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for (effect, thing), contacts in links.items():
            items[effect, kind_of(thing)] += 1
            totals[effect, kind_of(thing)] += contacts
        return {
            (effect, kind, self.ids[thing], contacts, items[effect, kind], totals[effect, kind])
            for (effect, thing), contacts in links.items()
            for kind in [kind_of(thing)]
        }

    def with_ids(self, outcomes: dict[Contact, Outcome]) -> dict[int, tuple[str, str | None, int | None]]:
        return {
            self.ids[contact]: (outcome, reason, self.ids[other] if other else None)
            for contact, (outcome, reason, other) in outcomes.items()
        }

    def confirm(self, dialog: Dialog | None, execution: Execution) -> None:
        """Press "Restore", unless there is nothing to press."""
        if dialog is None:
            return
        begin = partial(
            start,
            self.session,
            self.lock,
            lambda *_: None,
            scope=dialog.question.scope,
            requested_by=self.world.admin.id,
        )
        if self.job and self.job.is_active:
            self.refused(begin, AlreadyRunning)
            self.carry_out(execution)
        elif dialog.scope.chosen is not None and dialog.plan != self.plan(dialog.scope):
            self.refused(begin, PlanChanged)
        elif dialog.scope.chosen is None and not rules.contacts_in_scope(self.business, dialog.scope):
            self.refused(begin, NothingToRestore)
        else:
            is_as_shown = dialog.plan == self.plan(dialog.scope)
            foreseen = self.check_numbers(dialog) if is_as_shown else Links()
            self.job, self.job_id = rules.Job(dialog.scope), begin().id
            assert begin().id == self.job_id, "one confirmation, one job"
            self.carry_out(execution)
            if is_as_shown and self.job.state == "done":
                assert self.with_ids(dialog.plan) == self.outcomes(), "plan and run disagree"
                self.check_report(dialog, foreseen)

    def refused(self, begin: Callable[[], Job], why: type[Exception]) -> None:
        try:
            begin()
        except why:
            self.note(f"a restore is refused: {why.__name__}")
        else:
            raise AssertionError(f"not refused: {why.__name__}")

    def carry_out(self, execution: Execution) -> None:
        """Let the worker carry the job out, as far as `execution` goes."""
        assert self.job
        runner = partial(carry_out, self.session, self.lock, KINDS, self.job_id)
        run = partial(runner, settings=BatchSettings(30, execution.batch_size))
        finish = partial(runner, settings=BatchSettings(30, execution.then))
        calls = 0

        def then(act: Callable[[], object]) -> Callable[[], bool]:
            """Act between two batches, after as many as `execution` says."""

            def should_stop() -> bool:
                nonlocal calls
                calls += 1
                return calls == execution.batches and bool(act())

            return should_stop

        most = None
        if execution.event == "queued" and self.job.state == "queued":
            return
        if execution.event == "killed":
            try:
                run(should_stop=then(self.die))
            except Killed:
                assert self.release_dead_claim()
                finish()
        elif execution.event == "overtaken":
            overtaken = run(should_stop=then(lambda: self.release_dead_claim() and finish() is None))
            assert (overtaken == LOST_LEASE) == (calls >= execution.batches)
        elif execution.event == "released":
            if run(should_stop=then(lambda: True)) == RELEASED:
                finish()
        elif execution.event == "left":
            run(should_stop=then(lambda: True))
            most = execution.batches * execution.batch_size
        elif execution.event == "cancelled":
            run(should_stop=then(self.cancel))
            most = execution.batches * execution.batch_size
        else:
            run()
        rules.carry_out(self.business, self.job, most)
        if execution.event == "cancelled" and self.job.is_active:
            self.job.state = "cancelled"
        if calls >= execution.batches:
            self.note(f"a restore is {execution.event}")
        self.check_job()

    def release_dead_claim(self) -> bool:
        died = {"code": WORKER_DIED, "signal": 9}
        return release_dead(self.session, self.job_id, runner="unknown", error=died) is not None

    def die(self) -> None:
        raise Killed

    def cancel(self) -> None:
        cancel(self.session, self.lock, self.job_id, by=self.session.get_one(User, self.world.admin.id))

    def outcomes(self) -> dict[int, tuple[str, str | None, int | None]]:
        rows = self.session.execute(
            select(
                RestoreOutcome.contact_id,
                RestoreOutcome.outcome,
                RestoreOutcome.reason,
                RestoreOutcome.other_contact_id,
            ).where(RestoreOutcome.job_id == self.job_id)
        )
        return {contact: (outcome, reason, other) for contact, outcome, reason, other in rows}

    def versions(self) -> dict[int, int]:
        """Of the restored contacts, the versions as the job left them."""
        rows = self.session.execute(
            select(RestoreOutcome.contact_id, RestoreOutcome.version).where(
                RestoreOutcome.job_id == self.job_id, RestoreOutcome.version.is_not(None)
            )
        )
        return {contact: version for contact, version in rows if version is not None}

    def ledger(self) -> dict[tuple[str, str, int], int]:
        """What the job has written about lists, tags, accounts and deals."""
        rows = self.session.execute(
            select(RestoreLink.effect, RestoreLink.kind, RestoreLink.item_id, RestoreLink.contacts).where(
                RestoreLink.job_id == self.job_id
            )
        )
        return {(effect, kind, item): contacts for effect, kind, item, contacts in rows}

    def check_report(self, dialog: Dialog, foreseen: Links) -> None:
        """Check that the report tells what the plan has said."""
        job = self.session.get_one(Job, self.job_id)
        told = Counter(reasons_of(dialog.plan))
        del told[None]
        assert dict(reasons(self.session, job)) == told
        kept = {link: n for link, n in foreseen.items() if dialog.scope.rescue or link[0] != RESCUED}
        assert shown(links(self.session, job)) == self.as_shown(Links(kept))

    def check_job(self) -> None:
        assert self.job
        row = self.session.get_one(Job, self.job_id, populate_existing=True)
        restored, merged = len(self.job.restored), len(self.job.merged)
        assert row.state == self.job.state
        counts = (row.count("restored"), row.count("merged"), row.count("skipped"), row.count("failed"))
        assert counts == (restored, merged, len(self.job.outcomes) - restored - merged, 0)
        if row.state == "done":
            # The report accounts for every contact in the dialog.
            assert row.processed == max(row.total or 0, len(self.job.outcomes))
        assert self.outcomes() == self.with_ids(self.job.outcomes)
        assert self.versions() == {self.ids[c]: 1 + writes for c, writes in self.job.writes.items()}
        assert self.ledger() == {
            (effect, kind_of(thing), self.ids[thing]): n for (effect, thing), n in self.job.links.items()
        }
        assert notes(self.session, self.world) == model_notes(self.business, self.ids)
        for what in notable_events(self.business, self.job):
            self.note(what)
        for contact in {contact.merged_into or contact for contact in self.job.outcomes}:
            if contact.is_live:
                page = page_of(self.session, self.world, self.ids[contact])
                assert page == model_page_of(self.business, contact, self.ids)
