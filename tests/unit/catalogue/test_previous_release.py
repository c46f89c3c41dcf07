"""Lists, tags and accounts that the previous release inserts, without a key, while a deployment is under way.

The older release is played by statements on its own columns.
"""

from collections.abc import Callable
from typing import cast

import pytest
from sqlalchemy import Table, insert, null, select
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from webapp.catalogue.names import Named, NameTaken, ids_by_name, rename
from webapp.clock import read_clock
from webapp.contacts.mend import mend
from webapp.models import Account, AuditEvent, MailingList, Tag

Insert = Callable[..., list[int]]


@pytest.fixture(params=(Account, MailingList, Tag), ids=lambda kind: kind.__tablename__)
def kind(request: pytest.FixtureRequest) -> Named:
    chosen: Named = request.param
    return chosen


@pytest.fixture
def old_insert(session: Session, kind: Named) -> Insert:
    """What the older release does: its statement knows no key."""

    def rows_with(world: World, *names: str) -> list[int]:
        table = cast(Table, kind.__table__)
        rows = insert(table).returning(table.c.id)
        ids = [
            session.execute(rows.values(workspace_id=world.id, name=name, name_key=null())).scalar_one()
            for name in names
        ]
        session.commit()
        return ids

    return rows_with


def named(session: Session, kind: Named, world: World) -> list[tuple[str, str | None]]:
    rows = select(kind.name, kind.name_key).where(kind.workspace_id == world.id).order_by(kind.id)
    return [(name, key) for name, key in session.execute(rows)]


@pytest.mark.parametrize("by", ["worker", "import"])
def test_they_get_their_keys_and_what_would_clash_a_number(
    session: Session, kind: Named, old_insert: Insert, by: str
) -> None:
    world, elsewhere = new_world(session), new_world(session)
    [vip] = ids_by_name(session, kind, world.id, ["VIP"]).values()
    ids = old_insert(world, "vip", "New", "vip (2)", "NEW", "vip  (2)")
    old_insert(elsewhere, "vip")

    for _ in range(2):
        if by == "worker":
            mend(session)
        else:
            assert ids_by_name(session, kind, world.id, ["V\u200bIP", "new"]) == {
                "V\u200bIP": vip,
                "new": ids[1],
            }

    assert named(session, kind, world) == [
        ("VIP", "vip"),
        ("vip (3)", "vip (3)"),
        ("New", "new"),
        ("vip (2)", "vip (2)"),
        ("NEW (2)", "new (2)"),
        ("vip  (2) (2)", "vip (2) (2)"),
    ]
    assert named(session, kind, elsewhere) == [("vip", "vip" if by == "worker" else None)]
    events = session.execute(
        select(AuditEvent.action, AuditEvent.subject, AuditEvent.detail, AuditEvent.user_id)
        .where(AuditEvent.workspace_id == world.id)
        .order_by(AuditEvent.id)
    )
    table = kind.__tablename__
    assert [tuple(event) for event in events] == [
        (f"{table}.numbered", f"{table}:{row_id}", {"same_as": same_as}, None)
        for row_id, same_as in ((ids[0], vip), (ids[3], ids[1]), (ids[4], ids[2]))
    ]


def test_a_rename_sees_them(session: Session, kind: Named, old_insert: Insert) -> None:
    world = new_world(session)
    [mine] = ids_by_name(session, kind, world.id, ["Mine"]).values()
    old_insert(world, "Taken")

    with pytest.raises(NameTaken):
        rename(session, kind, mine, "TAKEN", workspace_id=world.id, by=None, now=read_clock(session))


def test_a_number_fits_behind_the_longest_name(session: Session, kind: Named, old_insert: Insert) -> None:
    world, longest = new_world(session), kind.name.type.length
    old_insert(world, "x" * longest, "X" * longest, "X" * (longest - 1) + "x")

    mend(session)

    names = [name for name, _ in named(session, kind, world)]
    assert names == ["x" * longest, "X" * (longest - 4) + " (2)", "X" * (longest - 4) + " (3)"]
