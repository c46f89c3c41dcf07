"""Restores with a choice about conflicts, and what they leave."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.contacts.find import read_page
from webapp.contacts.wanted import Wanted
from webapp.models import Contact, Deal, DealContact, Job, Subscription
from webapp.restoring.question import about_other_choice
from webapp.restoring.scope import Conflicts, Scope

ADDRESS = "ann@x.org"


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
