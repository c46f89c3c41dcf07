"""Deleting for ever: exactly what was shown goes, and the texts that name those who are gone."""

import json
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.deleting import Deleting
from tests.support.importing import Importing
from tests.support.purging import Belongings
from tests.support.restoring import Restoring
from webapp.clock import read_clock
from webapp.contacts.delete_scope import Stayed
from webapp.jobs.files import complete, file_of, find_file, new_file
from webapp.jobs.start import AlreadyRunning
from webapp.jobs.work import NotAllowed
from webapp.models import AuditEvent, Contact, Deletion, ImportLine, Job, PrivateText
from webapp.models.import_line import LineOutcome
from webapp.purging import erase_work
from webapp.purging.erase_work import NothingToErase, SelectionChanged
from webapp.purging.scope import EraseQuestion, about_matching, about_these
from webapp.purging.work import PURGE
from webapp.restoring.filters import Filters
from webapp.restoring.question import about_the_rest
from webapp.restoring.report import all_outcomes
from webapp.restoring.undoing import Kept, judge
from webapp.words.contacts import name_of
from webapp.worker.redis_lock import RedisLock


def ask(restoring: Restoring, *contacts: Contact, q: str = "") -> EraseQuestion:
    session, world = restoring.session, restoring.world
    if contacts:
        return about_these(session, world.id, [contact.id for contact in contacts], restoring.now())
    return about_matching(session, world.id, Filters(q=q), restoring.now())


def start(restoring: Restoring, question: EraseQuestion, *, by: int | None = None) -> Job:
    restoring.session.commit()
    return erase_work.start(
        restoring.session,
        restoring.lock,
        lambda _, job_id: restoring.rung.append(job_id),
        scope=question.scope,
        total=question.scope.expected + question.merged,
        requested_by=by or restoring.world.admin.id,
    )


def erase(restoring: Restoring, question: EraseQuestion, *, batch_size: int = 1000) -> Job:
    job = start(restoring, question)
    assert restoring.run(job, batch_size=batch_size) == "done"
    restoring.session.expire_all()
    return job


def left(session: Session, world: World) -> set[int]:
    return set(session.scalars(select(Contact.id).where(Contact.workspace_id == world.id)))


def test_exactly_the_selected_ones_go_with_everything_of_their_own(
    session: Session, world: World, restoring: Restoring, belongings: Belongings
) -> None:
    hour = timedelta(hours=1)
    one, two, stays = (belongings.deleted(ago=hour) for _ in range(3))
    live, two_of_deletion = new_contact(session, world), two.deletion_id
    kept = {stays.id, live.id}

    job = erase(restoring, ask(restoring, one, two, live))

    assert left(session, world) == kept
    assert (job.total, job.processed, job.count("erased")) == (2, 2, 2)
    assert session.get_one(Deletion, two_of_deletion).in_bin == 0


def test_all_that_match_go_in_batches_and_what_was_deleted_later_stays(
    session: Session, world: World, restoring: Restoring
) -> None:
    delete(session, world, *new_contacts(session, world, 7, "Wanda"))
    other = new_contact(session, world, "Olga")
    delete(session, world, other)
    question = ask(restoring, q="wanda")
    later = new_contact(session, world, "Wanda")
    delete(session, world, later, at=restoring.now())
    kept = {other.id, later.id}

    job = erase(restoring, question, batch_size=3)

    assert question.scope.expected == 7
    assert left(session, world) == kept
    assert job.counts == {"erased": 7, "erased_with_others": 0, "failed": 0, "left_alone": 0}


def test_what_was_restored_since_is_left_alone_and_counted(
    session: Session, world: World, restoring: Restoring
) -> None:
    contacts = new_contacts(session, world, 4)
    delete(session, world, *contacts)
    question, back = ask(restoring), contacts[1].id
    restoring.restore(contacts[1])

    job = erase(restoring, question)

    assert left(session, world) == {back}
    assert (job.count("erased"), job.count("left_alone"), job.processed) == (3, 1, 4)


