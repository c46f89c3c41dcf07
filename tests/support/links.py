"""The links that messages to contacts carry."""

from sqlalchemy.orm import Session

from tests.factories.contacts import new_list, subscribe
from tests.factories.people import World
from webapp.marketing.consent import address_hash
from webapp.marketing.links import Link, LinkKind, key_of, to_token
from webapp.models import Contact, MailingList


def a_token(
    store: Session,
    world: World,
    contact_id: int,
    kind: LinkKind = LinkKind.UNSUBSCRIBE,
    mailing_list: MailingList | None = None,
) -> str:
    """The token in a message to the contact, for this list or for a new one that it is subscribed to."""
    contact = store.get_one(Contact, contact_id)
    if mailing_list is None:
        mailing_list = new_list(store, world)
        subscribe(store, contact, mailing_list, "subscribed")
    link = Link(world.id, mailing_list.id, contact_id, address_hash(contact.email_key or ""))
    token = to_token(kind, link, key_of(store, world.id))
    store.commit()
    return token
