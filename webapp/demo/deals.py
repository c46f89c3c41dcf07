"""The deals of the demo: what firms of each trade buy, with one or more of their contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from webapp.bulk import add_rows
from webapp.catalogue.deal_titles import search_columns
from webapp.catalogue.stages import LOST, STAGES, WON, Position
from webapp.contacts.load import NewContact, new_ids
from webapp.demo.catalogue import CUSTOMER, FORMER, PROSPECT
from webapp.demo.firms import Firm
from webapp.models import Deal, DealContact, DealSearch


@dataclass(frozen=True)
class Member:
    """A contact that has been added, and its firm."""

    id: int
    contact: NewContact
    firm: Firm | None


CONTACTS_PER_DEAL = 8
SINGLE_SHARE = 0.5
MOST_ON_A_DEAL = 4

# What a firm of each trade buys, and the least and most euros a year.
BOUGHT = {
    "bakery": (
        ("Flour and grains", 3_000, 24_000),
        ("Nuts and dried fruit", 1_200, 8_000),
        ("Couverture", 1_500, 9_000),
    ),
    "deli": (
        ("Cheese counter", 4_000, 22_000),
        ("Gift boxes", 900, 6_500),
        ("Oils and vinegars", 1_200, 7_000),
    ),
    "caterer": (
        ("Canteen supplies", 9_000, 48_000),
        ("Summer events", 2_500, 16_000),
        ("Antipasti buffet", 1_500, 9_000),
    ),
    "wine": (("Autumn wine order", 3_000, 21_000), ("Sparkling wines", 2_000, 12_000)),
    "hotel": (
        ("Breakfast range", 6_000, 32_000),
        ("Minibar selection", 1_800, 9_500),
        ("Tea and coffee", 2_400, 14_000),
    ),
    "restaurant": (
        ("Wine list", 3_000, 18_000),
        ("Olive oil and antipasti", 1_200, 8_500),
        ("Cheese and charcuterie", 2_000, 11_000),
    ),
    "café": (
        ("House coffee", 1_800, 12_500),
        ("Tea selection", 600, 3_200),
        ("Cakes and pastries", 1_500, 9_000),
    ),
}
# Where deals are, by the firm's relation, each with its percentage.
TO_CONTACT, TALKED, OFFERED, NEARLY = map(Position, STAGES)
POSITIONS = {
    CUSTOMER: ((WON, TALKED, OFFERED, NEARLY, LOST), (46, 14, 18, 14, 8)),
    PROSPECT: ((TO_CONTACT, TALKED, OFFERED, NEARLY, LOST), (22, 26, 20, 12, 20)),
    FORMER: ((WON, LOST), (35, 65)),
}


def add_deals(session: Session, random: Random, workspace_id: int, added: Sequence[Member]) -> int:
    """Add deals of these contacts' firms, half of them with only one contact; return their number."""
    groups: dict[Firm, list[Member]] = {}
    for member in added:
        if member.firm:
            groups.setdefault(member.firm, []).append(member)
    buyers = random.sample(list(groups.items()), min(len(groups), len(added) // CONTACTS_PER_DEAL))
    deals, places = [], []
    for firm, colleagues in buyers:
        most = 1 if random.random() < SINGLE_SHARE else random.randint(2, MOST_ON_A_DEAL)
        deals.append(deal_of(random, workspace_id, firm))
        # Soon after each contact's creation, so that no contact joins a deal after its deletion.
        places.append(
            [
                (member.id, member.contact.created_at + random.random() * timedelta(hours=1))
                for member in random.sample(colleagues, min(most, len(colleagues)))
            ]
        )
    insert_deals(session, deals, places)
    return len(deals)


def deal_of(random: Random, workspace_id: int, firm: Firm) -> dict[str, object]:
    """A typical deal of the firm's trade, as a row without its id."""
    what, least, most = random.choice(BOUGHT[firm.trade])
    outcomes, weights = POSITIONS[firm.relation]
    position = random.choices(outcomes, weights)[0]
    return {
        "workspace_id": workspace_id,
        "title": f"{what} for {firm.name}",
        "value": Decimal(random.randrange(least, most, 50) * firm.country.rate),
        "currency": firm.country.currency,
        "stage": position.stage,
        "status": position.status,
    }


def insert_deals(
    session: Session, deals: Sequence[dict[str, object]], places: Sequence[Sequence[tuple[int, datetime]]]
) -> None:
    """Insert each deal with its contacts and their `attached_at`; the first contact is primary."""
    if not deals:
        return
    ids = new_ids(session, Deal, len(deals))
    rows: list[dict[str, Any]] = [
        {"id": deal_id, "version": 1, **deal} for deal_id, deal in zip(ids, deals, strict=True)
    ]
    add_rows(session, Deal, ({**row, "searched_version": row["version"]} for row in rows))
    add_rows(
        session,
        DealSearch,
        (search_columns(row["id"], row["workspace_id"], row["title"]) for row in rows),
    )
    add_rows(
        session,
        DealContact,
        (
            {"deal_id": deal_id, "contact_id": contact_id, "is_primary": place == 0, "attached_at": at}
            for deal_id, members in zip(ids, places, strict=True)
            for place, (contact_id, at) in enumerate(members)
        ),
    )