def test_a_selection_that_has_changed_is_asked_about_again(
    session: Session, world: World, restoring: Restoring
) -> None:
    contacts = new_contacts(session, world, 2)
    delete(session, world, *contacts)
    question = ask(restoring, *contacts)
    restoring.restore(contacts[0])

    with pytest.raises(SelectionChanged):
        start(restoring, question)
    everything = ask(restoring)
    restoring.restore(contacts[1])
    with pytest.raises(NothingToErase):
        start(restoring, everything)


def test_contacts_merged_into_them_go_too_and_were_announced(
    session: Session, world: World, restoring: Restoring
) -> None:
    top, middle, bottom = (new_contact(session, world) for _ in range(3))
    delete(session, world, middle, bottom).in_bin = 0
    middle.merged_into_id, bottom.merged_into_id = top.id, middle.id
    delete(session, world, top)
    question = ask(restoring)

    job = erase(restoring, question)

    assert (question.scope.expected, question.merged) == (1, 2)
    assert left(session, world) == set()
    assert (job.total, job.count("erased"), job.count("erased_with_others")) == (3, 1, 2)


def test_only_admins_may(session: Session, world: World, restoring: Restoring) -> None:
    delete(session, world, new_contact(session, world))

    with pytest.raises(NotAllowed):
        start(restoring, ask(restoring), by=world.member.id)


def test_it_and_a_restore_exclude_each_other_and_a_purge_stands_back(
    session: Session, world: World, restoring: Restoring
) -> None:
    delete(session, world, *new_contacts(session, world, 2))
    job = start(restoring, ask(restoring))

    with pytest.raises(AlreadyRunning) as refused:
        restoring.start(restoring.question_all().scope)
    assert refused.value.job.id == job.id
    assert PURGE.group != job.exclusive_group
    restoring.run(job)
    restoring.session.expire_all()
    assert job.state == "done"


def test_erased_people_never_return(session: Session, world: World, restoring: Restoring) -> None:
    """Not by the report, a retry, an undo or another restore of the same deletion."""
    gone, kept = new_contact(session, world, "Gone"), new_contact(session, world, "Kept")
    deletion = delete(session, world, gone, kept)
    restored = restoring.restore_all()
    undo = restoring.undo(restored)
    gone_id, kept_id = gone.id, kept.id
    erase(restoring, ask(restoring, gone))

    assert [name_of(each.contact) for each in all_outcomes(session, restored, size=9)] == [
        "Purged contact",
        "Kept Lee",
    ]
    endings = judge(session, restored, now=restoring.now(), limit=9)
    assert {ending.contact_id: ending.reason for ending in endings} == {
        gone_id: Kept.PURGED,
        kept_id: Kept.DELETED,
    }
    again = restoring.restore_all(deletion=str(deletion.number))
    assert restoring.outcomes(again) == {kept_id: ("restored", None, None)}
    assert undo.state == "done"
    assert left(session, world) == {kept_id}


def test_erased_people_do_not_return_by_undoing_the_import_that_brought_them(
    session: Session, world: World, restoring: Restoring, lock: RedisLock
) -> None:
    imported = Importing(session, world, lock).imported("gone@i.example,Gone", "kept@i.example,Kept")
    gone = session.scalars(select(Contact).filter_by(workspace_id=world.id, first_name="Gone")).one()
    delete(session, world, gone)
    erase(restoring, ask(restoring, gone))
    deleting = Deleting(session, world, lock)

    undo = deleting.begin(deleting.ask_undo(imported.id))
    deleting.run(undo)
    back = restoring.restore_all()

    session.refresh(undo)
    assert undo.counts == {"deleted": 1, Stayed.GONE: 1}
    assert [outcome for outcome, _, _ in restoring.outcomes(back).values()] == ["restored"]
    names = session.scalars(select(Contact.first_name).where(Contact.workspace_id == world.id)).all()
    assert names == ["Kept"]


def test_a_restore_that_is_continued_knows_erased_people_no_longer(
    session: Session, world: World, restoring: Restoring
) -> None:
    gone, kept = new_contact(session, world, "Gone"), new_contact(session, world, "Kept")
    delete(session, world, gone, kept)
    scopes = restoring.question_all().scope, restoring.question(gone, kept).scope
    kept_id = kept.id
    erase(restoring, ask(restoring, gone))

    for scope in scopes:
        rest = about_the_rest(session, scope, restoring.now()).scope
        assert rest.expected == 1
        assert not rest.ids or rest.ids == (kept_id,)


