"""Lists, tags and accounts: created by name, counted by live contacts, deleted with what that takes away."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_contacts,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World, new_world
from webapp.catalogue.delete import StillSending, Uses, delete_from_catalogue, uses
from webapp.catalogue.members import count_members
from webapp.catalogue.names import Named, NameTaken, NoName, create
from webapp.catalogue.statuses import NotAgreed, NotOnList, change_status_by_hand
from webapp.clock import read_clock
from webapp.contacts import find
from webapp.contacts.things import amounts, find_member, read_things, statuses_on, wanted_of
from webapp.marketing.consent import AddressSuppressed, address_hash
from webapp.models import (
    Account,
    AuditEvent,
    Automation,
    AutomationRun,
    Campaign,
    CampaignSend,
    Contact,
    MailingList,
    Subscription,
    Suppression,
    Tag,
)
from webapp.models.automation import Trigger
from webapp.models.campaign import MessageKind, SendState
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason

NEW: dict[Named, Callable[..., Any]] = {MailingList: new_list, Tag: new_tag, Account: new_account}


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.fixture(params=NEW, ids=lambda kind: kind.__tablename__)
def kind(request: pytest.FixtureRequest) -> Named:
    chosen: Named = request.param
    return chosen


def put(session: Session, kind: Named, row: Any, *contacts: Contact) -> None:
    """Connect the contacts with the list, tag or account."""
    for contact in contacts:
        if kind is MailingList:
            subscribe(session, contact, row, "subscribed")
        elif kind is Tag:
            put_tag(session, contact, row)
        else:
            contact.account_id = row.id
    session.flush()


def events(session: Session, world: World, action: str) -> list[tuple[str, int | None, dict[str, Any]]]:
    found = select(AuditEvent).where(AuditEvent.workspace_id == world.id, AuditEvent.action == action)
    return [(event.subject, event.user_id, event.detail) for event in session.scalars(found)]


def remove(session: Session, world: World, kind: Named, row_id: int) -> bool:
    by, now = world.admin.id, read_clock(session)
    return delete_from_catalogue(session, kind, row_id, workspace_id=world.id, by=by, now=now)


def test_creating_records_who_and_refuses_a_name_that_is_there_in_another_spelling(
    session: Session, world: World, kind: Named
) -> None:
    def make(name: str, where: World = world) -> int:
        by, now = where.admin.id, read_clock(session)
        return create(session, kind, name, workspace_id=where.id, by=by, now=now)

    made = make("Key Élan")

    with pytest.raises(NameTaken) as taken:
        make("KEY  e\u0301lan")
    assert taken.value.other_id == made
    with pytest.raises(NoName):
        make("\u200b ")
    assert make("Key Élan", new_world(session)) != made
    assert remove(session, world, kind, made)
    assert make("Key Élan") != made, "a deleted one does not keep its name"
    subject = f"{kind.__tablename__}:{made}"
    assert (subject, world.admin.id, {}) in events(session, world, f"{kind.__tablename__}.created")


def test_only_live_contacts_are_counted_and_shown(session: Session, world: World, kind: Named) -> None:
    row, other = NEW[kind](session, world), NEW[kind](session, world)
    stays, gone, elsewhere = new_contacts(session, world, 3)
    put(session, kind, row, stays, gone)
    put(session, kind, other, elsewhere)
    delete(session, world, gone)

    assert count_members(session, kind, [row.id, other.id], most=9) == {
        row.id: (1, True),
        other.id: (1, True),
    }
    wanted = wanted_of(kind, row.id, world.id)
    assert [found[0].id for found in find.read_page(session, wanted, size=9).rows] == [stays.id]
    assert find.count(session, wanted) == 1


def test_a_count_looks_at_so_many_contacts_and_says_that_there_are_more(
    session: Session, world: World, kind: Named, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, gone, empty = (NEW[kind](session, world) for _ in range(3))
    there, left = new_contacts(session, world, 6), new_contacts(session, world, 6)
    put(session, kind, full, *there)
    put(session, kind, gone, *left)
    delete(session, world, *left)

    assert count_members(session, kind, [full.id], most=6) == {full.id: (6, True)}
    # Six are there: more than four is true, and so is more than three.
    assert count_members(session, kind, [full.id], most=4) == {full.id: (4, False)}
    monkeypatch.setattr("webapp.contacts.things.SCAN_LIMIT", 9)
    found = amounts(session, kind, [full.id, gone.id, empty.id])
    # Three for each of them, and what the empty one has left over for the others.
    assert (found[full.id].number, found[full.id].exact) == ((6, True) if kind is Account else (4, False))
    # Of those that were looked at none is live, so that nothing is said; an account has only live ones.
    assert (gone.id in found) == (kind is Account)
    assert (found[empty.id].number, found[empty.id].exact) == (0, True)


def test_pages_go_by_name_and_a_search_is_literal(session: Session, world: World, kind: Named) -> None:
    names = ["Beta", "alpha", "50% off", "Gamma_x", "Delta"]
    rows = {name: NEW[kind](session, world, name) for name in names}
    rows["Delta"].deleted_at = read_clock(session)
    NEW[kind](session, new_world(session), "alpha beta")
    session.flush()

    def found(key: str) -> list[str]:
        return [row[0].name for row in read_things(session, kind, world.id, key, size=9).rows]

    assert found("") == ["50% off", "alpha", "Beta", "Gamma_x"]
    assert found("ta") == ["Beta"]
    assert found("%") == ["50% off"]
    assert found("_") == ["Gamma_x"]
    first = read_things(session, kind, world.id, "", size=3)
    second = read_things(session, kind, world.id, "", size=3, after=first.older)
    assert [row[0].name for row in second.rows] == ["Gamma_x"]


def test_the_contacts_of_a_list_are_filtered_by_status(session: Session, world: World) -> None:
    row, contacts = new_list(session, world), new_contacts(session, world, 3)
    for contact, status in zip(contacts, ("subscribed", "bounced", "bounced"), strict=True):
        subscribe(session, contact, row, status)
    delete(session, world, contacts[2])

    bounced = wanted_of(MailingList, row.id, world.id, SubscriptionStatus.BOUNCED)

    found = [row[0].id for row in find.read_page(session, bounced, size=9).rows]
    assert found == [contacts[1].id]
    assert statuses_on(session, row.id, found) == {contacts[1].id: "bounced"}
    assert find.count(session, bounced) == 1
    assert find_member(session, row.id, world.id, contacts[1].id) == (contacts[1], "bounced")
    assert find_member(session, row.id, world.id, contacts[2].id) is None


def test_deleting_counts_what_used_it_and_records_how_many_contacts(
    session: Session, world: World, kind: Named
) -> None:
    row, other = NEW[kind](session, world), NEW[kind](session, world)
    stays, gone = new_contacts(session, world, 2)
    put(session, kind, row, stays, gone)
    delete(session, world, gone)
    if kind is not Account:
        use_in_marketing(session, world, kind, row, other)

    found = uses(session, kind, row.id, workspace_id=world.id)

    expected = {
        MailingList: Uses(1, True, automations=2, campaigns=1),
        Tag: Uses(1, True, automations=2),
        Account: Uses(1, True),
    }
    assert found == expected[kind]
    assert remove(session, world, kind, row.id)
    assert not remove(session, world, kind, row.id)
    assert events(session, world, f"{kind.__tablename__}.deleted") == [
        (f"{kind.__tablename__}:{row.id}", world.admin.id, {"contacts": 1})
    ]


def use_in_marketing(session: Session, world: World, kind: Named, row: Any, other: Any) -> None:
    """Two automations, one of them by a step, a campaign, and one of each that is about something else."""
    field, step = ("list_id", "list") if kind is MailingList else ("tag_id", "tag")
    do = {"list": "subscribe", "tag": "add_tag"}[step]
    for own, in_step in ((row, other), (other, row), (other, other)):
        made = Automation(
            workspace_id=world.id,
            name="Welcome",
            trigger=Trigger.SUBSCRIBED,
            steps=[{"do": do, step: in_step.id}, "unreadable"],
            **{field: own.id},
        )
        session.add(made)
    if kind is MailingList:
        session.add_all(
            Campaign(workspace_id=world.id, name="Spring", list_id=one.id) for one in (row, other)
        )
    session.flush()


@pytest.mark.parametrize("taken", [False, True], ids=["waiting", "in hand"])
def test_a_list_with_messages_on_their_way_is_not_deleted(
    session: Session, world: World, taken: bool
) -> None:
    row, contact, now = new_list(session, world), new_contact(session, world), read_clock(session)
    campaign = Campaign(workspace_id=world.id, name="Spring", list_id=row.id)
    session.add(campaign)
    session.flush()
    message = message_of(world, campaign, now, contact_id=contact.id, taken_at=now if taken else None)
    session.add(message)
    # A test goes to a user, and holds nothing up.
    session.add(message_of(world, campaign, now, kind=MessageKind.TEST, user_id=world.admin.id))
    session.flush()

    with pytest.raises(StillSending):
        remove(session, world, MailingList, row.id)
    assert uses(session, MailingList, row.id, workspace_id=world.id).waiting == 1
    session.execute(update(CampaignSend).where(CampaignSend.id == message.id).values(state=SendState.SENT))
    assert remove(session, world, MailingList, row.id)


def message_of(world: World, campaign: Campaign, now: datetime, **values: Any) -> CampaignSend:
    return CampaignSend(
        workspace_id=world.id,
        campaign_id=campaign.id,
        state=SendState.PENDING,
        due_at=now,
        created_at=now,
        **values,
    )


def test_a_contact_becomes_subscribed_only_where_it_has_agreed(session: Session, world: World) -> None:
    row, contact = new_list(session, world), new_contact(session, world)
    subscribe(session, contact, row, "unsubscribed")
    welcome = Automation(workspace_id=world.id, name="Hi", trigger=Trigger.SUBSCRIBED, list_id=row.id)
    session.add(welcome)
    session.flush()

    def change(status: str, *, agreed: bool = False, contact_id: int = contact.id) -> bool:
        return change_status_by_hand(
            session,
            workspace_id=world.id,
            list_id=row.id,
            contact_id=contact_id,
            status=SubscriptionStatus(status),
            agreed=agreed,
            by=world.member.id,
            now=read_clock(session),
        )

    with pytest.raises(NotAgreed):
        change("subscribed")
    assert change("bounced")
    assert not change("bounced")
    assert change("subscribed", agreed=True)
    status = select(Subscription.status).where(Subscription.contact_id == contact.id)
    assert session.scalar(status) == "subscribed"
    woken = select(AutomationRun.contact_id).where(AutomationRun.automation_id == welcome.id)
    assert session.scalar(woken) == contact.id
    detail = {"contact": contact.id, "status": "subscribed"}
    changes = events(session, world, "mailing_list.status_changed")
    assert changes[-1] == (f"mailing_list:{row.id}", world.member.id, detail)

    with pytest.raises(NotOnList):
        change("bounced", contact_id=new_contact(session, world).id)
    assert change("unsubscribed")
    suppress(session, world, contact)
    with pytest.raises(AddressSuppressed):
        change("subscribed", agreed=True)
    delete(session, world, contact)
    with pytest.raises(NotOnList):
        change("bounced")


def suppress(session: Session, world: World, contact: Contact) -> None:
    assert contact.email_key is not None
    session.add(
        Suppression(
            workspace_id=world.id,
            address_hash=address_hash(contact.email_key),
            reason=SuppressionReason.UNSUBSCRIBE,
            at=read_clock(session),
        )
    )
    session.flush()
