"""Rule 11. A contact whose address a live contact has is merged into it, if that was chosen."""

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.restoring import Restoring
from tests.unit.restoring.conflicts import ADDRESS, confirm, found, places, statuses
from webapp.marketing.lists import change_status
from webapp.models import AutomationRun, DealContact
from webapp.models.mailing_list import SubscriptionStatus
from webapp.restoring.scope import Conflicts


def test_merging_fills_gaps_and_replaces_nothing(
    session: Session, world: World, restoring: Restoring
) -> None:
    old_account, own_account = new_account(session, world), new_account(session, world)
    gone = new_contact(session, world, "Annabel", "Leander", email=ADDRESS, account=old_account)
    gone.phone = "1234"
    deletion = delete(session, world, gone)
    kept = new_contact(session, world, "", "Kept", email=ADDRESS)
    second_gone = new_contact(session, world, "Other", "Person", email="b@x.org", account=old_account)
    second_gone.phone = "99"
    delete(session, world, second_gone)
    full = new_contact(session, world, "Bea", "Full", email="b@x.org", account=own_account)
    full.phone = "77"
    created, version = kept.created_at, kept.version

    job = confirm(restoring, Conflicts.MERGE)

    session.expire_all()
    assert (kept.first_name, kept.last_name, kept.phone) == ("Annabel", "Kept", "1234")
    assert (kept.account_id, kept.email, kept.created_at) == (old_account.id, ADDRESS, created)
    assert (full.first_name, full.last_name, full.phone, full.account_id) == (
        "Bea",
        "Full",
        "77",
        own_account.id,
    )
    assert kept.version == version + 1
    # The deleted contact points to it and has left the bin.
    assert (gone.merged_into_id, gone.is_live) == (kept.id, False)
    assert restoring.in_bin() == set()
    assert deletion.in_bin == 0
    assert job.counts == {"merged": 2}
    assert restoring.outcomes(job)[gone.id] == ("restored", "merged", kept.id)
    # Its new first name is found.
    assert found(session, world, "annabel") == [kept.id]
    assert found(session, world, "leander") == []


def test_an_account_that_is_deleted_is_a_gap(session: Session, world: World, restoring: Restoring) -> None:
    old_account, deleted = new_account(session, world), new_account(session, world)
    gone = new_contact(session, world, email=ADDRESS, account=old_account)
    delete(session, world, gone)
    kept = new_contact(session, world, email=ADDRESS, account=deleted)
    deleted.deleted_at = restoring.now()

    confirm(restoring, Conflicts.MERGE)

    session.expire_all()
    assert kept.account_id == old_account.id


def test_merging_unites_tags_and_takes_the_stricter_consent(
    session: Session, world: World, restoring: Restoring
) -> None:
    tags = [new_tag(session, world) for _ in range(3)]
    lists = [new_list(session, world) for _ in range(6)]
    gone = new_contact(session, world, email=ADDRESS)
    put_tag(session, gone, tags[0])
    put_tag(session, gone, tags[1])
    for mailing_list, status in zip(
        lists,
        ("unsubscribed", "subscribed", "subscribed", "bounced", "unconfirmed", "subscribed"),
        strict=True,
    ):
        subscribe(session, gone, mailing_list, status)
    delete(session, world, gone)
    kept = new_contact(session, world, email=ADDRESS)
    put_tag(session, kept, tags[1])
    put_tag(session, kept, tags[2])
    for mailing_list, status in zip(lists, ("subscribed", "unsubscribed", "unconfirmed"), strict=False):
        subscribe(session, kept, mailing_list, status)
    subscribe(session, kept, lists[4], "bounced")
    now = restoring.now()
    lists[5].deleted_at = tags[0].deleted_at = now

    confirm(restoring, Conflicts.MERGE)

    assert {tag.id for tag in restoring.profile(kept).tags} == {tags[1].id, tags[2].id}
    assert statuses(session, kept) == {
        lists[0].id: "unsubscribed",  # the stricter one
        lists[1].id: "unsubscribed",  # the live one is stricter
        lists[2].id: "unconfirmed",  # never newly Subscribed
        lists[3].id: "bounced",  # taken over
        lists[4].id: "bounced",  # of two refusals the live one stays
    }
    assert session.scalars(select(AutomationRun).where(AutomationRun.workspace_id == world.id)).all() == []


def test_a_list_that_only_the_deleted_contact_was_on_is_taken_over_as_unconfirmed(
    session: Session, world: World, restoring: Restoring
) -> None:
    news, gone = new_list(session, world), new_contact(session, world, email=ADDRESS)
    subscribe(session, gone, news, "subscribed")
    delete(session, world, gone)
    kept = new_contact(session, world, email=ADDRESS)

    confirm(restoring, Conflicts.MERGE)

    assert statuses(session, kept) == {news.id: "unconfirmed"}


def test_the_live_contact_takes_the_place_on_deals_but_not_as_primary(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone, colleague = new_contact(session, world, email=ADDRESS), new_contact(session, world)
    shared, own = new_deal(session, world, gone, colleague), new_deal(session, world, gone)
    left = new_deal(session, world, gone, colleague)
    delete(session, world, gone)
    kept = new_contact(session, world, email=ADDRESS)
    session.add(
        DealContact(deal_id=left.id, contact_id=kept.id, is_primary=False, attached_at=restoring.now())
    )
    session.flush()

    confirm(restoring, Conflicts.MERGE)

    session.expire_all()
    assert places(session, shared) == {(kept.id, False), (colleague.id, True)}
    assert places(session, left) == {(kept.id, False), (colleague.id, True)}
    assert own.deleted_at is not None


def test_a_merge_can_rescue_the_deal_of_the_deleted_contact(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contact(session, world, email=ADDRESS)
    deal = new_deal(session, world, gone)
    delete(session, world, gone)
    kept = new_contact(session, world, email=ADDRESS)

    confirm(restoring, Conflicts.MERGE, rescue=True)

    session.expire_all()
    assert deal.deleted_at is None
    assert places(session, deal) == {(kept.id, False)}


def test_the_refusal_of_a_merged_contact_holds_for_the_live_one(
    session: Session, world: World, restoring: Restoring
) -> None:
    """Someone unsubscribes by a message that was sent to the deleted contact (rule 9)."""
    news, gone = new_list(session, world), new_contact(session, world, email=ADDRESS)
    subscribe(session, gone, news, "subscribed")
    delete(session, world, gone)
    kept = new_contact(session, world, email=ADDRESS)
    subscribe(session, kept, news, "subscribed")
    confirm(restoring, Conflicts.MERGE)
    session.refresh(kept)
    version, now = kept.version, restoring.now()
    change = partial(
        change_status, session, workspace_id=world.id, contact_id=gone.id, list_id=news.id, now=now
    )

    assert change(status=SubscriptionStatus.UNSUBSCRIBED)

    session.expire_all()
    assert statuses(session, kept) == {news.id: "unsubscribed"}
    assert kept.version == version + 1
    # Nothing that is less strict, or as strict, replaces the live contact's.
    for status in (SubscriptionStatus.SUBSCRIBED, SubscriptionStatus.UNCONFIRMED, SubscriptionStatus.BOUNCED):
        change(status=status)
        assert statuses(session, kept) == {news.id: "unsubscribed"}
