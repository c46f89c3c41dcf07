"""The lists and tags of the demo's workspaces."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.catalogue.names import ids_by_name
from webapp.models import MailingList, Tag

NEWSLETTER, OFFERS, PRICES = "Newsletter", "Seasonal offers", "Wholesale price list"
TASTINGS, RECIPES = "Tastings and events", "Recipe of the week"
LISTS = (NEWSLETTER, OFFERS, PRICES, TASTINGS, RECIPES)

# A firm's relation to the workspace, and a contact's role in a firm.
CUSTOMER, PROSPECT, FORMER = "Customer", "Prospect", "Former customer"
RELATIONS = (CUSTOMER, PROSPECT, FORMER)
ROLES = ("Owner", "Buyer", "Chef", "Bookkeeping", "Events manager")
INTERESTS = ("Organic", "Wine", "Coffee", "Vegan range")
KEY_ACCOUNT, ONLINE_SHOP, TASTING_GUEST = "Key account", "Online shop", "Tasting guest"

# These are deleted after some of their contacts, so that a restore does not bring them back.
GONE_LIST, GONE_TAG = "Summer sale", "Old CRM"
# The large deletion deleted all contacts with this tag.
FAIR_TAG = "Trade fair leads"


@dataclass(frozen=True)
class Catalogue:
    """The ids of the workspace's lists and tags, by their names."""

    lists: dict[str, int]
    tags: dict[str, int]


def ensure_catalogue(session: Session, workspace_id: int) -> Catalogue:
    """The workspace's lists and tags; creates missing ones, in the caller's transaction."""
    tags = (*RELATIONS, *ROLES, *INTERESTS, KEY_ACCOUNT, ONLINE_SHOP, TASTING_GUEST, GONE_TAG, FAIR_TAG)
    return Catalogue(
        lists=ids_by_name(session, MailingList, workspace_id, (*LISTS, GONE_LIST)),
        tags=ids_by_name(session, Tag, workspace_id, tags),
    )
