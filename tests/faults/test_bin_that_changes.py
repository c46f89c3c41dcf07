"""Other changes to the contacts of a running restore: it restores what was confirmed and is still deleted,
and nothing else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.confirming import ASK_ABOUT_ALL, ask_about, confirm, job_of
from tests.support.deployment import Deployment
from tests.support.processes import wait_until
from webapp.clock import read_clock
from webapp.contacts.delete import delete_contacts
from webapp.models import Contact, Deletion, User

Enter = Callable[[User], Browser]

KINDS = pytest.mark.parametrize("kind", ["ids", "filters"])


def start(deployment: Deployment, enter: Enter, world: World, kind: str) -> tuple[int, list[int]]:
    """Confirm the restore of the whole bin on its page; returns the job, and the contacts in the order of
    its walk."""
    with Session(deployment.engine) as session:
        binned = select(Contact.id).where(Contact.workspace_id == world.id, Contact.deleted_at.is_not(None))
        ids = list(session.scalars(binned.order_by(Contact.id.desc())))
    admin = enter(world.admin)
    dialog = ask_about(admin, ids) if kind == "ids" else admin.get(ASK_ABOUT_ALL)
    return job_of(confirm(admin, dialog)), ids


@KINDS
def test_a_contact_that_is_deleted_again_after_its_return_stays_deleted(
    kind: str, deployment: Deployment, enter: Enter
) -> None:
    """(22) A member deletes on the pages what the first batch has restored."""
    world = deployment.new_world(6)
    member = enter(world.member)
    job_id, ids = start(deployment, enter, world, kind)

    def delete_the_first() -> None:
        if ids[0] in deployment.live(world) and deployment.job(job_id).processed == 2:
            page = member.tick(member.get("/contacts"), ids[0])
            dialog = member.press(page, page.one("#delete-selected"))
            member.press(dialog, dialog.one("dialog form[method=post] button"))

    assert deployment.carry_out(job_id, after_each_batch=delete_the_first) == "done"

    assert deployment.live(world) == set(ids[1:])
    assert deployment.outcomes(job_id) == dict.fromkeys(ids, ("restored", None))


def delete_anew(session: Session, world: World, contact: Contact) -> None:
    """Restored and deleted again, by a later deletion with an earlier time: by its place alone the walk
    would reach the contact."""
    contact.deleted_at = None
    session.flush()
    delete(session, world, contact, ago=timedelta(hours=2))


def merge(session: Session, world: World, contact: Contact) -> None:
    contact.merged_into_id = new_contact(session, world).id


def bring_back_by_hand(_session: Session, _world: World, contact: Contact) -> None:
    contact.deleted_at = None


@KINDS
@pytest.mark.parametrize(
    ("leave", "why"),
    [
        (delete_anew, "deleted_again"),
        (merge, "no_longer_deleted"),
        (bring_back_by_hand, "no_longer_deleted"),
    ],
)
def test_a_contact_that_left_the_bin_before_its_turn_is_reported_as_such(
    leave: Callable[[Session, World, Contact], None],
    why: str,
    kind: str,
    deployment: Deployment,
    enter: Enter,
) -> None:
    """(22)"""
    world = deployment.new_world(6)
    job_id, ids = start(deployment, enter, world, kind)
    with deployment.writing() as session:

        def let_the_last_leave() -> None:
            if deployment.job(job_id).processed == 2:
                leave(session, world, session.get_one(Contact, ids[-1]))
                session.commit()

        deployment.carry_out(job_id, after_each_batch=let_the_last_leave)

    outcomes = deployment.outcomes(job_id)
    # By ids it was chosen, so it is reported; by filters it does not match.
    reason = outcomes.pop(ids[-1], None)
    assert reason == (("skipped", why) if kind == "ids" else None)
    assert outcomes == dict.fromkeys(ids[:-1], ("restored", None))
    job = deployment.job(job_id)
    assert (job.state, job.count("restored"), job.count("skipped")) == ("done", 5, 1 if kind == "ids" else 0)
    with Session(deployment.engine) as session:
        assert session.get_one(Contact, ids[-1]).restore_job_id is None


def has_to_wait(deployment: Deployment) -> bool:
    """Whether a connection waits for a lock; SQLite does not tell."""
    if deployment.engine.dialect.name == "sqlite":
        return True
    with deployment.engine.connect() as connection:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(connection.scalar(text(waiting)))


def test_a_deletion_that_began_before_the_dialog_and_ends_after_the_confirmation_is_not_included(
    deployment: Deployment, enter: Enter
) -> None:
    """(27) Its transaction ends after the confirmation; by its times it belongs to the dialog's scope."""
    world = deployment.new_world(3)
    with Session(deployment.engine) as session:
        expected = set(session.scalars(select(Contact.id).where(Contact.workspace_id == world.id)))
    with deployment.writing() as setup:
        slow = [contact.id for contact in new_contacts(setup, world, 4)]
        setup.commit()
    admin = enter(world.admin)
    with deployment.writing() as deleting, ThreadPoolExecutor(1) as pool:
        deletion = delete_contacts(
            deleting,
            workspace_id=world.id,
            which=select(Contact.id).where(Contact.id.in_(slow)),
            by=world.member.id,
            now=read_clock(deleting),
            source="test",
        )
        assert deletion is not None
        dialog = admin.get(ASK_ABOUT_ALL)
        assert dialog.words("#confirm-scope") == "All 3 contacts deleted in the last 30 days."
        confirmed = pool.submit(confirm, admin, dialog)
        wait_until(lambda: has_to_wait(deployment))
        deleting.commit()
        job_id = job_of(confirmed.result())

    assert deployment.carry_out(job_id) == "done"

    assert deployment.live(world) == expected
    assert set(deployment.outcomes(job_id)) == expected


def test_a_deletion_in_parts_cannot_be_restored_before_it_is_complete_and_is_not_included_later(
    deployment: Deployment, enter: Enter
) -> None:
    """(27) Its parts are committed one by one, so they are visible; its number is assigned last."""
    world = deployment.new_world(3)
    with deployment.writing() as session:
        slow = new_contacts(session, world, 4)
        ids = [contact.id for contact in slow]
        began = read_clock(session)
        deletion = Deletion(workspace_id=world.id, user_id=world.member.id, created_at=began, source="test")
        session.add(deletion)
        session.flush()
        for contact in slow[:3]:
            contact.deleted_at, contact.deletion_id = began, deletion.id
        deletion.in_bin = 3
        session.commit()
        admin = enter(world.admin)
        assert not set(ids) & set(admin.get("/contacts/restore").ids)
        dialog = admin.get(ASK_ABOUT_ALL)
        assert dialog.words("#confirm-scope") == "All 3 contacts deleted in the last 30 days."
        job_id = job_of(confirm(admin, dialog))

        slow[3].deleted_at, slow[3].deletion_id = began, deletion.id
        deletion.number, deletion.contact_count, deletion.in_bin = 2, 4, 4
        deletion.completed_at = read_clock(session)
        session.commit()

    assert deployment.carry_out(job_id) == "done"

    assert not set(ids) & (deployment.live(world) | set(deployment.outcomes(job_id)))
    assert deployment.job(job_id).count("restored") == 3
    assert sorted(admin.get("/contacts/restore").ids) == sorted(ids)
