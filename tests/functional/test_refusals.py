"""A user who asks for what their groups do not allow gets 403, and the audit log an event, but not many."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.second_writer import SecondWriter
from webapp.audit.refusals import record_refusal
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.models import AuditEvent, User
from webapp.models.audit_event import Action

Stored = Callable[[Select[Any]], list[Any]]


def events(world: World) -> Select[Any]:
    refused = AuditEvent.action == Action.ACCESS_REFUSED, AuditEvent.workspace_id == world.id
    return select(AuditEvent).where(*refused).order_by(AuditEvent.id)


def test_the_audit_page_tells_who_was_refused_what_and_no_address(
    admin: Browser, member: Browser, world: World, stored: Stored
) -> None:
    token = member.token()
    assert member.get("/contacts/restore?q=ann%40example.com").status == 403
    assert member.get("/users", htmx=True).status == 403
    assert member.post("/settings", {"csrf_token": token, "name": "Mine"}).status == 403

    found = stored(events(world))

    assert [(event.user_id, event.subject, event.detail) for event in found] == [
        (world.member.id, f"app_user:{world.member.id}", {"route": route})
        for route in ("restore_page", "users", "change_settings")
    ]
    page = admin.get("/audit?action=access.refused")
    assert "Was refused “change settings”, which their groups do not allow" in page.text
    assert len([cell for cell in page.all("#results .cell-by") if "Max Member" in cell.get_text()]) == 3
    assert "ann@example.com" not in admin.client.get("/audit.csv").text


def test_of_very_many_requests_each_route_leaves_one_event_an_hour(
    member: Browser, world: World, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        assert member.get(f"/contacts/restore?q={number}").status == 403
        assert member.get(f"/contacts/deleted/{number + 1}").status == 403
    assert len(stored(events(world))) == 2

    monkeypatch.setattr("webapp.audit.refusals.AGAIN_AFTER", timedelta())
    assert member.get("/contacts/restore").status == 403
    assert len(stored(events(world))) == 3


def test_two_requests_at_once_leave_one_event(engine: Engine, world: World, store: Session) -> None:
    store.commit()
    user_id = world.member.id

    def refuse(session: Session) -> None:
        record_refusal(session, session.get_one(User, user_id), "settings")

    with ThreadPoolExecutor() as threads, Session(engine) as session:
        with write_transaction(session):
            session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
            second = SecondWriter(threads, engine, refuse)
            second.check_that_it_waits(session)
            session.add(event_of(session, world))
        second.result()

    assert store.scalar(select(func.count()).select_from(events(world).subquery())) == 1


def event_of(session: Session, world: World) -> AuditEvent:
    """What the first request writes."""
    return AuditEvent(
        workspace_id=world.id,
        user_id=world.member.id,
        at=read_clock(session),
        action=Action.ACCESS_REFUSED,
        subject=f"app_user:{world.member.id}",
        detail={"route": "settings"},
    )
