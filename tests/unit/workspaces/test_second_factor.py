"""An Admin removes the second factor of a colleague who has lost it, and weakens no other account by it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from webapp.models import AuditEvent, Person, RecoveryCode, User
from webapp.models.audit_event import Action
from webapp.people.second_factor import make_recovery_codes
from webapp.people.users import add_invited_user, add_user
from webapp.workspaces.acting import NotChanged, Why
from webapp.workspaces.second_factor import remove_second_factor

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)


def with_second_factor(session: Session, user: User) -> Person:
    person = session.get_one(Person, user.person_id)
    person.totp_secret, person.totp_since = "locked", NOW
    make_recovery_codes(session, person)
    return person


def test_it_is_gone_with_its_recovery_codes_and_the_log_says_so(session: Session) -> None:
    world = new_world(session)
    person = with_second_factor(session, world.member)

    for expected in (True, False):
        removed = remove_second_factor(
            session, world.member.id, workspace_id=world.id, by=world.admin.id, now=NOW
        )
        assert removed is expected

    assert (person.totp_secret, person.totp_since) == (None, None)
    assert not session.scalars(select(RecoveryCode.id).where(RecoveryCode.person_id == person.id)).all()
    events = session.scalars(select(AuditEvent).where(AuditEvent.workspace_id == world.id)).all()
    assert [(event.action, event.user_id, event.subject) for event in events] == [
        (Action.SECOND_FACTOR_REMOVED, world.admin.id, f"app_user:{world.member.id}")
    ]


@pytest.mark.parametrize(
    ("elsewhere", "why"),
    [
        ("active", Why.NOT_OURS_ALONE),
        ("disabled", Why.NOT_OURS_ALONE),
        ("invited", None),
        ("oneself", Why.ONESELF),
        ("invited here", Why.NO_SUCH_USER),
    ],
)
def test_not_of_a_person_of_another_account_nor_of_oneself(
    session: Session, elsewhere: str, why: Why | None
) -> None:
    """An Admin of one account could invite a person of another, and open it with a password that leaked. An
    invitation of another account must not be told: it changes nothing."""
    world, other = new_world(session), new_world(session)
    target = world.admin if elsewhere == "oneself" else world.member
    if elsewhere in ("active", "disabled"):
        there = add_user(session, other.id, target.email, "There", [], NOW)
        there.is_active = elsewhere == "active"
    elif elsewhere == "invited":
        add_invited_user(session, other.id, target.email, "There", [], NOW)
    elif elsewhere == "invited here":
        target = add_invited_user(session, world.id, other.member.email, "Here", [], NOW)
    person = with_second_factor(session, target)
    session.flush()

    if why is None:
        assert _removed(session, world, target)
        return
    with pytest.raises(NotChanged) as refusal:
        _removed(session, world, target)
    assert refusal.value.why is why
    assert person.totp_since is not None


def _removed(session: Session, world: World, target: User) -> bool:
    return remove_second_factor(session, target.id, workspace_id=world.id, by=world.admin.id, now=NOW)
