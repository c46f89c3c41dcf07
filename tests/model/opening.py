"""The business on its first day: names, three automations of which each triggers the next, a campaign, two
deals, and the complaint of an address that many contacts have.

The database has it once for all examples; the model is rebuilt in each.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.contacts import new_deal
from tests.factories.people import World
from tests.model.business import Business
from tests.model.marketing import Automation, Campaign
from tests.model.suppressions import COMPLAINT
from tests.support.marketing import Marketing
from webapp.catalogue.names import Named, ids_by_name
from webapp.marketing.consent import address_hash
from webapp.models import Account, MailingList, Suppression, Tag
from webapp.models.suppression import SuppressionReason

KINDS: dict[str, Named] = {"list": MailingList, "tag": Tag, "account": Account}
NAMES = {"list": ("News", "Offers"), "tag": ("Hot", "Cold"), "account": ("Acme", "Bolt")}
DEALS = 2
COMPLAINED = "bob@example.com"
BEFORE = datetime(2026, 1, 1, tzinfo=UTC)


def open_in_model(business: Business) -> list[Any]:
    """Create it in the model; returns everything that has an id, in the order of `open_in_database`."""
    things = {name: business.named(kind, name) for kind, names in NAMES.items() for name in names}
    business.marketing.suppressions.rows.add((COMPLAINED, things["News"], COMPLAINT))
    spring, welcome = Campaign(things["News"]), Automation(things["News"])
    text = Campaign(things["News"], welcome)
    welcome.steps = ("add_tag", things["Hot"]), ("wait", timedelta(hours=24)), ("send", text)
    business.marketing.campaigns.append(spring)
    business.marketing.automations += [
        welcome,
        Automation(things["Hot"], (("subscribe", things["Offers"]),)),
        Automation(things["Offers"], (("wait", timedelta(hours=48)), ("add_tag", things["Cold"]))),
    ]
    opened = [business.new_deal() for _ in range(DEALS)]
    return [*things.values(), spring, text, *business.marketing.automations, *opened]


def store(session: Session, world: World) -> list[int]:
    """Create it in the database and commit; returns the ids."""
    ids = {
        name: row_id
        for kind, names in NAMES.items()
        for name, row_id in ids_by_name(session, KINDS[kind], world.id, names).items()
    }
    news, offers = (session.get_one(MailingList, ids[name]) for name in NAMES["list"])
    session.add(
        Suppression(
            workspace_id=world.id,
            address_hash=address_hash(COMPLAINED),
            list_id=news.id,
            reason=SuppressionReason.COMPLAINT,
            at=BEFORE,
        )
    )
    hot = session.get_one(Tag, ids["Hot"])
    marketing = Marketing(session, world)
    spring, text = marketing.campaign(news), marketing.campaign(news, "Welcome")
    # As people write them later: the model knows campaigns by their lists, and not by their texts.
    spring.subject, spring.body = "Hello", "Read this."
    automations = [
        marketing.automation(
            news,
            {"do": "add_tag", "tag": hot.id},
            {"do": "wait", "hours": 24},
            {"do": "send", "campaign": text.id},
        ),
        marketing.automation(hot, {"do": "subscribe", "list": offers.id}),
        marketing.automation(offers, {"do": "wait", "hours": 48}, {"do": "add_tag", "tag": ids["Cold"]}),
    ]
    text.automation_id = automations[0].id
    opened = [new_deal(session, world) for _ in range(DEALS)]
    rows = [ids[name] for names in NAMES.values() for name in names]
    rows += [spring.id, text.id, *(row.id for row in automations), *(row.id for row in opened)]
    session.commit()
    return rows
