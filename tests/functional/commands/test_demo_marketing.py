"""The demo's automations and campaigns: runs are in progress, and no message is about to be sent."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.models import (
    Automation,
    AutomationRun,
    Campaign,
    CampaignSend,
    Contact,
    MailingList,
    Subscription,
    Tag,
)

HOUR = timedelta(hours=1)
# What a step may name.
Kind = type[Campaign] | type[MailingList] | type[Tag]
PENDING_RUNS, PENDING_SENDS = ("queued", "waiting", "running"), ("pending",)


@pytest.fixture
def runs(demo: Session) -> Sequence[AutomationRun]:
    found = demo.scalars(select(AutomationRun)).all()
    assert len(found) > 60
    return found


@pytest.fixture
def sends(demo: Session) -> Sequence[CampaignSend]:
    found = demo.scalars(select(CampaignSend)).all()
    assert len(found) > 60
    return found


def test_nothing_becomes_due_within_the_first_day(
    demo: Session, runs: Sequence[AutomationRun], sends: Sequence[CampaignSend]
) -> None:
    due = [run.due_at for run in runs if run.state in PENDING_RUNS]
    due += [send.due_at for send in sends if send.state in PENDING_SENDS]

    assert len(due) > 20
    assert min(due) > read_clock(demo) + 24 * HOUR


def test_the_deletion_has_ended_pending_runs_and_messages(
    demo: Session, runs: Sequence[AutomationRun], sends: Sequence[CampaignSend]
) -> None:
    deleted = set(demo.scalars(select(Contact.id).where(Contact.deleted_at.is_not(None))))
    items: list[AutomationRun | CampaignSend] = [*runs, *sends]
    of_deleted = [item for item in items if item.contact_id in deleted]

    assert not [item for item in of_deleted if item.state in (*PENDING_RUNS, *PENDING_SENDS)]
    for kind in (AutomationRun, CampaignSend):
        ended = [item for item in of_deleted if isinstance(item, kind) and item.state == "ended"]
        assert {item.ended_why for item in ended} == {"contact_deleted"}
    greta = demo.scalars(select(Contact.id).where(Contact.last_name == "Vollmer")).one()
    assert [run.state for run in runs if run.contact_id == greta] == ["ended"]


def test_each_step_can_be_carried_out(demo: Session) -> None:
    """A step names a live campaign, tag or list of the same workspace, and so does the trigger."""
    kinds: dict[str, tuple[str, Kind]] = {
        "send": ("campaign", Campaign),
        "add_tag": ("tag", Tag),
        "subscribe": ("list", MailingList),
    }
    automations = demo.scalars(select(Automation)).all()

    assert {step["do"] for automation in automations for step in automation.steps} == {"wait", *kinds}
    for automation in automations:
        needed: list[tuple[Kind, int | None]] = [(MailingList, automation.list_id), (Tag, automation.tag_id)]
        assert (automation.list_id is None) == (automation.trigger == "tag_added")
        assert (automation.tag_id is None) == (automation.trigger == "subscribed")
        for step in automation.steps:
            if step["do"] == "wait":
                assert step.keys() == {"do", "hours"}
                continue
            name, kind = kinds[step["do"]]
            assert step.keys() == {"do", name}
            needed.append((kind, step[name]))
        for kind, wanted in needed:
            if wanted is not None:
                thing: Any = demo.get_one(kind, wanted)
                assert thing.workspace_id == automation.workspace_id
                assert getattr(thing, "deleted_at", None) is None


def test_a_run_is_at_the_step_that_its_automation_has_reached(
    demo: Session, runs: Sequence[AutomationRun]
) -> None:
    for run in runs:
        steps = demo.get_one(Automation, run.automation_id).steps
        contact = demo.get_one(Contact, run.contact_id)
        assert contact.created_at <= run.created_at
        waited = sum(step.get("hours", 0) for step in steps[: run.step])
        assert run.due_at == run.created_at + waited * HOUR
        if run.state == "waiting":
            assert steps[run.step - 1]["do"] == "wait"
        elif run.state == "done":
            assert run.step == len(steps)
            assert run.ended_at is not None


def test_the_campaign_of_a_list_goes_to_its_subscribers(demo: Session, sends: Sequence[CampaignSend]) -> None:
    to_lists = [(send, demo.get_one(Campaign, send.campaign_id)) for send in sends]
    assert {send.state for send, _ in to_lists} == {"sent", "pending", "ended"}
    for send, campaign in to_lists:
        place = demo.get_one(Subscription, (send.contact_id, campaign.list_id))
        assert place.status == "subscribed"
