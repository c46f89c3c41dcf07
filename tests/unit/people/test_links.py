"""Links that work once: signed, for a while, and only the latest of each kind."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import OneTimeLink, Person, User
from webapp.models.person import Purpose
from webapp.people.links import LinkState, erase_old_links, find_link, make_link, state_of, use_link
from webapp.people.tokens import LinkName, read_token, to_token

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RESET, INVITATION = Purpose.RESET, Purpose.INVITATION


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.fixture
def person(session: Session, world: World) -> Person:
    assert world.admin.person_id
    return session.get_one(Person, world.admin.person_id)


def named(link: OneTimeLink) -> LinkName:
    return LinkName(link.id, link.nonce)


def test_a_token_names_its_link_and_only_our_keys_sign_it() -> None:
    nonce = "0123456789abcdef" * 2
    token = to_token(7, nonce, ["old", "new"])

    assert read_token(token, ["new"]) == LinkName(7, nonce), "the last key signs"
    former = to_token(7, nonce, ["old"])
    assert read_token(former, ["old", "new"]) == LinkName(7, nonce), "a former key still counts"
    assert read_token(token, ["old"]) is None
    changed = "8" + token[1:], token.replace(nonce, "0" * 32), token[:-1]
    for forged in (*changed, "", ".", "\0", "é" * 9, "\ud800"):
        assert read_token(forged, ["old", "new"]) is None, forged


def test_a_link_works_once(session: Session, person: Person) -> None:
    link = make_link(session, person, RESET, NOW)

    assert state_of(link, NOW) == LinkState.OPEN
    assert use_link(session, named(link), INVITATION, NOW) is None, "it is for something else"
    assert use_link(session, LinkName(link.id, "0" * 32), RESET, NOW) is None
    assert use_link(session, named(link), RESET, NOW) is link
    assert use_link(session, named(link), RESET, NOW) is None
    assert state_of(link, NOW) == LinkState.USED
    assert find_link(session, named(link), RESET) is link
    assert find_link(session, named(link), INVITATION) is None


def test_a_link_for_a_password_works_for_an_hour(session: Session, person: Person) -> None:
    link = make_link(session, person, RESET, NOW)
    late = NOW + HOUR

    assert state_of(link, late - timedelta(seconds=1)) == LinkState.OPEN
    assert state_of(link, late) == LinkState.OLD
    assert use_link(session, named(link), RESET, late) is None


def test_a_new_link_ends_the_earlier_ones_of_its_purpose_and_user(
    session: Session, world: World, person: Person
) -> None:
    here, there = session.get_one(User, world.admin.id), session.get_one(User, world.member.id)
    reset = make_link(session, person, RESET, NOW)
    invited = [make_link(session, person, INVITATION, NOW, user=user) for user in (here, there)]

    again = make_link(session, person, RESET, NOW + HOUR / 2)
    anew = make_link(session, person, INVITATION, NOW + HOUR / 2, user=here)
    session.refresh(reset)
    for link in invited:
        session.refresh(link)

    assert [state_of(link, NOW + HOUR / 2) for link in (reset, *invited, again, anew)] == [
        LinkState.OLD,
        LinkState.OLD,
        LinkState.OPEN,
        LinkState.OPEN,
        LinkState.OPEN,
    ]


def test_links_are_forgotten_a_month_after_their_end(store: Session) -> None:
    person = store.get_one(Person, new_world(store).admin.person_id)
    with write_transaction(store):
        now = read_clock(store)
        names = [named(make_link(store, person, RESET, now - timedelta(days=days))) for days in (31, 29)]

    erase_old_links(store)

    assert [find_link(store, name, RESET) is not None for name in names] == [False, True]
