"""Rule 3. What was deleted after the contact does not come back with it, and what was created again with
the same name is another one."""

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


def test_a_list_made_anew_under_the_same_name_is_not_attached(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact, news = new_contact(session, world), new_list(session, world, "News")
    subscribe(session, contact, news, "subscribed")
    delete(session, world, contact)
    news.deleted_at = restoring.now()
    session.flush()
    new_list(session, world, "News")

    restoring.restore(contact)

    assert restoring.profile(contact).subscriptions == []


def test_a_tag_made_anew_under_the_same_name_is_not_attached(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact, vip = new_contact(session, world), new_tag(session, world, "VIP")
    put_tag(session, contact, vip)
    delete(session, world, contact)
    vip.deleted_at = restoring.now()
    session.flush()
    new_tag(session, world, "VIP")

    restoring.restore(contact)

    assert restoring.profile(contact).tags == []


def test_an_account_made_anew_under_the_same_name_is_not_attached(
    session: Session, world: World, restoring: Restoring
) -> None:
    acme = new_account(session, world, "Acme")
    contact = new_contact(session, world, account=acme)
    delete(session, world, contact)
    acme.deleted_at = restoring.now()
    session.flush()
    new_account(session, world, "Acme")

    restoring.restore(contact)

    assert restoring.profile(contact).account_name is None
    assert restoring.profile(contact).contact.account_id == acme.id
