"""The timeline of a contact tells what has happened to it, and nothing of what was deleted."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_contact,
    new_deal,
    new_list,
    new_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.clock import read_clock
from webapp.models import (
    Automation,
    AutomationRun,
    Campaign,
    CampaignSend,
    ContactTag,
    DealContact,
    RestoreOutcome,
)
from webapp.models.automation import Trigger
from webapp.models.campaign import SendState

DAY = timedelta(days=1)


def told(page: Seen) -> list[str]:
    """The sentences, from the newest."""
    return [" ".join(line.get_text("").split()) for line in page.all("#contact-timeline li p:first-child")]


def test_everything_that_is_known_is_told_the_newest_first(
    admin: Browser, member: Browser, world: World, store: Session
) -> None:
    now = read_clock(store)
    contact = new_contact(store, world, created_at=now - 9 * DAY)
    for name, status, days in (
        ("News", "subscribed", 8),
        ("Offers", "unsubscribed", 7),
        ("Gone", "bounced", 1),
    ):
        mailing_list = new_list(store, world, name)
        subscribe(store, contact, mailing_list, status).changed_at = now - days * DAY
        mailing_list.deleted_at = now if name == "Gone" else None
    for name, added_at in (("VIP", now - 6 * DAY), ("Old", None)):
        store.add(ContactTag(contact_id=contact.id, tag_id=new_tag(store, world, name).id, added_at=added_at))
    deal = new_deal(store, world, contact, title="Roof")
    hidden = new_deal(store, world, contact, title="Hidden deal")
    hidden.deleted_at = now
    store.flush()
    campaign = Campaign(workspace_id=world.id, name="Spring")
    automation = Automation(workspace_id=world.id, name="Welcome", trigger=Trigger.TAG_ADDED, steps=[])
    store.add_all([campaign, automation])
    store.flush()
    times = {"due_at": now, "created_at": now - 4 * DAY}
    store.add(
        AutomationRun(workspace_id=world.id, automation_id=automation.id, contact_id=contact.id, **times)
    )
    for state, sent_at in ((SendState.SENT, now - 3 * DAY), (SendState.PENDING, None)):
        store.add(
            CampaignSend(
                workspace_id=world.id, campaign_id=campaign.id, contact_id=contact.id, state=state,
                sent_at=sent_at, **times,
            )
        )  # fmt: skip
    for place in deal, hidden:
        store.flush()
        store.execute(
            update(DealContact).where(DealContact.deal_id == place.id).values(attached_at=now - 5 * DAY)
        )
    store.commit()

    expected = [
        "Was sent the message “Spring”",
        "Automation “Welcome” began: under way",
        "Added to the deal “Roof”",
        "Tagged “VIP”",
        "Unsubscribed from “Offers”",
        "Subscribed to “News”",
        "Created",
    ]
    assert told(admin.get(f"/contacts/{contact.id}")) == expected
    assert told(member.get(f"/contacts/{contact.id}")) == expected


def test_deleting_restoring_and_merging_are_told_with_the_restore_for_admins(
    admin: Browser, member: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    back = new_contact(store, world, "Back", "Again")
    live = new_contact(store, world, "Still", "Here")
    delete(store, world, back)
    store.commit()
    job = admin.press(admin.get("/contacts/restore/confirm-all"), "Restore")
    work()
    other = new_contact(store, world, "Twin", "Secret", email=None)
    other.email, other.email_key = live.email, None
    store.flush()
    delete(store, world, other)
    other.email_key, other.merged_into_id = live.email_key, live.id
    job_id = int(job.path.removeprefix("/restores/"))
    store.add(
        RestoreOutcome(
            job_id=job_id, contact_id=other.id, outcome="restored", reason="merged", other_contact_id=live.id
        )
    )
    store.commit()

    page = admin.get(f"/contacts/{back.id}")
    assert told(page) == ["Restored by Ada Admin (Restore #1)", "Deleted by Max Member", "Created"]
    assert page.one("#contact-timeline li a")["href"] == job.path
    merged = admin.get(f"/contacts/{live.id}")
    assert told(merged)[0] == (
        "A deleted contact with this address was merged into this one by Ada Admin (Restore #1)"
    )
    assert "Secret" not in merged.text
    seen = member.get(f"/contacts/{back.id}")
    assert told(seen) == told(page)
    assert not seen.all("#contact-timeline li a")


def test_the_timeline_is_paged_and_no_event_is_lost_or_told_twice(
    anyone: Browser, world: World, store: Session
) -> None:
    """Also where many events share a moment."""
    now = read_clock(store)
    contact = new_contact(store, world, created_at=now)
    for number in range(45):
        tag = new_tag(store, world, f"T{number:02}")
        store.add(ContactTag(contact_id=contact.id, tag_id=tag.id, added_at=now))
    store.commit()

    pages = anyone.turn(anyone.get(f"/contacts/{contact.id}"), "Older")

    lines = [line for page in pages for line in told(page)]
    assert lines == [f"Tagged “T{number:02}”" for number in range(44, -1, -1)] + ["Created"]
    assert [len(told(page)) for page in pages] == [20, 20, 6]
