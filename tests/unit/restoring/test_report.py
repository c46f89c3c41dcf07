"""The progress of a job and the outcome of each contact, as the pages show them."""

from datetime import timedelta

import pytest
from sqlalchemy import delete as delete_rows
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World, new_world
from tests.support.restoring import Restoring
from webapp.jobs.queries import find_job, history
from webapp.models import Contact, ContactSearch, Job
from webapp.models.job import JobState
from webapp.restoring.report import ContactOutcome, exceptions, reasons
from webapp.web.progress import Progress
from webapp.words.contacts import name_of
from webapp.words.restoring import explain, label_of

SECOND = timedelta(seconds=1)


@pytest.fixture
def job(session: Session, world: World, restoring: Restoring) -> Job:
    """A queued job over 200 contacts, by its dialog."""
    delete(session, world, new_contact(session, world))
    job = restoring.start(restoring.question_all().scope)
    job.total = 200
    session.flush()
    return job


def set_running(job: Job, restored: int) -> None:
    job.state, job.counts = JobState.RUNNING, {"restored": restored}
    job.started_at = job.created_at


def test_a_queued_job_is_shown_as_waiting(job: Job) -> None:
    view = Progress(job, job.created_at)

    assert (view.sentence, view.state_label, view.percent) == ("Waiting to begin: 200 contacts.", "Queued", 0)
    assert job.can_be_cancelled
    assert view.requested_by == "Ada Admin"


def test_an_estimate_appears_after_5_seconds_and_5_percent(job: Job) -> None:
    set_running(job, 50)

    early = Progress(job, job.created_at + 4 * SECOND)
    later = Progress(job, job.created_at + 10 * SECOND)

    assert early.sentence == "Restoring 50 of 200"
    assert later.sentence == "Restoring 50 of 200 · 5 a second · about 30 seconds left"
    assert later.percent == 25


def test_less_than_one_contact_a_second_is_no_pace_to_tell(job: Job) -> None:
    set_running(job, 50)

    assert Progress(job, job.created_at + 60 * SECOND).sentence == (
        "Restoring 50 of 200 · about 3 minutes left"
    )


def test_the_window_title_says_how_far_it_is_and_how_it_ended(job: Job) -> None:
    titles = [Progress(job, job.created_at).window_title]
    set_running(job, 84)
    titles.append(Progress(job, job.created_at).window_title)
    job.state = JobState.FAILED
    titles.append(Progress(job, job.created_at).window_title)
    job.state, job.waits_for_group = JobState.QUEUED, "restore"
    titles.append(Progress(job, job.created_at).window_title)

    assert titles == [f"{says} · Restore #1" for says in ("Queued", "42 %", "Failed", "In line")]


@pytest.mark.parametrize(("restored", "percent"), [(0, 0), (199, 99), (200, 99), (250, 99)])
def test_a_running_job_is_never_at_a_hundred_percent(job: Job, restored: int, percent: int) -> None:
    set_running(job, restored)

    assert Progress(job, job.created_at).percent == percent


def test_a_job_that_is_being_stopped_says_so_and_cannot_be_stopped_again(job: Job) -> None:
    set_running(job, 50)
    job.cancel_requested_at, job.reason = job.created_at, {"code": "cancelled_by", "user": 1}

    view = Progress(job, job.created_at)

    assert view.sentence == "Stopping after the contacts in progress. 50 contacts of 200 done."
    assert not job.can_be_cancelled
    assert view.reason is None


def test_an_ended_job_shows_its_result(job: Job) -> None:
    job.state, job.counts = JobState.DONE, {"restored": 1200, "skipped": 3, "failed": 1}

    view = Progress(job, job.created_at)

    assert view.sentence == "1,200 contacts restored, 3 skipped, 1 failed."
    assert view.announcement == "Restore done. 1,200 contacts restored, 3 skipped, 1 failed."
    assert (view.percent, job.can_be_cancelled) == (100, False)


@pytest.mark.parametrize(
    ("restored", "words"),
    [(0, "Restore started."), (49, "Restore started."), (50, "Restoring: 25 percent done.")],
)
def test_a_screen_reader_announces_each_quarter_only(job: Job, restored: int, words: str) -> None:
    set_running(job, restored)

    assert Progress(job, job.created_at).announcement == words


def test_the_page_polls_often_at_first_and_rarely_later(job: Job) -> None:
    waits = [Progress(job, job.created_at + s * SECOND).poll_seconds for s in (0, 9, 10, 119, 120, 900)]

    assert waits == [0.5, 0.5, 2, 2, 5, 5]


