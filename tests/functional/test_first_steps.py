"""An empty account says what to do; outside production it can be filled with the demo."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.models import Contact

Stored = Callable[[Select[Any]], list[Any]]


def test_an_empty_account_is_told_what_to_do_and_filled_once(
    anyone: Browser, world: World, stored: Stored
) -> None:
    page = anyone.get("/contacts")
    assert "Your account is empty" in page.text
    assert page.has_button("Add a contact")

    token = anyone.token()
    page = anyone.submit(page, "#load-demo")

    assert "180 contacts added, and 62 deleted contacts." in page.text
    assert len(page.names) == 50
    again = anyone.post("/first-steps/demo", {"csrf_token": token})
    assert again.status == 409
    assert stored(select(func.count()).where(Contact.workspace_id == world.id)) == [242]


def test_an_account_with_deleted_contacts_is_not_new(admin: Browser, world: World, store: Session) -> None:
    delete(store, world, new_contact(store, world))
    store.commit()

    page = admin.get("/contacts")

    assert "No contacts yet" in page.text
    assert page.has_button("See deleted contacts")


def test_there_is_no_demo_in_production(app: Flask, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    token = admin.token()
    monkeypatch.setitem(app.config, "PRODUCTION", True)

    assert not admin.get("/contacts").has_button("Load the demo")
    assert admin.post("/first-steps/demo", {"csrf_token": token}).status == 404


def test_a_member_may_add_a_contact_and_not_load_the_demo(member: Browser) -> None:
    page = member.get("/contacts")

    assert page.has_button("Add a contact")
    assert not page.has_button("Load the demo")
