"""The settings: what an account decides about itself, and which groups may do what."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact
from tests.factories.people import World, new_world
from tests.support.browser import Browser
from tests.support.seen import Seen, form_fields
from webapp.models import AuditEvent, GroupRight, Right, UserGroup, Workspace
from webapp.workspaces.rights import give_rights
from webapp.workspaces.settings import Settings, change_settings

MOMENT = datetime(2026, 3, 5, 14, 7, tzinfo=UTC)
Stored = Callable[[Select[Any]], list[Any]]


def save(browser: Browser, **typed: str) -> Seen:
    page = browser.get("/settings")
    stored = dict(form_fields(page.document, page.one("form[action='/settings']")))
    return browser.post("/settings", stored | typed)


def tick_rights(browser: Browser, *rights: Right) -> Seen:
    """Give the one other group these rights."""
    page = browser.get("/settings")
    for box in page.all("input[name=right]"):
        del box["checked"]
        if box["value"].partition(":")[2] in rights:
            box["checked"] = ""
    return browser.press(page, "Save rights")


def test_the_name_and_the_zone_are_used_on_every_page(admin: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world, created_at=MOMENT)
    store.commit()

    page = save(admin, name="  Blue   Fig\u200b ", timezone="Asia/Tokyo")

    assert "Settings saved." in page.text
    assert page.words(".frame-account") == "Blue Fig\u200b"
    assert "5 Mar 2026, 23:07" in admin.get(f"/contacts/{contact.id}").text


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "5 Mar 2026, 14:07"), ("en_US", "Mar 5, 2026, 2:07\u202fPM"), ("de", "5. März 2026, 14:07")],
)
def test_dates_are_written_in_the_language_of_the_settings(
    admin: Browser, world: World, store: Session, language: str, words: str
) -> None:
    contact = new_contact(store, world, created_at=MOMENT)
    store.commit()

    save(admin, date_language=language)

    assert " ".join(words.split()) in admin.get(f"/contacts/{contact.id}").text


def test_settings_that_are_not_valid_are_shown_again_and_not_stored(
    admin: Browser, world: World, stored: Stored
) -> None:
    page = save(admin, name="Fig", sender_name="Fay Fig", sender_email="fay at fig", postal_line="x" * 301)

    assert page.status == 422
    assert page.one("#sender_name")["value"] == "Fay Fig"
    assert page.one("#sender_email")["aria-invalid"] == "true"
    assert "cannot be an e-mail address" in page.words("#sender_email-error")
    assert "at most 300 characters" in page.words("#postal_line-error")
    assert stored(select(Workspace.name).where(Workspace.id == world.id)) == ["Northwind"]


def test_a_second_time_nothing_is_changed_and_nothing_recorded(
    admin: Browser, world: World, stored: Stored
) -> None:
    typed = {
        "sender_name": "Fay Fig",
        "sender_email": "fay@fig.example",
        "postal_line": "Fig Street 1\nFigton",
    }
    assert "Settings saved." in save(admin, **typed).text

    assert "Nothing was changed." in save(admin, **typed).text

    events = stored(select(AuditEvent).where(AuditEvent.workspace_id == world.id))
    assert [(event.action, event.detail) for event in events] == [
        ("settings.changed", {"fields": ["postal_line", "sender_email", "sender_name"]})
    ]
    told = admin.get("/audit").text
    assert "Changed the postal address, the sender’s e-mail address and the sender’s name" in told
    assert "fay@fig" not in told, "the audit log is never erased"


def test_a_group_gets_a_right_uses_it_and_loses_it(
    admin: Browser, member: Browser, world: World, stored: Stored
) -> None:
    assert member.get("/settings").status == 403
    assert not member.get("/contacts").has_button("Settings")

    assert "Rights saved." in tick_rights(admin, Right.SETTINGS, Right.CAMPAIGNS).text
    assert member.get("/settings").status == 200
    assert member.get("/contacts").has_button("Settings")
    assert member.get("/contacts/restore").status == 403, "restoring is for Admins alone"

    tick_rights(admin, Right.CAMPAIGNS)
    assert member.get("/settings").status == 403
    assert "Took from the group “Sales”: “Change these settings”" in admin.get("/audit").text
    groups = select(UserGroup.id).where(UserGroup.workspace_id == world.id)
    assert stored(select(GroupRight.right).where(GroupRight.group_id.in_(groups))) == ["campaigns"]


def test_a_disabled_user_has_no_right(world: World, store: Session) -> None:
    user = store.merge(world.member)
    assert user is not None
    store.add(GroupRight(group_id=user.groups[0].id, right=Right.SETTINGS))
    store.commit()
    assert user.may(Right.SETTINGS)
    assert not user.may(Right.CAMPAIGNS)

    user.is_active = False

    assert not user.may(Right.SETTINGS)


def test_rights_reach_no_group_of_another_account_and_not_admin(
    admin: Browser, world: World, store: Session, stored: Stored
) -> None:
    other = new_world(store, name="Elsewhere")
    groups = store.scalars(select(UserGroup.id).where(UserGroup.workspace_id.in_([world.id, other.id]))).all()
    page = admin.get("/settings")
    sales = {box["value"] for box in page.all("input[name=group]")}
    foreign = [group_id for group_id in groups if str(group_id) not in sales]
    token = admin.token()

    fields = [("csrf_token", token)]
    fields += [("group", str(group_id)) for group_id in groups]
    fields += [("right", f"{group_id}:settings") for group_id in foreign]
    admin.post("/settings/rights", fields)

    assert stored(select(GroupRight).where(GroupRight.group_id.in_(groups))) == []


def test_each_verb_done_twice_changes_nothing_more(world: World, store: Session) -> None:
    settings = Settings("Fig", "UTC", "de", "EUR")
    how = {"workspace_id": world.id, "by": world.admin.id, "now": MOMENT}
    sales = store.scalars(select(UserGroup.id).filter_by(workspace_id=world.id, name="Sales")).one()

    assert change_settings(store, settings, **how) == ("currency", "date_language", "name")  # type: ignore[arg-type]
    assert change_settings(store, settings, **how) == ()  # type: ignore[arg-type]
    assert give_rights(store, {sales: {Right.SETTINGS}}, **how)  # type: ignore[arg-type]
    assert not give_rights(store, {sales: {Right.SETTINGS}}, **how)  # type: ignore[arg-type]
    store.rollback()
