"""People write campaigns and send them, and build automations. Each function returns why it was refused."""

from tests.model.business import Business
from tests.model.marketing import ENDED, PENDING, Automation, Campaign, Step
from tests.model.things import Thing

WAKING = {"list": "subscribe", "tag": "add_tag"}


def change(campaign: Campaign, version: int, mailing_list: Thing | None) -> str | None:
    """Let it go to another list. A list that is deleted is none."""
    if campaign.deleted:
        return "gone"
    wanted = mailing_list if mailing_list and not mailing_list.deleted else None
    if campaign.mailing_list is wanted:
        return None
    if campaign.is_sent:
        return "already_sent"
    if why := campaign.refusal(version):
        return why
    campaign.mailing_list = wanted
    campaign.version += 1
    return None


def launch(business: Business, campaign: Campaign, version: int) -> str | None:
    """Send it to its list, once."""
    if campaign.is_sent and not campaign.deleted:
        return "already_sent"
    if why := campaign.refusal(version):
        return why
    if campaign.mailing_list is None or campaign.mailing_list.deleted:
        return "incomplete"
    if not business.marketing.send(campaign, business.live):
        return "no_recipient"
    campaign.is_sent = True
    campaign.version += 1
    return None


def delete(business: Business, campaign: Campaign) -> bool:
    """Whether it was there. Its messages that wait end."""
    was_there, campaign.deleted = not campaign.deleted, True
    for message in business.marketing.messages:
        if message.campaign is campaign and message.state == PENDING:
            message.state = ENDED
    return was_there


def add_step(business: Business, automation: Automation, version: int, step: Step) -> str | None:
    """At the end. One that does what the automation waits for would wake it again and again."""
    if why := _why_steps_stay(business, automation, version):
        return why
    what, target = step
    waits_for = automation.waits_for
    if (what, target) == (WAKING[waits_for.kind], waits_for):
        return "wakes_itself"
    if isinstance(target, Campaign):
        target = target.mailing_list or target
    if isinstance(target, Thing) and target.deleted:
        return "no_target"
    automation.steps += (step,)
    automation.version += 1
    return None


def remove_step(business: Business, automation: Automation, version: int, place: int) -> str | None:
    if why := _why_steps_stay(business, automation, version):
        return why
    if place >= len(automation.steps):
        return "no_step"
    automation.steps = tuple(step for at, step in enumerate(automation.steps) if at != place)
    automation.version += 1
    return None


def move_up(business: Business, automation: Automation, version: int, place: int) -> str | None:
    if why := _why_steps_stay(business, automation, version):
        return why
    if not 0 < place < len(automation.steps):
        return "no_step"
    steps = list(automation.steps)
    steps.insert(place - 1, steps.pop(place))
    automation.steps = tuple(steps)
    automation.version += 1
    return None


def _why_steps_stay(business: Business, automation: Automation, version: int) -> str | None:
    """A run remembers how many steps it has done, so they stay while one is under way."""
    under_way = any(r.automation is automation and r.is_pending for r in business.marketing.runs)
    return automation.refusal(version) or ("running" if under_way else None)


def start(automation: Automation, version: int) -> str | None:
    if why := automation.refusal(version):
        return why
    if not automation.steps:
        return "no_steps"
    if automation.waits_for.deleted:
        return "no_target"
    automation.is_active = True
    automation.version += 1
    return None


def pause(automation: Automation, version: int) -> str | None:
    if why := automation.refusal(version):
        return why
    automation.is_active = False
    automation.version += 1
    return None


def end_runs(business: Business, automation: Automation, version: int) -> str | None:
    """Its runs that are under way and the messages with its texts that wait end."""
    if why := automation.refusal(version):
        return why
    for run in business.marketing.runs:
        if run.automation is automation and run.is_pending:
            run.state = ENDED
    for message in business.marketing.messages:
        if message.campaign.automation is automation and message.state == PENDING:
            message.state = ENDED
    automation.version += 1
    return None


def delete_automation(business: Business, automation: Automation, version: int) -> str | None:
    """Its runs and messages end, too."""
    why = end_runs(business, automation, version)
    if why is None:
        automation.deleted, automation.is_active = True, False
    return why
