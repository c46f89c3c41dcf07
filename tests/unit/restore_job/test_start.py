"""What a restore checks before it begins: the requester's right, and that what the dialog showed still holds.

The rest of START is proved in tests/unit/protocol.
"""

from dataclasses import replace

import pytest
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.support.restoring import Restoring
from webapp.jobs.work import NotAllowed
from webapp.models import Job, User
from webapp.restoring.scope import Scope
from webapp.restoring.work import NothingToRestore
from webapp.worker.redis_lock import key


@pytest.fixture
def scope(store: Session, world: World, restoring: Restoring) -> Scope:
    """The confirmed scope of everything in a bin of one contact."""
    delete(store, world, new_contact(store, world))
    store.commit()
    return restoring.question_all().scope


def jobs(session: Session, world: World) -> list[Job]:
    session.rollback()
    return list(session.scalars(select(Job).where(Job.workspace_id == world.id)))


def test_a_confirmed_scope_becomes_the_request_of_a_restore(scope: Scope, restoring: Restoring) -> None:
    job = restoring.start(scope)

    assert (job.kind, job.exclusive_group, job.number, job.total) == ("restore", "restore", 1, 1)
    assert Scope.from_dict(job.request) == scope


@pytest.mark.parametrize("who", ["a member", "a disabled admin", "an admin of another account", "unknown"])
def test_only_an_admin_of_the_account_may_start_one(
    who: str, scope: Scope, world: World, restoring: Restoring, redis: Redis
) -> None:
    by = {"a member": world.member.id, "a disabled admin": world.admin.id, "unknown": 0}.get(who)
    if who == "an admin of another account":
        by = new_world(restoring.session).admin.id
    if who == "a disabled admin":
        restoring.session.get_one(User, by).is_active = False

    with pytest.raises(NotAllowed):
        restoring.start(scope, by=by)

    assert jobs(restoring.session, world) == []
    assert redis.get(key("restore", world.id)) is None


def test_a_confirmation_that_matches_no_contact_any_more_is_refused(
    scope: Scope, world: World, restoring: Restoring, redis: Redis
) -> None:
    """Rule 7: a scope without a match is refused. All were restored while the dialog was open."""
    earlier = restoring.confirm(restoring.question_all().scope)
    assert earlier.count("restored") == 1

    with pytest.raises(NothingToRestore):
        restoring.start(scope)

    assert [job.id for job in jobs(restoring.session, world)] == [earlier.id]
    assert redis.get(key("restore", world.id)) is None


def test_a_repeated_confirmation_finds_its_job_even_if_the_previous_release_started_it(
    scope: Scope, restoring: Restoring
) -> None:
    """The previous release stored sentences with the scope; they make no difference."""
    job = restoring.start(scope)
    job.request = {**job.request, "title": "Restore 1 contact?", "words": "1 contact.", "skips": {}}

    assert restoring.start(scope).id == job.id
    assert restoring.start(replace(scope, expected=scope.expected)).id == job.id
