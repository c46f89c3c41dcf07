"""Rule 11. What becomes of a contact whose address another contact has: it is skipped, merged into the live
contact, or restored without its address."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import select, update
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
from webapp.contacts.find import read_page
from webapp.contacts.wanted import Wanted
from webapp.marketing.lists import change_status
from webapp.models import AutomationRun, Contact, ContactNote, Deal, DealContact, Job, Subscription
from webapp.models.mailing_list import SubscriptionStatus
from webapp.restoring.question import about_other_choice
from webapp.restoring.scope import Conflicts, Scope

ADDRESS = "ann@x.org"
MINUTE = timedelta(minutes=1)


def choosing(restoring: Restoring, conflicts: Conflicts, *, rescue: bool = False) -> Scope:
    scope = restoring.question_all().scope
    return about_other_choice(restoring.session, scope, conflicts, rescue=rescue).scope


def confirm(
    restoring: Restoring, conflicts: Conflicts, *, rescue: bool = False, batch_size: int = 1000
) -> Job:
    return restoring.confirm(choosing(restoring, conflicts, rescue=rescue), batch_size=batch_size)


def found(session: Session, world: World, q: str) -> list[int]:
    return [row[0].id for row in read_page(session, Wanted(world.id, q=q), size=10).rows]


def statuses(session: Session, contact: Contact) -> dict[int, str]:
    rows = session.execute(
        select(Subscription.list_id, Subscription.status).where(Subscription.contact_id == contact.id)
    )
    return {list_id: str(status) for list_id, status in rows}


def places(session: Session, deal: Deal) -> set[tuple[int, bool]]:
    """The contacts on the deal, each with whether it is primary."""
    on_it = select(DealContact.contact_id, DealContact.is_primary).where(
        DealContact.deal_id == deal.id, DealContact.detached_at.is_(None)
    )
    return {(contact_id, primary) for contact_id, primary in session.execute(on_it)}


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


def test_a_twin_of_a_merged_contact_is_skipped_in_every_batch_size(
    session: Session, world: World, restoring: Restoring
) -> None:
    for size in (1, 2, 10):
        address = f"{size}@x.org"
        twins = []
        for minutes in (3, 2, 1):
            twins.append(new_contact(session, world, email=address))
            delete(session, world, twins[-1], ago=minutes * MINUTE)
        kept = new_contact(session, world, email=address)
        scope = restoring.question(*twins).scope

        job = restoring.confirm(
            about_other_choice(session, scope, Conflicts.MERGE, rescue=False).scope, batch_size=size
        )

        first, second, latest = (twin.id for twin in twins)
        assert restoring.outcomes(job) == {
            latest: ("restored", "merged", kept.id),
            second: ("skipped", "twin", latest),
            first: ("skipped", "twin", latest),
        }


def test_only_a_contact_with_the_same_address_is_a_twin_of_a_merged_one(
    session: Session, world: World, restoring: Restoring
) -> None:
    other = new_contact(session, world, email="b@x.org")
    delete(session, world, other, ago=2 * MINUTE)
    gone = new_contact(session, world, email=ADDRESS)
    delete(session, world, gone, ago=MINUTE)
    kept = new_contact(session, world, email=ADDRESS)
    job = restoring.start(choosing(restoring, Conflicts.MERGE))
    restoring.run_one_batch(job, 1)
    kept.email = kept.email_key = "b@x.org"

    restoring.run(job)

    assert restoring.outcomes(job) == {
        gone.id: ("restored", "merged", kept.id),
        other.id: ("restored", "merged", kept.id),
    }


def test_places_on_one_deal_are_taken_in_the_order_of_the_walk_in_every_batch_size(
    session: Session, world: World, restoring: Restoring
) -> None:
    """Where all were attached at one time, as by an import."""
    for size in (1, 10):
        colleague = new_contact(session, world)
        gone = [new_contact(session, world, email=f"{size}-{i}@x.org") for i in range(2)]
        deal = new_deal(session, world, colleague, *gone)
        session.execute(update(DealContact).values(attached_at=colleague.created_at))
        for minutes, contact in zip((2, 1), gone, strict=True):
            delete(session, world, contact, ago=minutes * MINUTE)
        kept = [new_contact(session, world, email=f"{size}-{i}@x.org") for i in range(2)]

        confirm(restoring, Conflicts.MERGE, batch_size=size)

        in_order = select(DealContact.contact_id).where(
            DealContact.deal_id == deal.id, DealContact.detached_at.is_(None)
        )
        assert session.scalars(in_order.order_by(DealContact.attached_at, DealContact.id)).all() == [
            colleague.id,
            kept[1].id,
            kept[0].id,
        ]


def test_without_its_address_a_contact_comes_back_with_a_note(
    session: Session, world: World, restoring: Restoring
) -> None:
    news = new_list(session, world)
    gone = new_contact(session, world, "Ann", "Lee", email=ADDRESS)
    subscribe(session, gone, news, "subscribed")
    delete(session, world, gone)
    kept, version = new_contact(session, world, "Bob", "Roe", email=ADDRESS), gone.version

    job = confirm(restoring, Conflicts.WITHOUT_ADDRESS)

    session.expire_all()
    assert (gone.is_live, gone.email, gone.email_key, gone.version) == (True, None, None, version)
    assert kept.email == ADDRESS
    [note] = session.scalars(select(ContactNote).where(ContactNote.contact_id == gone.id))
    assert (note.kind, note.text, note.job_id) == ("former_address", ADDRESS, job.id)
    assert job.counts == {"restored": 1}
    assert restoring.outcomes(job) == {gone.id: ("restored", "without_address", kept.id)}
    assert found(session, world, ADDRESS) == [kept.id]
    assert found(session, world, "ann lee") == [gone.id]


def test_without_their_addresses_twins_come_back_too(
    session: Session, world: World, restoring: Restoring
) -> None:
    for size in (1, 10):
        address = f"{size}@x.org"
        twins = []
        for minutes in (3, 2, 1):
            twins.append(new_contact(session, world, email=address))
            delete(session, world, twins[-1], ago=minutes * MINUTE)
        scope = restoring.question(*twins).scope

        job = restoring.confirm(
            about_other_choice(session, scope, Conflicts.WITHOUT_ADDRESS, rescue=False).scope, batch_size=size
        )

        first, second, latest = (twin.id for twin in twins)
        assert restoring.outcomes(job) == {
            latest: ("restored", None, None),
            second: ("restored", "without_address", latest),
            first: ("restored", "without_address", latest),
        }
        session.expire_all()
        assert [twin.email for twin in twins] == [None, None, address]


def test_a_choice_is_part_of_the_confirmed_scope_and_a_confirmation_of_its_own(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contact(session, world, email=ADDRESS)
    delete(session, world, gone)
    new_contact(session, world, email=ADDRESS)
    asked = restoring.question(gone).scope

    chosen = about_other_choice(session, asked, Conflicts.MERGE, rescue=True)

    assert chosen.can_restore_any
    assert chosen.scope.key != asked.key
    assert chosen.scope.plan_digest != asked.plan_digest
    same = replace(
        chosen.scope, key=asked.key, plan_digest=asked.plan_digest, conflicts=Conflicts.SKIP, rescue=False
    )
    assert same == asked


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