def test_a_job_of_unknown_total_shows_no_percentage(job: Job) -> None:
    job.total = None
    assert (Progress(job, job.created_at).sentence, Progress(job, job.created_at).percent) == (
        "Waiting to begin.",
        None,
    )
    set_running(job, 5)

    view = Progress(job, job.created_at)

    assert (view.sentence, view.percent, view.announcement) == ("Restoring 5", None, "Restore started.")


def test_codes_and_kinds_of_a_later_release_have_general_words(job: Job) -> None:
    """After a rollback the older release meets them; its pages must open all the same."""
    job.state, job.reason = JobState.FAILED, {"code": "of_a_later_release"}
    contact = ContactOutcome(1, "skipped", "of_a_later_release", None, None, None)

    assert Progress(job, job.created_at).reason == "of_a_later_release"
    assert explain(contact) == ("Not restored (of_a_later_release).", "", "")
    assert label_of("of_a_later_release") == "of_a_later_release"
    job.kind = "later"
    view = Progress(job, job.created_at)
    assert (view.title, view.announcement) == (f"Job #{job.number}", "Job failed. 0 items processed.")


def test_the_reasons_are_counted_and_each_contact_is_named_with_the_other(
    session: Session, world: World, restoring: Restoring
) -> None:
    taken = [new_contact(session, world, "Ann", str(i), email=f"{i}@x.org") for i in range(2)]
    fine = new_contact(session, world)
    delete(session, world, *taken, fine)
    holders = [new_contact(session, world, "Bob", str(i), email=f"{i}@x.org") for i in range(2)]

    job = restoring.restore_all()

    assert reasons(session, job) == [("email_taken", 2)]
    views = exceptions(session, job, size=10)
    assert [(v.contact_id, name_of(v.contact), explain(v)[1], v.other and v.other.id) for v in views] == [
        (gone.id, f"Ann {i}", f"Bob {i}", holders[i].id) for i, gone in enumerate(taken)
    ]
    assert [v.contact_id for v in exceptions(session, job, size=10, after=taken[0].id)] == [taken[1].id]


def test_a_purged_contact_is_still_in_the_report_without_its_name(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone = new_contact(session, world, email="ann@x.org")
    delete(session, world, gone)
    new_contact(session, world, email="ann@x.org")
    job = restoring.restore_all()
    session.execute(delete_rows(ContactSearch).where(ContactSearch.contact_id == gone.id))
    session.execute(delete_rows(Contact).where(Contact.id == gone.id))

    [view] = exceptions(session, job, size=10)

    assert (view.contact_id, name_of(view.contact)) == (gone.id, "Purged contact")


def test_the_conflicting_contact_may_be_gone_or_without_a_name(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone = [new_contact(session, world, email=f"{i}@x.org") for i in range(2)]
    delete(session, world, *gone)
    nameless = new_contact(session, world, "", "", email="0@x.org")
    holder = new_contact(session, world, email="1@x.org")
    job = restoring.restore_all()
    session.execute(delete_rows(ContactSearch).where(ContactSearch.contact_id == holder.id))
    session.execute(delete_rows(Contact).where(Contact.id == holder.id))

    views = exceptions(session, job, size=10)

    assert [(explain(v)[1], v.other and v.other.id) for v in views] == [
        ("0@x.org", nameless.id),
        ("another contact", None),
    ]


def test_the_history_lists_the_jobs_of_the_workspace_newest_first(
    session: Session, world: World, restoring: Restoring
) -> None:
    elsewhere = Restoring(session, new_world(session), restoring.lock)
    jobs = []
    for _ in range(3):
        delete(session, world, *new_contacts(session, world, 1))
        jobs.append(restoring.restore_all().id)
    delete(session, elsewhere.world, new_contact(session, elsewhere.world))
    foreign = elsewhere.restore_all().id

    assert [job.id for job in history(session, world.id, ["restore"], size=10)] == jobs[::-1]
    assert [job.id for job in history(session, world.id, ["restore"], size=10, older=jobs[2])] == [
        jobs[1],
        jobs[0],
    ]
    assert find_job(session, world.id, ["restore"], foreign) is None
    assert find_job(session, world.id, ["restore"], jobs[0]) is not None
    assert find_job(session, world.id, ["another kind"], jobs[0]) is None
