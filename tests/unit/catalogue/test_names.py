"""Lists, tags and accounts are found by their names, created where they are missing, and renamed."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_account, new_contact, new_list, new_tag, subscribe
from tests.factories.people import World, new_world
from webapp.catalogue.names import Named, NameTaken, ids_by_name, rename
from webapp.clock import read_clock
from webapp.models import Account, AuditEvent, MailingList, Subscription, Tag

Row = Account | MailingList | Tag
NEW: dict[Named, Callable[[Session, World, str], Row]] = {
    Account: new_account,
    MailingList: new_list,
    Tag: new_tag,
}


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


@pytest.fixture(params=NEW, ids=lambda kind: kind.__tablename__)
def kind(request: pytest.FixtureRequest) -> Named:
    chosen: Named = request.param
    return chosen


def rename_row(session: Session, row: Row, name: str, world: World, by: int | None = None) -> bool:
    done = rename(session, type(row), row.id, name, workspace_id=world.id, by=by, now=read_clock(session))
    session.refresh(row)
    return done


def events(session: Session, world: World) -> list[tuple[str, str, int | None, dict[str, object]]]:
    found = session.execute(
        select(AuditEvent.action, AuditEvent.subject, AuditEvent.user_id, AuditEvent.detail).where(
            AuditEvent.workspace_id == world.id
        )
    )
    return [(action, subject, user, detail) for action, subject, user, detail in found]


def test_live_names_are_found_and_missing_ones_are_created(
    session: Session, world: World, kind: Named
) -> None:
    there, gone = NEW[kind](session, world, "There"), NEW[kind](session, world, "Gone")
    NEW[kind](session, new_world(session), "Elsewhere")
    gone.deleted_at = read_clock(session)
    session.flush()

    found = ids_by_name(session, kind, world.id, ["There", "Gone", "Elsewhere", "There"])

    assert found["There"] == there.id
    assert found["Gone"] != gone.id, "one that is created again with the same name is another one"
    rows = select(kind.name).where(kind.workspace_id == world.id, kind.deleted_at.is_(None))
    assert sorted(session.scalars(rows)) == ["Elsewhere", "Gone", "There"]
    assert ids_by_name(session, kind, world.id, found) == found


def test_renaming_sets_the_name_and_is_audited_without_the_name(
    session: Session, world: World, kind: Named
) -> None:
    row = NEW[kind](session, world, "Ann Lee Ltd")

    assert rename_row(session, row, "Bo Berg Ltd", world, by=world.admin.id)
    assert not rename_row(session, row, "Bo Berg Ltd", world)

    assert row.name == "Bo Berg Ltd"
    table = kind.__tablename__
    assert events(session, world) == [(f"{table}.renamed", f"{table}:{row.id}", world.admin.id, {})]


def test_a_name_in_use_is_refused_and_the_transaction_continues(
    session: Session, world: World, kind: Named
) -> None:
    row, other = NEW[kind](session, world, "Mine"), NEW[kind](session, world, "Taken")

    with pytest.raises(NameTaken):
        rename_row(session, row, "Taken", world)
    session.refresh(row)
    assert (row.name, events(session, world)) == ("Mine", [])

    other.deleted_at = read_clock(session)
    session.flush()
    assert rename_row(session, row, "Taken", world), "a deleted one reserves nothing"


def test_a_deleted_or_foreign_row_is_not_renamed(session: Session, world: World, kind: Named) -> None:
    elsewhere = new_world(session)
    gone, foreign = NEW[kind](session, world, "Gone"), NEW[kind](session, elsewhere, "Foreign")
    gone.deleted_at = read_clock(session)
    session.flush()

    assert not rename_row(session, gone, "New", world)
    assert not rename_row(session, foreign, "New", world)

    assert (gone.name, foreign.name) == ("Gone", "Foreign")
    assert events(session, world) == events(session, elsewhere) == []


def test_renaming_keeps_the_associations(session: Session, world: World) -> None:
    news, contact = new_list(session, world, "News"), new_contact(session, world)
    subscribe(session, contact, news, "bounced")

    assert rename_row(session, news, "Letters", world)

    place = session.scalars(select(Subscription).where(Subscription.contact_id == contact.id)).one()
    assert (place.list_id, place.status) == (news.id, "bounced")
    session.refresh(contact)
    assert contact.version == 1, "the contact itself was not changed"
