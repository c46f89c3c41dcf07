"""Lists, tags and accounts are found by their names, created where they are missing, and renamed."""

import unicodedata
from collections.abc import Callable
from random import Random

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.contacts import new_account, new_contact, new_list, new_tag, subscribe
from tests.factories.people import World, new_world
from webapp.catalogue.names import Named, NameTaken, NoName, ids_by_name, longest_name, rename
from webapp.characters import name_key
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


def test_the_spellings_of_one_name_are_one_row_and_the_first_is_shown(
    session: Session, world: World, kind: Named
) -> None:
    there = NEW[kind](session, world, "Key account")
    spellings = ["KEY  account", "Ke\u200by Account", "Élodie", "E\u0301LODIE", "ÉLODIE ", "Elodie", "\u3164"]

    found = ids_by_name(session, kind, world.id, spellings)

    rows = select(kind.name).where(kind.workspace_id == world.id).order_by(kind.id)
    assert session.scalars(rows).all() == ["Key account", "Élodie", "Elodie"]
    assert {found[spelling] for spelling in spellings[:2]} == {there.id}
    assert len({found[spelling] for spelling in spellings[2:5]}) == 1
    assert "\u3164" not in found, "what has nothing to see is no name"
    assert ids_by_name(session, kind, world.id, ["\u3164"]) == {}


def test_the_database_refuses_a_second_spelling(session: Session, world: World, kind: Named) -> None:
    first = NEW[kind](session, world, "VIP")

    with pytest.raises(IntegrityError), session.begin_nested():
        NEW[kind](session, world, "V\u200bip ")
    NEW[kind](session, new_world(session), "vip")
    first.deleted_at = read_clock(session)
    session.flush()
    assert NEW[kind](session, world, "vip").name_key == "vip", "a deleted one reserves nothing"


def test_the_longest_name_fits_whatever_its_key(session: Session, world: World, kind: Named) -> None:
    """One ligature can become eighteen characters, and PostgreSQL refuses long entries of an index."""
    longest = longest_name(kind)
    names = ["\ufdfa" * longest, "\U00010400" * longest, "\ufdfa" * (longest - 1) + "x"]

    found = ids_by_name(session, kind, world.id, names)

    assert len(set(found.values())) == 3
    assert ids_by_name(session, kind, world.id, names) == found
    assert rename_row(session, NEW[kind](session, world, "Short"), names[0][1:] + "y", world)


def test_any_text_is_stored_as_a_name_and_found_again(session: Session, world: World) -> None:
    random, letters = Random(1), [chr(code) for code in range(1, 0x11_0000) if not 0xD800 <= code < 0xE000]
    names = ["".join(random.choices(letters, k=random.randint(1, 12))) for _ in range(2000)]
    names += ["".join(random.choices("Aa\u0301 \u200b\u0345ıß", k=3)) for _ in range(500)]

    found = ids_by_name(session, Tag, world.id, names)

    assert found.keys() == {name for name in names if name_key(name)}
    assert ids_by_name(session, Tag, world.id, [unicodedata.normalize("NFD", name) for name in found])
    rows = select(func.count()).select_from(Tag).where(Tag.workspace_id == world.id)
    assert session.scalar(rows) == len(set(found.values())) == len({name_key(name) for name in found})


def test_renaming_sets_the_name_and_is_audited_without_the_name(
    session: Session, world: World, kind: Named
) -> None:
    row = NEW[kind](session, world, "Ann Lee Ltd")

    assert rename_row(session, row, "Bo Berg Ltd", world, by=world.admin.id)
    assert not rename_row(session, row, "Bo Berg Ltd", world)

    assert (row.name, row.name_key) == ("Bo Berg Ltd", "bo berg ltd")
    table = kind.__tablename__
    assert events(session, world) == [(f"{table}.renamed", f"{table}:{row.id}", world.admin.id, {})]


def test_a_name_in_use_is_refused_and_the_transaction_continues(
    session: Session, world: World, kind: Named
) -> None:
    row, other = NEW[kind](session, world, "Mine"), NEW[kind](session, world, "Taken")

    for spelling in ("Taken", "TAKEN ", "Ta\u200bken"):
        with pytest.raises(NameTaken):
            rename_row(session, row, spelling, world)
    with pytest.raises(NoName):
        rename_row(session, row, " \u3164", world)
    session.refresh(row)
    assert (row.name, row.name_key, events(session, world)) == ("Mine", "mine", [])
    assert rename_row(session, row, "MINE", world), "its own, in another spelling"

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
