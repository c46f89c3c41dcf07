"""Rule 1. Lists come back with the stored status, tags and account too, unless they were deleted;
the Created Date is unchanged."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.contacts.find import count
from webapp.contacts.wanted import Wanted
from webapp.models import Contact
from webapp.models.mailing_list import SubscriptionStatus


def columns(contact: Contact) -> dict[str, object]:
    return {column.key: getattr(contact, column.key) for column in inspect(Contact).column_attrs}


@pytest.mark.parametrize("status", SubscriptionStatus)
def test_a_list_comes_back_with_its_status(
    status: str, session: Session, world: World, restoring: Restoring
) -> None:
    contact, news = new_contact(session, world), new_list(session, world)
    changed_at = subscribe(session, contact, news, status).changed_at
    delete(session, world, contact)

    restoring.restore(contact)

    [(mailing_list, subscription)] = restoring.profile(contact).subscriptions
    assert mailing_list.id == news.id
    assert subscription.status == status
    assert subscription.changed_at == changed_at


def test_a_deleted_list_does_not_come_back_and_the_others_do(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact, kept, gone = new_contact(session, world), new_list(session, world), new_list(session, world)
    subscribe(session, contact, kept, "subscribed")
    subscribe(session, contact, gone, "subscribed")
    delete(session, world, contact)
    gone.deleted_at = restoring.now()

    restoring.restore(contact)

    assert [row.MailingList.id for row in restoring.profile(contact).subscriptions] == [kept.id]


def test_an_unsubscribe_that_arrives_while_the_contact_is_deleted_is_kept(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact, news = new_contact(session, world), new_list(session, world)
    subscription = subscribe(session, contact, news, "subscribed")
    delete(session, world, contact)
    subscription.status = SubscriptionStatus.UNSUBSCRIBED

    restoring.restore(contact)

    [(_, subscription)] = restoring.profile(contact).subscriptions
    assert subscription.status == "unsubscribed"


def test_tags_come_back_unless_they_were_deleted(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact, kept, gone = new_contact(session, world), new_tag(session, world), new_tag(session, world)
    put_tag(session, contact, kept)
    put_tag(session, contact, gone)
    delete(session, world, contact)
    gone.deleted_at = restoring.now()

    restoring.restore(contact)

    assert [tag.id for tag in restoring.profile(contact).tags] == [kept.id]


def test_the_account_comes_back(session: Session, world: World, restoring: Restoring) -> None:
    account = new_account(session, world, "Acme")
    contact = new_contact(session, world, account=account)
    delete(session, world, contact)

    restoring.restore(contact)

    assert restoring.profile(contact).account_name == "Acme"


def test_a_deleted_account_does_not_come_back(session: Session, world: World, restoring: Restoring) -> None:
    account = new_account(session, world)
    contact = new_contact(session, world, account=account)
    delete(session, world, contact)
    account.deleted_at = restoring.now()

    restoring.restore(contact)

    assert restoring.profile(contact).account_name is None


def test_the_created_date_is_unchanged(session: Session, world: World, restoring: Restoring) -> None:
    created = datetime(2019, 2, 28, 23, 59, 59, 999999, tzinfo=UTC)
    contact = new_contact(session, world, created_at=created)
    delete(session, world, contact)

    restoring.restore(contact)

    assert restoring.profile(contact).contact.created_at == created


def test_a_restore_changes_neither_version_nor_updated_at_nor_any_other_column(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact = new_contact(session, world, account=new_account(session, world))
    delete(session, world, contact)
    in_bin = columns(contact)

    job = restoring.restore(contact)

    restored = columns(restoring.profile(contact).contact)
    changed = {name: value for name, value in restored.items() if value != in_bin[name]}
    assert changed == {"deleted_at": None, "restore_job_id": job.id}


def test_a_restored_contact_is_found_by_search_again(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact = new_contact(session, world, "Zoë", "Quirk")
    delete(session, world, contact)
    assert count(session, Wanted(world.id, q="zoë quirk")) == 0

    job = restoring.restore(contact)

    assert count(session, Wanted(world.id, q="zoë quirk")) == 1
    assert count(session, Wanted(world.id, restored_by=job.id)) == 1


def test_deleting_and_restoring_again_gives_the_same_result(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact, tag = new_contact(session, world), new_tag(session, world)
    put_tag(session, contact, tag)
    for _ in range(2):
        delete(session, world, contact)
        restoring.restore(contact)

    assert [found.id for found in restoring.profile(contact).tags] == [tag.id]