@pytest.mark.parametrize(
    ("text", "goes"),
    [
        ("lovelace", True),
        ("AUGUSTA", True),
        ("hotels in berlin by lovelace", True),
        ("ada.king@engine.example", True),
        ("ada.king", True),
        ("engine.example", False),
        ("lovelaces", False),
        ("berlin", False),
        ("de", False),
        ("customers_lovelace-2026.csv", True),
        ("Löveläce", True),
    ],
)
def test_texts_that_hold_their_name_or_address_are_erased(
    session: Session, world: World, restoring: Restoring, text: str, goes: bool
) -> None:
    contact = new_contact(session, world, "Augusta de", "Lovelace", email="ada.king@engine.example")
    delete(session, world, contact)
    now = read_clock(session)
    for kind, kept in (
        ("audit_event", text),
        ("restore_job", json.dumps([text, 1])),
        ("restore_job", json.dumps({"file_name": text})),
    ):
        subject = f"{kind}:{uuid.uuid4().int % 10**12}"
        session.add(PrivateText(subject=subject, workspace_id=world.id, text=kept, created_at=now))

    erase(restoring, ask(restoring, contact))

    texts = select(PrivateText.text).where(PrivateText.workspace_id == world.id)
    assert (session.scalars(texts).all() == []) is goes


def test_the_words_of_its_own_search_go_at_its_end(
    session: Session, world: World, restoring: Restoring
) -> None:
    delete(session, world, new_contact(session, world, "Zebulon"))
    job = start(restoring, ask(restoring, q="zebulon"))
    assert "zebulon" not in json.dumps(job.request)
    assert session.get(PrivateText, job.audit_subject) is not None

    restoring.run(job)

    session.expire_all()
    assert session.get(PrivateText, job.audit_subject) is None
    events = session.scalars(select(AuditEvent).where(AuditEvent.subject == job.audit_subject)).all()
    assert [event.action for event in events] == ["erase.requested", "erase.done"]
    assert events[1].detail["counts"]["erased"] == 1


def test_files_that_the_workspace_has_kept_cannot_be_read_any_more(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact = new_contact(session, world)
    delete(session, world, contact)
    exported = restoring.restore(contact)
    delete(session, world, contact)
    now = read_clock(session)
    made, brought, read = (
        new_file(session, workspace_id=world.id, name=f"{name}.csv", now=now, job_id=job_id)
        for name, job_id in (("made", exported.id), ("brought", None), ("read", None))
    )
    for file in (made, brought, read):
        complete(file, now)
    job = start(restoring, ask(restoring, contact))
    # As if it were an import that reads this one.
    job.request = {**job.request, "file_id": read.id}
    ids, reads = (made.id, brought.id, read.id), read.id
    assert file_of(session, exported, now) is not None

    restoring.run(job)

    now = read_clock(session)
    assert file_of(session, exported, now) is None
    assert [each for each in ids if find_file(session, world.id, each, now)] == [reads]


def test_the_fields_of_records_that_imports_have_rejected_are_erased_however_many_they_are(
    session: Session, world: World, restoring: Restoring
) -> None:
    contact = new_contact(session, world)
    delete(session, world, contact)
    # As if it were an import.
    ended = restoring.restore(contact)
    delete(session, world, contact)
    for line in range(2, 9):
        session.add(
            ImportLine(job_id=ended.id, line=line, outcome=LineOutcome.REJECTED, record=["ann@x", "Ann"])
        )
    ended_id = ended.id

    job = erase(restoring, ask(restoring, contact), batch_size=3)

    kept = select(ImportLine.line).where(ImportLine.job_id == ended_id, ImportLine.record.is_not(None))
    assert session.scalars(kept).all() == []
    assert len(session.scalars(select(ImportLine.line).where(ImportLine.job_id == ended_id)).all()) == 7
    assert job.count("erased") == 1
