"""Rule 5. A contact whose e-mail is taken by a live one is skipped, with the reason and the other contact.
Of twins in one scope the most recently deleted wins, then the higher id. Plan and run agree."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.support.restoring import Restoring
from webapp.models import Contact
from webapp.models.restore_outcome import Reason
from webapp.restoring.plan import foresee
from webapp.restoring.verdict import judge
from webapp.words.restoring import exceptions

MINUTE = timedelta(minutes=1)
SAME = "same@example.com"

BACK = ("restored", None, None)


def taken_by(holder: Contact) -> tuple[str, str, int]:
    return ("skipped", "email_taken", holder.id)


def twin_of(winner: Contact) -> tuple[str, str, int]:
    return ("skipped", "twin", winner.id)


def new_twins(session: Session, world: World, count: int, *, at: datetime | None = None) -> list[Contact]:
    """Contacts in the bin with one address: the first one deleted a minute ago, each next a minute earlier;
    or all of them `at` one moment."""
    now = datetime.now(UTC)
    twins = []
    for place in range(count):
        twin = new_contact(session, world, email=SAME)
        delete(session, world, twin, at=at or now - (place + 1) * MINUTE)
        twins.append(twin)
    return twins


def test_a_contact_whose_address_is_in_use_stays_deleted_and_names_the_other(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contact(session, world, email="Ann@Example.com")
    deletion = delete(session, world, gone)
    holder = new_contact(session, world, email="  ann@example.COM ")

    job = restoring.restore(gone)

    assert restoring.outcomes(job) == {gone.id: taken_by(holder)}
    assert (job.state, job.count("restored"), job.count("skipped"), job.count("failed")) == ("done", 0, 1, 0)
    assert restoring.in_bin() == {gone.id}
    assert deletion.in_bin == 1


def test_the_dialog_names_the_contacts_that_will_stay_deleted(
    session: Session, world: World, restoring: Restoring
) -> None:
    taken, free = new_contact(session, world, email=SAME), new_contact(session, world)
    delete(session, world, taken, free)
    new_contact(session, world, email=SAME)

    question = restoring.question(taken, free)

    assert question.can_restore_any
    plan = foresee(session, question.scope)
    assert (plan.restored, plan.counts[Reason.EMAIL_TAKEN]) == (1, 1)
    assert exceptions(plan) == ["1 contact will stay deleted: its e-mail address is used by another contact."]
    assert not restoring.question(taken).can_restore_any


def test_of_twins_the_most_recently_deleted_comes_back(
    session: Session, world: World, restoring: Restoring
) -> None:
    latest, middle, first = new_twins(session, world, 3)

    job = restoring.restore(first, middle, latest)

    assert restoring.outcomes(job) == {
        latest.id: BACK,
        middle.id: twin_of(latest),
        first.id: twin_of(latest),
    }


def test_of_twins_deleted_at_one_moment_the_higher_id_comes_back(
    session: Session, world: World, restoring: Restoring
) -> None:
    lower, higher = new_twins(session, world, 2, at=restoring.now() - MINUTE)

    job = restoring.restore(lower, higher)

    assert restoring.outcomes(job) == {higher.id: BACK, lower.id: twin_of(higher)}


def test_twins_whose_address_is_in_use_both_stay_deleted(
    session: Session, world: World, restoring: Restoring
) -> None:
    one, two = new_twins(session, world, 2)
    holder = new_contact(session, world, email=SAME)

    job = restoring.restore(one, two)

    assert restoring.outcomes(job) == {one.id: taken_by(holder), two.id: taken_by(holder)}


def test_a_twin_outside_the_scope_does_not_conflict(
    session: Session, world: World, restoring: Restoring
) -> None:
    _latest, first = new_twins(session, world, 2)

    job = restoring.restore(first)

    assert restoring.outcomes(job) == {first.id: BACK}


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_contacts_without_an_address_never_conflict(
    nothing: str | None, session: Session, world: World, restoring: Restoring
) -> None:
    new_contact(session, world, email=nothing)
    gone = [new_contact(session, world, email=nothing) for _ in range(3)]
    delete(session, world, *gone)

    job = restoring.restore(*gone)

    assert set(restoring.outcomes(job).values()) == {BACK}
    assert job.count("restored") == 3


def test_the_same_address_in_another_workspace_does_not_conflict(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contact(session, world, email=SAME)
    delete(session, world, gone)
    new_contact(session, new_world(session), email=SAME)

    job = restoring.restore(gone)

    assert restoring.outcomes(job) == {gone.id: BACK}


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4])
def test_twins_in_different_batches_end_as_in_one_batch(
    batch_size: int, session: Session, world: World, restoring: Restoring
) -> None:
    latest, middle, first = new_twins(session, world, 3)

    job = restoring.confirm(restoring.question(latest, middle, first).scope, batch_size=batch_size)

    assert restoring.outcomes(job) == {
        latest.id: BACK,
        middle.id: twin_of(latest),
        first.id: twin_of(latest),
    }
    assert (job.count("restored"), job.count("skipped")) == (1, 2)


def test_an_address_taken_after_the_dialog_opened_is_skipped_by_filters(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contact(session, world, email=SAME)
    delete(session, world, gone)
    scope = restoring.question_all().scope
    holder = new_contact(session, world, email=SAME)

    job = restoring.confirm(scope)

    assert restoring.outcomes(job) == {gone.id: taken_by(holder)}


def test_an_address_taken_between_start_and_run_is_skipped_by_ids(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contact(session, world, email=SAME)
    delete(session, world, gone)
    job = restoring.start(restoring.question(gone).scope)
    holder = new_contact(session, world, email=SAME)

    restoring.run(job)

    assert restoring.outcomes(job) == {gone.id: taken_by(holder)}
    assert not restoring.is_live(gone)


def expected(gone: list[Contact], live: list[Contact]) -> dict[int, tuple[str, str | None, int | None]]:
    """The rule once more, one contact at a time."""
    held = {contact.email_key: taken_by(contact) for contact in live if contact.email_key}
    endings: dict[int, tuple[str, str | None, int | None]] = {}
    for contact in sorted(gone, key=lambda c: (c.deleted_at, c.id), reverse=True):
        endings[contact.id] = held.get(contact.email_key, BACK) if contact.email_key else BACK
        if contact.email_key:
            held.setdefault(contact.email_key, twin_of(contact))
    return endings


@given(
    people=st.lists(
        st.tuples(st.sampled_from(["a@x.org", "b@x.org", "c@x.org", None]), st.integers(0, 3)), max_size=9
    ),
    live=st.sets(st.sampled_from(["a@x.org", "b@x.org"])),
    batch_size=st.integers(1, 10),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_plan_and_run_agree_for_every_batch_size(
    people: list[tuple[str | None, int]],
    live: set[str],
    batch_size: int,
    session: Session,
    restoring: Restoring,
) -> None:
    world = new_world(session)
    here = Restoring(session, world, restoring.lock)
    now = here.now()
    gone = []
    for email, minutes in people:
        gone.append(new_contact(session, world, email=email))
        delete(session, world, gone[-1], at=now - minutes * MINUTE)
    holders = [new_contact(session, world, email=email) for email in live]
    scope = here.question_all(at=now).scope
    session.commit()
    plan = {v.contact_id: (v.outcome, v.reason, v.other_contact_id) for v in judge(session, scope, limit=100)}
    rule = expected(gone, holders)

    assert plan == rule
    if gone:
        assert here.outcomes(here.confirm(scope, batch_size=batch_size)) == rule
    assert here.in_bin() == {contact_id for contact_id, ending in rule.items() if ending != BACK}
