"""Rule 9: a restore makes no contact mailable that was not mailable when it was deleted, whatever happened
to its address in between, and through whichever contact it happened. Nor does it take consent away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from tests.factories.contacts import delete, new_contacts, new_list, unique_address
from tests.factories.people import World, new_world
from tests.support.marketing import Marketing
from tests.support.restoring import Restoring
from webapp.marketing.confirmations import Confirmed, confirm
from webapp.marketing.consent import AddressSuppressed, address_hash, mailable_for
from webapp.marketing.links import Link
from webapp.models import Contact, MailingList, Subscription, Suppression, live
from webapp.models.mailing_list import SubscriptionStatus as Status
from webapp.models.suppression import SuppressionReason
from webapp.restoring.question import about_other_choice
from webapp.restoring.scope import Conflicts
from webapp.worker.redis_lock import RedisLock

NEWS, OFFERS = 0, 1
# What may be known of the address when the contact is deleted, without its status having followed: it was
# imported later.
BEFORE = (None, SuppressionReason.UNSUBSCRIBE, SuppressionReason.COMPLAINT)
Event = Callable[["Scene", Contact], object]


@dataclass
class Scene:
    """A workspace with two lists; `through` holds what acts with one contact."""

    session: Session
    world: World
    marketing: Marketing
    lists: Sequence[MailingList]
    restoring: Restoring
    answers: list[Confirmed] = field(default_factory=list)

    def confirm(self, contact: Contact) -> None:
        key = address_hash(contact.email_key or "")
        link = Link(self.world.id, self.lists[NEWS].id, contact.id, key)
        self.answers.append(confirm(self.session, link, now=self.marketing.now()))

    def set_status(self, contact: Contact, status: Status) -> None:
        try:
            self.marketing.set_status(contact, self.lists[NEWS], status)
        except AddressSuppressed:
            assert status == Status.SUBSCRIBED

    def mailable(self) -> list[set[int]]:
        """For each list the live contacts that may be written to."""
        there = aliased(MailingList)
        pairs = (
            select(there.id, Contact.id)
            .join(there, there.workspace_id == Contact.workspace_id)
            .where(live(self.world.id), mailable_for(there.id))
        )
        found = self.session.execute(pairs).all()
        return [{contact for on, contact in found if on == each.id} for each in self.lists]


def _refuse_news(scene: Scene, contact: Contact) -> None:
    scene.marketing.unsubscribe(contact, scene.lists[NEWS])


def _refuse_all(scene: Scene, contact: Contact) -> None:
    scene.marketing.unsubscribe(contact, None)


def _bounce(scene: Scene, contact: Contact) -> None:
    scene.marketing.bounce(contact, scene.lists[NEWS])


def _complain(scene: Scene, contact: Contact) -> None:
    scene.marketing.complain(contact)


def _status(status: Status) -> Event:
    return lambda scene, contact: scene.set_status(contact, status)


NONE, ONLY_NEWS, BOTH = set[int](), {NEWS}, {NEWS, OFFERS}
# What happens while the contact is deleted; for which lists that refuses.
EVENTS: dict[str, tuple[Sequence[Event], set[int]]] = {
    "nothing": ((), NONE),
    "unsubscribe": ((_refuse_news,), ONLY_NEWS),
    "unsubscribe from everything": ((_refuse_all,), BOTH),
    "bounce": ((_bounce,), BOTH),
    "complaint": ((_complain,), BOTH),
    "confirmation": ((Scene.confirm,), NONE),
    "unsubscribe, confirmation": ((_refuse_all, Scene.confirm), BOTH),
    "complaint, confirmation": ((_complain, Scene.confirm), BOTH),
} | {f"status {status}": ((_status(status),), NONE) for status in Status}


# A suppression from before the deletion matters where something could lift it.
LIFTING = {name for name in EVENTS if "confirmation" in name or name in ("nothing", "status subscribed")}
KINDS = [kind for kind in product(Status, BEFORE, EVENTS) if kind[1] is None or kind[2] in LIFTING]


@dataclass
class Case:
    name: str
    contact: Contact
    # The one through which the event comes: the contact itself, or a live one with its address.
    through: Contact
    # The lists for which the contact should be mailable after its restore.
    expected: set[int]


def cases_of(scene: Scene, *, has_live_one: bool) -> list[Case]:
    """Every pair of a state at deletion and an event, each happened to a contact of its own."""
    session = scene.session
    kinds = KINDS
    contacts = new_contacts(session, scene.world, len(kinds))
    now = scene.marketing.now()
    for contact, (status, before, _) in zip(contacts, kinds, strict=True):
        for each in scene.lists:
            session.add(Subscription(contact_id=contact.id, list_id=each.id, status=status, changed_at=now))
        if before is not None:
            of_all = before == SuppressionReason.COMPLAINT
            session.add(
                Suppression(
                    workspace_id=scene.world.id,
                    address_hash=address_hash(contact.email_key or ""),
                    list_id=None if of_all else scene.lists[NEWS].id,
                    reason=before,
                    at=now,
                )
            )
    session.flush()
    mailable = scene.mailable()
    delete(session, scene.world, *contacts)
    others = new_contacts(session, scene.world, len(kinds)) if has_live_one else contacts
    if has_live_one:
        for contact, other in zip(contacts, others, strict=True):
            other.email, other.email_key = contact.email, contact.email_key
            session.add(
                Subscription(
                    contact_id=other.id, list_id=scene.lists[NEWS].id, status="unconfirmed", changed_at=now
                )
            )
        session.flush()
    cases = []
    for contact, other, (status, before, name) in zip(contacts, others, kinds, strict=True):
        events, refused = EVENTS[name]
        for event in events:
            event(scene, other)
        refused = refused | (_by_status(name) if not has_live_one else NONE)
        expected = {place for place, ids in enumerate(mailable) if contact.id in ids} - refused
        cases.append(Case(f"{status}, {before}, {name}", contact, other, expected))
    return cases


def _by_status(name: str) -> set[int]:
    """A status that a deleted contact gets counts; only Subscribed never arrives."""
    return ONLY_NEWS if name.startswith("status") and name != f"status {Status.SUBSCRIBED}" else NONE


@pytest.fixture
def scene(session: Session, lock: RedisLock) -> Scene:
    world = new_world(session)
    lists = [new_list(session, world), new_list(session, world)]
    return Scene(session, world, Marketing(session, world), lists, Restoring(session, world, lock))


def check(scene: Scene, cases: Sequence[Case]) -> None:
    mailable = scene.mailable()
    found = {
        case.name: {place for place, ids in enumerate(mailable) if case.contact.id in ids} for case in cases
    }
    assert found == {case.name: case.expected for case in cases}


def test_what_happens_to_a_deleted_contact_holds_after_its_restore_an_undo_and_another_restore(
    scene: Scene,
) -> None:
    cases = cases_of(scene, has_live_one=False)

    job = scene.restoring.restore_all()
    assert job.count("restored") == len(cases)
    check(scene, cases)
    assert any(case.expected == BOTH for case in cases), "some are mailable"
    scene.restoring.undo(job)
    assert scene.mailable() == [set(), set()]
    assert set(scene.answers) == {Confirmed.NO_CONTACT}
    scene.restoring.restore_all()
    check(scene, cases)


def test_what_happens_through_a_live_contact_with_the_address_holds_for_the_deleted_one(
    scene: Scene,
) -> None:
    """The live one then gets another address, so that the deleted one can come back with its own."""
    cases = cases_of(scene, has_live_one=True)
    assert set(scene.answers) == {Confirmed.SUBSCRIBED, Confirmed.BLOCKED}
    for case in cases:
        address = unique_address()
        scene.session.execute(
            update(Contact).where(Contact.id == case.through.id).values(email=address, email_key=address)
        )

    assert scene.restoring.restore_all().count("restored") == len(cases)
    check(scene, cases)


@pytest.mark.parametrize("conflicts", [Conflicts.MERGE, Conflicts.WITHOUT_ADDRESS])
def test_neither_merging_nor_another_choice_makes_the_live_contact_or_the_deleted_one_mailable(
    scene: Scene, conflicts: Conflicts
) -> None:
    cases_of(scene, has_live_one=True)
    before = scene.mailable()
    question = scene.restoring.question_all()
    scope = about_other_choice(scene.session, question.scope, conflicts, rescue=False).scope

    job = scene.restoring.confirm(scope)

    assert job.count("merged" if conflicts == Conflicts.MERGE else "restored") == len(KINDS)
    after = scene.mailable()
    assert all(now <= then for now, then in zip(after, before, strict=True))
    if conflicts != Conflicts.MERGE:
        assert after == before
        scene.restoring.undo(job)
        assert scene.mailable() == before
