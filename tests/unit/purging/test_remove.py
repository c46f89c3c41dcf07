"""A contact goes with everything of its own, and nothing else goes."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.purging import Belongings
from webapp.marketing.browse import count_messages
from webapp.marketing.consent import address_hash
from webapp.models import CampaignSend, Contact, Deal, Deletion, Suppression
from webapp.models.campaign import SendState
from webapp.purging.remove import CUT_OFF, OF_ITS_OWN, remove_contacts


def rows_of(session: Session, contact_id: int) -> dict[str, int]:
    """How many rows of each table belong to the contact."""
    return {
        column.class_.__tablename__: session.scalar(
            select(func.count()).select_from(column.class_).where(column == contact_id)
        )
        or 0
        for column in (*CUT_OFF, *OF_ITS_OWN)
    }


def test_it_goes_with_a_row_in_every_table_and_the_next_one_stays_whole(
    session: Session, belongings: Belongings
) -> None:
    gone, stays = belongings.deleted(), belongings.deleted()
    gone_id, whole = gone.id, dict.fromkeys(rows_of(session, stays.id), 1)
    assert rows_of(session, gone_id) == whole

    assert remove_contacts(session, [gone_id]) == 1

    session.expire_all()
    assert session.get(Contact, gone_id) is None
    assert set(rows_of(session, gone_id).values()) == {0}
    assert session.get(Contact, stays.id) is not None
    assert rows_of(session, stays.id) == whole


def test_a_second_time_it_does_nothing_and_a_live_contact_is_left_alone(
    session: Session, world: World, belongings: Belongings
) -> None:
    gone, live = belongings.deleted(), new_contact(session, world)
    deletion, ids = gone.deletion_id, [gone.id, live.id]

    assert [remove_contacts(session, ids) for _ in range(2)] == [1, 0]

    session.expire_all()
    assert session.get_one(Contact, live.id).is_live
    assert session.get_one(Deletion, deletion).in_bin == 0


def test_the_counters_of_its_deletions_follow(session: Session, world: World) -> None:
    contacts = [new_contact(session, world) for _ in range(5)]
    first, second = delete(session, world, *contacts[:3]), delete(session, world, *contacts[3:])

    remove_contacts(session, [contact.id for contact in contacts[1:4]])

    session.expire_all()
    assert [(each.in_bin, each.contact_count) for each in (first, second)] == [(1, 3), (1, 2)]


def test_those_merged_into_it_go_as_well_and_so_on_and_no_counter_counts_them_twice(
    session: Session, world: World
) -> None:
    top, middle, bottom, other = [new_contact(session, world) for _ in range(4)]
    earlier = delete(session, world, middle, bottom)
    middle.merged_into_id, bottom.merged_into_id = top.id, middle.id
    earlier.in_bin = 0
    later = delete(session, world, top, other)

    assert remove_contacts(session, [top.id]) == 3

    session.expire_all()
    assert list(session.scalars(select(Contact.id).where(Contact.workspace_id == world.id))) == [other.id]
    assert [earlier.in_bin, later.in_bin] == [0, 1]


def test_a_campaign_counts_its_messages_as_before(session: Session, belongings: Belongings) -> None:
    gone = belongings.deleted()
    before = count_messages(session, belongings.campaign.id)
    assert before[SendState.SENT] == 1

    remove_contacts(session, [gone.id])

    assert count_messages(session, belongings.campaign.id) == before
    (message,) = session.scalars(
        select(CampaignSend)
        .where(CampaignSend.campaign_id == belongings.campaign.id)
        .execution_options(populate_existing=True)
    )
    assert (message.contact_id, message.automation_run_id) == (None, None)


def test_its_suppression_stays_as_a_hash_and_its_deal_stays_deleted(
    session: Session, belongings: Belongings
) -> None:
    gone, deal = belongings.full_contact()
    delete(session, belongings.world, gone)
    hashed = address_hash(gone.email_key or "")

    remove_contacts(session, [gone.id])

    session.expire_all()
    (suppression,) = session.scalars(select(Suppression).where(Suppression.address_hash == hashed))
    assert suppression.contact_id is None
    assert session.get_one(Deal, deal.id).deleted_at is not None
