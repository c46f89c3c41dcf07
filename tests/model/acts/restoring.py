"""Restores: of some contacts, of all, of those that filters match, with every choice; at once or from a
dialog that was open for a while."""

from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model import restoring as rules
from tests.model.acts.asking import Asking, Choice, Dialog
from tests.model.acts.jobs import EXECUTIONS, Execution
from tests.model.choices import (
    ANY_CHOICE,
    NEW_PEOPLE,
    PEOPLE,
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
from tests.model.links import Links
from tests.model.things import Contact
from tests.support.restored import rows_of
from webapp.jobs.start import AlreadyRunning
from webapp.jobs.work import NotAllowed
from webapp.restoring.start import start
from webapp.restoring.work import NothingToRestore, PlanChanged

# How long a dialog can be confirmed (rule 6); the signature, which the model does not have, enforces it.
VALID = timedelta(minutes=30)


class Restoring(Asking):
    """The admin's side of restores."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.dialogs: list[Dialog] = []

    @if_any(deleted_contacts)
    @rule(
        contacts=some_of(mostly_deleted),
        choice=ANY_CHOICE,
        execution=EXECUTIONS,
        is_admin=st.sampled_from((True, True, True, False)),
    )
    def restore_some(
        self, contacts: list[Contact], choice: Choice, execution: Execution, is_admin: bool
    ) -> None:
        self.confirm(self.ask_about(contacts, choice), execution, is_admin=is_admin)

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

    def confirm(self, dialog: Dialog | None, execution: Execution, *, is_admin: bool = True) -> None:
        """Press "Restore", unless there is nothing to press. A member may not, whatever the settings say."""
        if dialog is None:
            return
        begin = partial(
            start,
            self.session,
            self.lock,
            lambda *_: None,
            scope=dialog.question.scope,
            requested_by=(self.world.admin if is_admin else self.world.member).id,
        )
        if self.job and self.job.is_active:
            self.refused("a restore", begin, AlreadyRunning)
            self.carry_on(execution)
        elif not is_admin:
            self.refused("a restore", begin, NotAllowed)
        elif dialog.scope.chosen is not None and dialog.plan != self.plan(dialog.scope):
            self.refused("a restore", begin, PlanChanged)
        elif dialog.scope.chosen is None and not rules.contacts_in_scope(self.business, dialog.scope):
            self.refused("a restore", begin, NothingToRestore)
        else:
            is_as_shown = dialog.plan == self.plan(dialog.scope)
            foreseen = self.check_numbers(dialog) if is_as_shown else Links()
            self.job = restore = rules.Restore(scope=dialog.scope)
            self.before[restore] = rows_of(self.session, self.world.id)
            self.ids[restore] = begin().id
            assert begin().id == self.ids[restore], "one confirmation, one job"
            self.carry_out(execution)
            if is_as_shown and restore.state == "done":
                assert self.with_ids(dialog.plan) == self.outcomes(), "plan and run disagree"
                self.check_report(dialog, foreseen)
