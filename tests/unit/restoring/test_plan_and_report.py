"""The plan's numbers are the report's, and an undo leaves what was before: over random data, for every
choice and size of a batch."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
from tests.factories.people import World, new_world
from tests.support.restored import rows_of
from tests.support.restoring import Restoring
from webapp.catalogue.delete import Kind, delete_from_catalogue
from webapp.marketing.consent import address_hash
from webapp.models import Account, Contact, Deal, MailingList, Suppression, Tag
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason
from webapp.restoring import plan as plans
from webapp.restoring import undoing
from webapp.restoring.links import LinkCount
from webapp.restoring.merging import renew_search
from webapp.restoring.plan import foresee
from webapp.restoring.question import about_other_choice
from webapp.restoring.report import count_links, count_reasons, links, reasons
from webapp.restoring.scope import Conflicts

MINUTE = timedelta(minutes=1)
ADDRESSES = ("a@x.org", "b@x.org", "c@x.org", None)
FEW = range(3)

# A contact: its address, when it is deleted, the status of its place on each list or None, its tags, its
# account, and its deals.
contacts = st.fixed_dictionaries(
    {
        "email": st.sampled_from(ADDRESSES),
        "deleted": st.integers(0, 3),
        "lists": st.tuples(*(st.sampled_from([None, *SubscriptionStatus]) for _ in FEW)),
        "tags": st.sets(st.sampled_from(FEW)),
        "account": st.none() | st.sampled_from(FEW),
        "deals": st.sets(st.sampled_from(FEW)),
    }
)


class Places:
    """What contacts hang on, of which some is deleted before, between and after the contacts."""

    def __init__(self, session: Session, world: World) -> None:
        self.lists = [new_list(session, world) for _ in FEW]
        self.tags = [new_tag(session, world) for _ in FEW]
        self.accounts = [new_account(session, world) for _ in FEW]

    def all(self) -> list[tuple[Kind, int]]:
        return [
            *((MailingList, each.id) for each in self.lists),
            *((Tag, each.id) for each in self.tags),
            *((Account, each.id) for each in self.accounts),
        ]


def person(session: Session, world: World, places: Places, made: dict[str, Any]) -> Contact:
    """It has no address yet, because only one of the live contacts may have it."""
    account = None if made["account"] is None else places.accounts[made["account"]]
    contact = new_contact(session, world, email=None, account=account)
    for mailing_list, status in zip(places.lists, made["lists"], strict=True):
        if status is not None:
            subscribe(session, contact, mailing_list, status)
    for tag in made["tags"]:
        put_tag(session, contact, places.tags[tag])
    return contact


def hide(session: Session, world: World, kind: Kind, row_id: int, *, at: datetime) -> None:
    delete_from_catalogue(session, kind, row_id, workspace_id=world.id, by=None, now=at)


def numbers(found: list[LinkCount]) -> set[tuple[str, str, int, int, int, int]]:
    return {(x.effect, x.kind, x.item_id, x.contacts, x.items, x.total) for x in found}


@given(
    people=st.lists(contacts, min_size=1, max_size=7),
    live=st.sets(st.sampled_from(ADDRESSES[:2])),
    gone=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4)), max_size=4),
    dead_deal=st.none() | st.sampled_from(FEW),
    suppressed=st.sets(st.sampled_from(ADDRESSES[:3])),
    conflicts=st.sampled_from(Conflicts),
    rescue=st.booleans(),
    is_large=st.booleans(),
    batch_size=st.integers(1, 8),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_plan_says_what_the_report_tells_and_an_undo_leaves_what_was_before(
    people: list[dict[str, Any]],
    live: set[str],
    gone: list[tuple[int, int]],
    dead_deal: int | None,
    suppressed: set[str],
    conflicts: Conflicts,
    rescue: bool,
    is_large: bool,
    batch_size: int,
    session: Session,
    restoring: Restoring,
) -> None:
    world = new_world(session)
    here = Restoring(session, world, restoring.lock)
    now, places = here.now(), Places(session, world)
    found = [(person(session, world, places, made), made) for made in people]
    deals = [
        new_deal(session, world, *(contact for contact, made in found if place in made["deals"]))
        for place in FEW
    ]
    for minutes in (3, 2, 1, 0):
        together = [contact for contact, made in found if made["deleted"] == minutes]
        if together:
            delete(session, world, *together, at=now - minutes * MINUTE)
    for contact, made in found:
        contact.email = contact.email_key = made["email"]
    session.flush()
    renew_search(session, [contact.id for contact, _ in found])
    for email in sorted(live):
        new_contact(session, world, email=email)
    for place, minutes in gone:
        hide(session, world, *places.all()[place], at=now - minutes * MINUTE)
    if dead_deal is not None:
        hide(session, world, Deal, deals[dead_deal].id, at=now)
    session.add_all(
        Suppression(
            workspace_id=world.id,
            address_hash=address_hash(address),
            list_id=places.lists[0].id if address == "a@x.org" else None,
            reason=SuppressionReason.COMPLAINT,
            at=now,
        )
        for address in suppressed
    )
    session.commit()
    asked = here.question_all(at=now).scope
    scope = about_other_choice(session, asked, conflicts, rescue=rescue).scope

    with pytest.MonkeyPatch.context() as patch:
        if is_large:
            patch.setattr(plans, "MANY", 0)
        plan = foresee(session, scope)
    before = rows_of(session, world.id)
    job = here.confirm(scope, batch_size=batch_size)

    told = [link for link in plan.links if rescue or link.effect != "rescued"]
    assert job.report is not None
    assert links(session, job) == count_links(session, job)
    assert reasons(session, job) == count_reasons(session, job)
    assert numbers(links(session, job)) == numbers(told)
    assert dict(reasons(session, job)) == {why: n for why, n in plan.counts.items() if why is not None}
    assert (job.count("restored"), job.count("merged")) == (plan.restored, plan.merged)
    assert sum(job.counts.values()) == scope.expected == sum(plan.counts.values())

    if not plan.restored:
        return
    foreseen = undoing.foresee(session, job, now=here.now())
    undone = here.undo(job, batch_size=batch_size)

    assert (undone.count("undone"), undone.count("skipped")) == (foreseen.back, foreseen.kept)
    if not plan.merged:
        assert rows_of(session, world.id) == before
