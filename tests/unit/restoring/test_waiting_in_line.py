"""A restore that waits in line: its scope is that of its confirmation, its window that of its promotion."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import DAY, delete, new_contact
from tests.factories.people import World
from tests.support.restoring import Restoring
from webapp.models import Contact, Job
from webapp.restoring import report
from webapp.restoring.scope import Scope
from webapp.restoring.start import line_up
from webapp.restoring.work import PlanChanged
from webapp.words.restoring import result

HOUR = timedelta(hours=1)


@pytest.fixture
def ahead(restoring: Restoring, session: Session, world: World) -> Job:
    """The restore that runs: of one contact of its own."""
    one = new_contact(session, world, "Ahead", "Of All")
    delete(session, world, one)
    return restoring.start(restoring.question(one).scope)


def put_in_line(restoring: Restoring, scope: Scope) -> Job:
    restoring.session.commit()
    return line_up(
        restoring.session, restoring.lock, lambda *_: None, scope=scope, requested_by=restoring.world.admin.id
    )


def carry_out_both(restoring: Restoring, ahead: Job, waiting: Job) -> None:
    assert restoring.run(ahead) == "done"
    assert restoring.run(waiting, batch_size=2) == "done"


def binned(session: Session, world: World, at: datetime) -> tuple[Contact, Contact]:
    """A contact deleted at `at`, and one deleted a day later."""
    old, young = (
        new_contact(session, world, "Oldrich", "Old"),
        new_contact(session, world, "Yolanda", "Young"),
    )
    delete(session, world, old, at=at)
    delete(session, world, young, at=at + DAY)
    return old, young


def test_what_left_the_window_before_it_was_promoted_stays_deleted_and_the_report_says_so(
    restoring: Restoring, session: Session, world: World
) -> None:
    """By filters: it was confirmed two hours ago, and an hour later one contact's 30 days were over."""
    confirmed = restoring.now() - 2 * HOUR
    old, young = binned(session, world, confirmed - 30 * DAY + HOUR)
    scope = restoring.question_all(at=confirmed).scope
    assert scope.expected == 2
    one = new_contact(session, world)
    delete(session, world, one)
    ahead = restoring.start(restoring.question(one).scope)
    waiting = put_in_line(restoring, scope)

    carry_out_both(restoring, ahead, waiting)

    assert (restoring.is_live(old), restoring.is_live(young)) == (False, True)
    assert waiting.counts == {"expired": 1, "restored": 1}
    assert waiting.processed == scope.expected
    assert result(waiting) == "1 contact restored, 1 past the 30 days."
    assert report.reasons(session, waiting) == [("expired", 1)]
    assert Scope.from_dict(waiting.request).as_of == confirmed, "the scope itself stays"


def test_by_ids_each_contact_that_left_the_window_is_named(
    restoring: Restoring, session: Session, world: World, ahead: Job
) -> None:
    confirmed = restoring.now() - 2 * HOUR
    old, young = binned(session, world, confirmed - 30 * DAY + HOUR)
    waiting = put_in_line(restoring, restoring.question(old, young, at=confirmed).scope)

    carry_out_both(restoring, ahead, waiting)

    assert restoring.outcomes(waiting) == {
        young.id: ("restored", None, None),
        old.id: ("skipped", "expired", None),
    }


def test_a_restore_that_did_not_wait_keeps_the_window_of_its_dialog(
    restoring: Restoring, session: Session, world: World
) -> None:
    confirmed = restoring.now() - 2 * HOUR
    old, young = binned(session, world, confirmed - 30 * DAY + HOUR)

    job = restoring.confirm(restoring.question_all(at=confirmed).scope)

    assert job.counts == {"restored": 2}
    assert restoring.is_live(old)
    assert restoring.is_live(young)


def test_what_the_restore_ahead_brings_back_or_a_deletion_takes_again_is_in_the_report(
    restoring: Restoring, session: Session, world: World
) -> None:
    """By ids the plan is compared when it is lined up, and not again when it is promoted."""
    back, again, left = (new_contact(session, world) for _ in range(3))
    delete(session, world, back, again, left)
    ahead = restoring.start(restoring.question(back, again).scope)
    waiting = put_in_line(restoring, restoring.question(back, again, left).scope)
    assert restoring.run(ahead) == "done"
    delete(session, world, again)

    assert restoring.run(waiting) == "done"

    assert restoring.outcomes(waiting) == {
        back.id: ("skipped", "no_longer_deleted", None),
        again.id: ("skipped", "deleted_again", None),
        left.id: ("restored", None, None),
    }


def test_a_plan_that_has_changed_is_asked_about_again_when_it_is_lined_up(
    restoring: Restoring, session: Session, world: World, ahead: Job
) -> None:
    one = new_contact(session, world)
    delete(session, world, one)
    scope = restoring.question(one).scope
    new_contact(session, world, email=one.email)

    with pytest.raises(PlanChanged):
        put_in_line(restoring, scope)


def test_all_matching_are_those_of_the_confirmation_not_of_the_promotion(
    restoring: Restoring, session: Session, world: World, ahead: Job
) -> None:
    meant, later = new_contact(session, world), new_contact(session, world)
    delete(session, world, meant)
    waiting = put_in_line(restoring, restoring.question_all().scope)
    delete(session, world, later)

    carry_out_both(restoring, ahead, waiting)

    assert restoring.is_live(meant)
    assert not restoring.is_live(later)
    # The one of the restore ahead was in the scope, too, and was back before.
    assert waiting.counts == {"no_longer_deleted": 1, "restored": 1}


def test_what_the_undo_ahead_puts_back_is_not_part_of_what_was_confirmed(
    restoring: Restoring, session: Session, world: World
) -> None:
    """It was not in the bin then. The 30 days alone are counted from the promotion."""
    other, contact = new_contact(session, world), new_contact(session, world)
    delete(session, world, contact)
    restored = restoring.restore(contact)
    delete(session, world, other)
    scope = restoring.question_all().scope
    ahead = restoring.start_undo(restored)
    waiting = put_in_line(restoring, scope)

    carry_out_both(restoring, ahead, waiting)

    assert waiting.counts == {"restored": 1}
    assert (restoring.is_live(other), restoring.is_live(contact)) == (True, False)
