"""The audit log of people: who signed in and from where, whose rights changed, who took data away."""

import csv
from collections.abc import Callable
from io import StringIO

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.importing import Importing
from webapp.clock import read_clock
from webapp.models import AuditEvent, UserGroup
from webapp.models.audit_event import Action, record, record_visit
from webapp.worker.redis_lock import RedisLock

ADDRESS = "203.0.113.7"


def lines(browser: Browser, query: str = "") -> list[str]:
    """The rows of the page: what, who."""
    page = browser.get(f"/audit{query}")
    return [
        " / ".join(" ".join(row.select(f".cell-{name}")[0].get_text("").split()) for name in ("scope", "by"))
        for row in page.all("#results tbody tr")
    ]


@pytest.fixture
def visit(store: Session, world: World) -> Callable[..., None]:
    def visit(action: Action, address: str | None = ADDRESS, **detail: object) -> None:
        record_visit(
            store,
            accounts=[(world.id, world.member.id)],
            at=read_clock(store),
            action=action,
            network_address=address,
            **detail,
        )
        store.commit()

    return visit


def test_sign_ins_good_and_bad_are_told_with_account_and_address(
    admin: Browser, visit: Callable[..., None]
) -> None:
    visit(Action.SIGN_IN_REFUSED, why="password")
    visit(Action.SIGN_IN_LIMITED, why="many_attempts")
    visit(Action.SIGNED_IN, **{"with": "second_factor"})
    visit(Action.PASSWORD_CHANGED, how="changed")
    visit(Action.PASSWORD_CHANGED, None, how="command")
    visit(Action.SESSIONS_ENDED, None, sessions=2, why="password_changed")
    visit(Action.SIGNED_OUT)

    assert lines(admin) == [
        "Signed out, from 203.0.113.7 / Max Member",
        "Ended 2 sessions of “Max Member” because the password changed / Max Member",
        "Changed the password of “Max Member” by a command / Max Member",
        "Changed the password of “Max Member”, from 203.0.113.7 / Max Member",
        "Signed in with a second factor, from 203.0.113.7 / Max Member",
        "Refused to sign in “Max Member”: too many attempts, from 203.0.113.7 / Not signed in",
        "Refused to sign in “Max Member”: the password was wrong, from 203.0.113.7 / Not signed in",
    ]
    assert lines(admin, "?who=system") == [], "the system has done none of it"
    assert len(lines(admin, "?action=user.sign_in_refused")) == 1


def test_what_a_visitor_with_an_unknown_address_did_is_shown_to_no_account(
    admin: Browser, store: Session
) -> None:
    record_visit(
        store,
        accounts=(),
        at=read_clock(store),
        action=Action.SIGN_IN_REFUSED,
        network_address=ADDRESS,
        why="unknown",
    )
    store.commit()

    assert lines(admin) == []
    assert admin.client.get("/audit.csv").get_data(as_text=True).count("\n") == 2, "its own download"


def test_a_change_of_groups_names_the_user_and_the_group(
    admin: Browser, world: World, store: Session
) -> None:
    sales = store.scalars(select(UserGroup).filter_by(workspace_id=world.id, name="Sales")).one()
    for action, group in ((Action.GROUP_LEFT, sales.id), (Action.GROUP_JOINED, sales.id + 1_000_000)):
        record(
            store,
            workspace_id=world.id,
            user_id=world.admin.id,
            at=read_clock(store),
            action=action,
            subject=f"app_user:{world.member.id}",
            group=group,
        )
    store.commit()

    assert lines(admin) == [
        "Added “Max Member” to a group / Ada Admin",
        "Removed “Max Member” from the group “Sales” / Ada Admin",
    ]


def test_each_file_that_is_taken_away_is_recorded_once(
    admin: Browser, world: World, store: Session, lock: RedisLock
) -> None:
    importing = Importing(store, world, lock)
    job = importing.imported("no address,Ann,Lee,,,,")
    for path in ("/audit.csv", f"/jobs/{job.id}/rejected.csv"):
        assert admin.client.get(path).status_code == 200
        assert admin.client.head(path).status_code == 200

    rows = list(csv.reader(StringIO(admin.client.get("/audit.csv").get_data(as_text=True))))
    taken = [row[3] for row in rows if row[3].endswith(".downloaded")]

    assert taken == ["audit.downloaded", "rejected_rows.downloaded", "audit.downloaded"]
    assert {row[1] for row in rows[1:4]} == {"Ada Admin"}
    store.rollback()
    kept = select(AuditEvent.subject).filter_by(workspace_id=world.id, action="rejected_rows.downloaded")
    assert store.scalars(kept).all() == [job.audit_subject]
