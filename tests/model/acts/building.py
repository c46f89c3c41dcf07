"""People build automations: their steps, whether they wake, and their end."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select

from tests.model import building as rules
from tests.model.acts.campaigns import Campaigns
from tests.model.acts.refused import refusal
from tests.model.choices import automations, one_of, things
from tests.model.marketing import Automation, Campaign, Step
from tests.model.things import Thing
from webapp import models
from webapp.database import write_transaction
from webapp.marketing.building import Builder, Waiting, make_automation
from webapp.models.automation import Trigger

TARGETS = things("list", "tag")


class Building(Campaigns):
    """What people do with automations."""

    @rule(waits_for=one_of(TARGETS), step=one_of(TARGETS), hours=st.sampled_from((None, 0, 24)))
    def make_an_automation(self, waits_for: Thing, step: Thing, hours: int | None) -> None:
        """With one step or two, and started, as far as that is possible."""
        is_list = waits_for.kind == "list"
        waiting = Waiting(
            Trigger.SUBSCRIBED if is_list else Trigger.TAG_ADDED,
            list_id=self.ids[waits_for] if is_list else None,
            tag_id=None if is_list else self.ids[waits_for],
        )
        made: list[int] = []

        def make() -> None:
            made.append(make_automation(self.session, "Welcome", waiting, **self.by_admin()))

        why = refusal(self.session, make)
        assert why == ("no_target" if waits_for.deleted else None)
        if why:
            return
        automation = Automation(waits_for, is_active=False)
        self.business.marketing.automations.append(automation)
        self.ids[automation] = made[0]
        if hours is not None:
            self.add_step(automation, "wait", step, hours, automation.version)
        self.add_step(automation, step.kind, step, 0, automation.version)
        self.turn(automation, "start", automation.version)

    @rule(
        automation=one_of(automations),
        what=st.sampled_from(("add", "add", "remove", "move", "start", "pause", "end runs", "delete")),
        step=st.sampled_from(("list", "tag", "wait", "message")),
        thing=one_of(TARGETS),
        place=st.integers(0, 3),
        is_old=st.sampled_from((False, False, False, True)),
    )
    def work_on_an_automation(
        self, automation: Automation, what: str, step: str, thing: Thing, place: int, is_old: bool
    ) -> None:
        """A person acts on an automation as it was shown, which another has perhaps changed since."""
        version = automation.version - is_old
        if what == "add":
            self.add_step(automation, step, thing, 24, version)
        elif what == "remove":
            why = rules.remove_step(self.business, automation, version, place)
            self.built(automation, version, lambda builder: builder.remove_step(place), why)
        elif what == "move":
            why = rules.move_up(self.business, automation, version, place)
            self.built(automation, version, lambda builder: builder.move_up(place), why)
        else:
            self.turn(automation, what, version)

    def add_step(self, automation: Automation, what: str, target: Thing, hours: int, version: int) -> None:
        """A message goes to the list that the automation waits for: whether a contact is on another one at
        that moment would depend on the order of runs, which no rule tells."""
        step: Step
        if what == "message":
            if automation.waits_for.kind != "list":
                return
            step = ("send", Campaign(automation.waits_for, automation))
        elif what == "wait":
            step = ("wait", timedelta(hours=hours))
        else:
            step = ({"list": "subscribe", "tag": "add_tag"}[target.kind], target)
        why = rules.add_step(self.business, automation, version, step)
        what, argument = step
        if isinstance(argument, Campaign):
            list_id = self.ids[automation.waits_for]
            self.built(automation, version, lambda builder: builder.add_message("Hi", "Hello", list_id), why)
            return
        row: dict[str, object] = {"do": what}
        if isinstance(argument, Thing):
            row[argument.kind] = self.ids[argument]
        else:
            row["hours"] = hours
        self.built(automation, version, lambda builder: builder.add_step(row), why)

    def latest_text(self) -> int:
        """The id of the text that was made last."""
        texts = select(models.Campaign.id).where(models.Campaign.workspace_id == self.world.id)
        return self.session.scalars(texts.order_by(models.Campaign.id.desc()).limit(1)).one()

    def turn(self, automation: Automation, what: str, version: int) -> None:
        """Start it, pause it, end its runs or delete it."""
        match what:
            case "start":
                self.built(automation, version, Builder.start, rules.start(automation, version))
            case "pause":
                self.built(automation, version, Builder.pause, rules.pause(automation, version))
            case "end runs":
                why = rules.end_runs(self.business, automation, version)
                self.built(automation, version, Builder.end_runs, why)
            case "delete":
                why = rules.delete_automation(self.business, automation, version)
                self.built(automation, version, Builder.delete, why)

    def built(
        self, automation: Automation, version: int, verb: Callable[[Builder], object], why: str | None
    ) -> None:
        """Check that the verb is refused as in the model, which has refused it with `why` or done it."""
        builder = Builder(
            self.session, self.world.id, self.ids[automation], version, self.world.admin.id, self.now
        )
        if why:
            self.note(f"an automation stays as it is: {why}")
        assert refusal(self.session, lambda: verb(builder)) == why
        with write_transaction(self.session):
            row = self.session.get_one(models.Automation, self.ids[automation], populate_existing=True)
            steps = [(step["do"], *[v for k, v in step.items() if k != "do"]) for step in row.steps]
        assert steps == [(what, self.argument(argument)) for what, argument in automation.steps]
        assert (row.is_active, row.deleted_at is not None) == (automation.is_active, automation.deleted)

    def argument(self, argument: Thing | Campaign | timedelta) -> float:
        """As a step stores it."""
        if isinstance(argument, timedelta):
            return argument / timedelta(hours=1)
        if argument not in self.ids:
            self.ids[argument] = self.latest_text()
        return self.ids[argument]
