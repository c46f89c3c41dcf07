"""A form of another site changes nothing."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.urls import ROUTES

# The links in messages carry their permission in the address, and no session (webapp/views/links.py).
POSTS = [route.path for route in ROUTES if route.method == "POST" and "<token>" not in route.path]


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "part"])
@pytest.mark.parametrize("token", ["none", "empty", "made up", "of another session"])
def test_a_form_without_its_token_changes_nothing(
    admin: Browser,
    member: Browser,
    world: World,
    store: Session,
    unchanged: Callable[[], AbstractContextManager[None]],
    token: str,
    htmx: bool,
) -> None:
    live, one, other = (new_contact(store, world) for _ in range(3))
    delete(store, world, one, other)
    store.commit()
    scope = admin.get(f"/contacts/restore/confirm?selected={other.id}").one("input[name=scope]")["value"]
    job = admin.press(admin.get(f"/contacts/restore/confirm?selected={one.id}"), "Restore")
    fields = {
        "scope": str(scope),
        "selected": str(live.id),
        "email": world.admin.email,
        "password": "restore-demo",
    }
    if token != "none":
        tokens = {"empty": "", "made up": "abc", "of another session": member.token()}
        fields["csrf_token"] = tokens[token]

    with unchanged():
        for path in POSTS:
            path = path.replace("<id:job_id>", job.path.removeprefix("/restores/"))
            # The token is looked at before any row is.
            path = re.sub(r"<id:\w+>", "1", path)
            seen = admin.post(path, fields, htmx=htmx)
            assert seen.status == 400, path
            assert "reload it and try again. Nothing was changed." in seen.text
    assert admin.get("/contacts").path == "/contacts", "still signed in"


def test_a_token_in_the_address_does_not_count(admin: Browser, world: World, store: Session) -> None:
    contact = new_contact(store, world)
    store.commit()

    seen = admin.post(f"/contacts/delete?csrf_token={admin.token()}", {"selected": str(contact.id)})

    assert seen.status == 400
    assert admin.get(f"/contacts/{contact.id}").status == 200


def test_over_https_a_form_must_come_from_the_same_origin(admin: Browser) -> None:
    token = admin.token()
    for referrer, expected in (
        ("https://evil.example/", 400),
        (None, 400),
        ("https://localhost/contacts", 303),
    ):
        answer = admin.client.post(
            "/logout",
            data={"csrf_token": token},
            base_url="https://localhost",
            headers={"Referer": referrer} if referrer else {},
        )
        assert answer.status_code == expected, referrer


def test_a_form_without_its_token_leads_back_to_filters_and_ticks(
    admin: Browser, world: World, store: Session
) -> None:
    live, binned = new_contact(store, world), new_contact(store, world)
    delete(store, world, binned)
    store.commit()
    for asked, contact in (("/contacts/restore/confirm", binned), ("/contacts/delete", live)):
        dialog = admin.get(f"{asked}?q=ann&selected={contact.id}")
        dialog.one("dialog input[name=csrf_token]")["value"] = "old"

        refused = admin.press(dialog, dialog.one("dialog form[method=post] button"))

        assert refused.status == 400
        seen = admin.press(refused, "Go back")
        assert (seen.query["q"], seen.selected) == ("ann", [contact.id])
