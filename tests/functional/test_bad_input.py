"""Every field with every kind of bad value, by the table in `tests.support.bad_input`."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from sqlalchemy import Engine, insert, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories.contacts import (
    delete,
    new_contact,
    new_contacts,
    new_deal,
    new_list,
    new_tag,
    subscribe,
)
from tests.factories.people import PASSWORD, World, new_world
from tests.support.addresses import a_group, a_user, with_rows
from tests.support.bad_input import KINDS, PAGES_ONLY, PARTS_ONLY, ROWS, Row
from tests.support.browser import HTMX, TOKEN, Browser, read_answer
from tests.support.inviting import invite, link_on
from tests.support.links import a_token
from webapp.marketing.links import LinkKind
from webapp.models import Automation, Campaign, Contact, Deal, DealContact, MailingList, User, UserGroup


def changes_nothing(row: Row) -> bool:
    """Also one whose requests change only what the next one may meet, or what is put back."""
    refused = row.method == "GET" or min(row.statuses.values()) >= 400
    return refused or row.path in REPEATABLE or row.path.startswith(PUT_BACK)


CONTACT_PARTS = ("account", "lists", "tags", "deals", "notes")
REPEATABLE = ("/contacts/new", *(f"/contacts/<id:contact_id>/{part}" for part in ("edit", *CONTACT_PARTS)))
# The fields of one address share a world where requests change nothing, or where that is put back.
PUT_BACK = ("/lists", "/deals", "/users")
# One code answers for lists, tags and accounts.
LIKE_LISTS = ("/tags", "/accounts")
TOGETHER = [
    rows
    for (_, path), some in groupby(ROWS, key=lambda row: (row.method, row.path))
    if not path.startswith(LIKE_LISTS)
    for is_shared, found in groupby(sorted(some, key=changes_nothing), key=changes_nothing)
    for rows in ([list(found)] if is_shared else [[row] for row in found])
]


def named(rows: Sequence[Row]) -> str:
    return f"{rows[0].method} {rows[0].path} {','.join(row.field for row in rows)}"


DEAL = {"title": "Oil", "value": "5", "currency": "EUR", "position": '["Negotiation", "open"]'}
SETTINGS = {"name": "Northwind", "timezone": "UTC", "date_language": "en", "currency": "USD"}
CAMPAIGN = {"name": "Spring", "version": "1"}
MESSAGE = {"list": "News", "subject": "Hello", "body": "Hi", "version": "1"}
WAIT = {"do": "wait", "count": "1", "unit": "days", "version": "1"}
# What the two databases may take differently. All other kinds are read by the app alone, and are tried on
# SQLite only.
OF_DATABASES = ("long", "NUL", "half", "bytes", "emoji", "2^63-1", "2^63", "10^30", "10000")
# One piece of code reads each of these on all routes. All kinds are tried on the first route that has it, and
# on the others one kind for each answer.
READ_BY_ONE = (
    *(
        "csrf_token",
        "back",
        "nonsense",
        "after",
        "before",
        "selected",
        "show",
        "clear",
        "matching",
        "watching",
    ),
    *("?from", "?to", "?from_time", "?to_time", "?how", "?expires", "?deleted_by", "?deletion"),
    *("?list", "?tag", "?account", "?sort", "?restored_by"),
)
Unchanged = Callable[[], AbstractContextManager[None]]

# Their pages, too, are for a person who is not signed in; choosing an account makes a new token.
OWN_TOKEN = {"/invitation": "/invitation"}
# Each request there is the first one of a new session.
SIGN_IN_AND_OUT = {"/login", "/logout"}


def kinds_for(row: Row, dialect: str) -> list[str]:
    """The kinds of bad values that are tried on one of the databases."""
    is_id = row.field.startswith("<") and row.name.endswith("_id")
    is_by_one = is_id or row.name in READ_BY_ONE or row.field in READ_BY_ONE
    first = next(other for other in ROWS if (other.name, other.field[0]) == (row.name, row.field[0]))
    if is_by_one and row is not first:
        of_each_answer = {status: kind for kind, status in reversed(row.statuses.items())}
        return sorted({"word", *of_each_answer.values()})
    return [kind for kind in KINDS if dialect == "sqlite" or kind in OF_DATABASES]


def nothing() -> None:
    """Nothing has to be put back."""


@dataclass
class Scene:
    """The browser that sends the request, and the fields of a valid one."""

    browser: Browser
    ids: dict[str, str]
    fields: dict[str, str]
    engine: Engine
    # Puts back what a request before has created, changed or deleted.
    put_back: Callable[[], None] = nothing
    own_token: str = ""

    def version(self) -> str:
        """That of the row in the address, which each request that is accepted raises."""
        models: dict[str, Any] = {"automation_id": Automation, "campaign_id": Campaign}
        for name, row_id in self.ids.items():
            if name in models:
                with Session(self.engine) as session:
                    return str(session.get_one(models[name], int(row_id)).version)
        return "1"

    def send(self, row: Row, value: bytes, *, htmx: bool = False) -> TestResponse:
        """Send the row's request with `value` in its field, percent-encoded byte by byte."""
        encoded = quote_from_bytes(value, safe="")
        path = row.path
        for name, good in self.ids.items():
            for pattern in (f"<id:{name}>", f"<{name}>"):
                path = path.replace(pattern, encoded if row.field == f"<{name}>" else good)
        if "version" in self.fields:
            self.fields["version"] = self.version()
        others = self.fields | contact_fields(row).get(f"{row.method} {row.path}", {})
        if row.method == "POST":
            others["csrf_token"] = self.token(row)
        is_edit = row.path.startswith("/contacts/") and row.path.endswith("/edit")
        if is_edit and (row.method, row.name) != ("POST", "opened"):
            # Each request comes from a form that was opened anew.
            form = self.browser.get(f"/contacts/{self.ids['contact_id']}/edit")
            others["opened"] = str(form.one("#opened")["value"])
        good = urlencode({name: other for name, other in others.items() if name != row.name})
        bad = "" if row.field.startswith("<") else f"{row.name}={encoded}"
        query, body = (bad, good) if row.field.startswith("?") else ("", f"{good}&{bad}")
        if row.method == "GET":
            query, body = f"{good}&{bad}", ""
        return self.browser.client.open(
            f"{path}?{query}",
            method=row.method,
            data=body,
            content_type="application/x-www-form-urlencoded",
            headers=HTMX if htmx else {},
        )

    def token(self, row: Row) -> str:
        if row.path in SIGN_IN_AND_OUT:
            self.browser.client.delete_cookie("session")
        elif self.own_token and row.path != "/account":
            return self.own_token
        page = "/login" if row.path in SIGN_IN_AND_OUT else OWN_TOKEN.get(row.path, "/restores")
        found = TOKEN.search(self.browser.client.get(page).text)
        assert found is not None
        self.own_token = found[1]
        return self.own_token


@pytest.fixture
def scene(
    rows: Sequence[Row],
    admin: Browser,
    browse: Callable[..., Browser],
    world: World,
    store: Session,
    engine: Engine,
) -> Scene:
    """For these rows: a browser with the right, and the fields of a valid request."""
    row = rows[0]
    live = new_contact(store, world)
    new_list(store, world, "News"), new_tag(store, world, "VIP")
    binned = new_contacts(store, world, 2)
    delete(store, world, *binned)
    store.commit()
    ids = {"contact_id": str(binned[0].id if "/deleted/" in row.path else live.id)}
    to_restore = to_erase = ""
    if "job_id" in row.path or row.path.startswith("/restores"):
        dialog = admin.get(f"/contacts/restore/confirm?selected={binned[1].id}")
        to_restore = str(dialog.one("input[name=scope]")["value"])
    if "job_id" in row.path:
        job = admin.press(admin.press(dialog, "Restore"), "Cancel this restore")
        ids["job_id"] = job.path.removeprefix("/restores/")
    if "<token>" in row.path:
        ids["token"] = a_token(store, world, live.id, LinkKind(row.path[1]))
    for name in re.findall(r"<id:(automation_id|campaign_id|file_id|sign_in_id)>", row.path):
        path = with_rows(row.path, store, world)
        ids[name] = re.findall(r"\d+", path)[0]
    put_back = nothing
    if row.path.startswith("/lists"):
        ids["thing_id"], put_back = a_list(store, world, live)
    elif row.path.startswith("/deals"):
        ids["deal_id"], put_back = a_deal(store, world, live)
    elif row.path.startswith("/users"):
        put_back = users_and_groups(store, world, ids, is_invited=row.path.endswith(("/invite", "/withdraw")))
    preview = {}
    if "file_id" in ids:
        page = admin.get(f"/contacts/import/{ids['file_id']}")
        preview = {"frozen": str(page.one("input[name=frozen]")["value"]), "column": "0:email"}
    if row.path == "/contacts/restore/erase":
        dialog = admin.get("/contacts/restore/erase", {"selected": str(binned[1].id)})
        to_erase = str(dialog.one("#erase-form input[name=scope]")["value"])
    status = {"contact": str(live.id), "status": "bounced"}
    fields = {
        "POST /lists": {"name": "New"},
        "POST /lists/<id:thing_id>/rename": {"name": "New"},
        "GET /lists/<id:thing_id>/status": status,
        "POST /lists/<id:thing_id>/status": status,
        "POST /deals": DEAL | {"contact": str(live.id)},
        "POST /deals/<id:deal_id>/edit": DEAL | {"version": "1"},
        "POST /deals/<id:deal_id>/move": {"position": DEAL["position"], "version": "1"},
        **{
            f"POST /deals/<id:deal_id>/{act}": {"contact": str(live.id)}
            for act in ("contacts", "primary", "remove")
        },
        "GET /contacts/delete": {"selected": str(live.id)},
        "POST /contacts/delete": {"selected": str(live.id)},
        "POST /contacts/notices": {"kind": "deletion", "number": "1"},
        "GET /contacts/restore/confirm": {"selected": str(binned[1].id)},
        "POST /contacts/restore/erase": {"scope": to_erase, "typed": "1"},
        "POST /restores": {"scope": to_restore},
        "POST /restores/line": {"scope": to_restore},
        "POST /contacts/import/<id:file_id>": preview,
        "POST /contacts/new": {"first_name": "New", "last_name": "Lee"},
        "POST /users": {"email": "pat@example.com", "name": "Pat"},
        "POST /users/<id:user_id>": {"name": "Pat"},
        "POST /users/groups": {"name": "New"},
        "POST /users/groups/<id:group_id>/rename": {"name": "New"},
        "POST /invitation": {"name": "Pat", "password": "purple tables sing loudly"},
        "POST /account": {"user": str(world.admin.id)},
        "POST /settings": SETTINGS,
        "POST /security/password": {"present": "wrong", "password": "wrong"},
        "POST /security/second-factor": {"setup_password": "wrong"},
        "POST /security/second-factor/confirm": {"code": "123456"},
        "POST /security/second-factor/off": {"off_password": PASSWORD, "off_code": "123456"},
        "POST /security/recovery-codes": {"codes_password": PASSWORD, "codes_code": "123456"},
        "POST /forgot": {"email": world.admin.email},
        "POST /campaigns": CAMPAIGN,
        "POST /campaigns/<id:campaign_id>": CAMPAIGN,
        "POST /campaigns/<id:campaign_id>/send": {"version": "1"},
        "POST /automations": {"name": "Welcome", "trigger": "tag_added", "target": "VIP"},
        "POST /automations/<id:automation_id>/name": {"name": "Welcome", "version": "1"},
        "POST /automations/<id:automation_id>/steps": WAIT,
        "POST /automations/<id:automation_id>/steps/change": {"version": "1"},
        "POST /automations/<id:automation_id>/state": {"version": "1"},
        "POST /automations/<id:automation_id>/message": MESSAGE,
        "POST /automations/messages/<id:campaign_id>": MESSAGE,
        "POST /login": {"email": world.admin.email, "password": PASSWORD},
    }.get(f"{row.method} {row.path}", {})
    browser = browse() if row.path in (*SIGN_IN_AND_OUT, "/invitation") else admin
    if f"{row.method} {row.path}" == "POST /invitation":
        # Of a person who is known, so that nothing comes of it.
        known = new_world(store, name="Elsewhere").admin
        browser.get(link_on(invite(admin, known.email)))
    return Scene(browser, ids, fields, engine, put_back)


def users_and_groups(
    store: Session, world: World, ids: dict[str, str], *, is_invited: bool
) -> Callable[[], None]:
    """Adds the ids of a user and a group to `ids`; returns how to remove what a request has added."""
    ids["user_id"] = str(a_user(store, world, is_invited=is_invited))
    ids["group_id"] = str(a_group(store, world))
    store.commit()
    first = int(ids["user_id"]), int(ids["group_id"])

    def put_back() -> None:
        mine = User.workspace_id == world.id, User.id > first[0]
        store.execute(delete_rows(User).where(*mine))
        store.execute(
            delete_rows(UserGroup).where(UserGroup.workspace_id == world.id, UserGroup.id > first[1])
        )
        store.commit()

    return put_back


def a_list(store: Session, world: World, contact: Contact) -> tuple[str, Callable[[], None]]:
    """The id of a list with the contact, and how to make it the only live one of its workspace again."""
    own = new_list(store, world)
    subscribe(store, contact, own, "subscribed")
    store.commit()

    def put_back() -> None:
        ours = update(MailingList).where(MailingList.workspace_id == world.id)
        store.execute(ours.where(MailingList.id != own.id).values(deleted_at=contact.created_at))
        store.execute(ours.where(MailingList.id == own.id).values(deleted_at=None))
        store.commit()

    return str(own.id), put_back


def a_deal(store: Session, world: World, contact: Contact) -> tuple[str, Callable[[], None]]:
    """The id of a deal with the contact, and how to make it what it was."""
    deal = new_deal(store, world, contact)
    was = {"title": deal.title, "value": deal.value, "stage": "", "status": "open", "version": 1}
    store.commit()

    def put_back() -> None:
        store.execute(update(Deal).where(Deal.id == deal.id).values(deleted_at=None, **was))
        store.execute(delete_rows(DealContact).where(DealContact.deal_id == deal.id))
        place = {"deal_id": deal.id, "contact_id": contact.id, "is_primary": True}
        store.execute(insert(DealContact), [place | {"attached_at": contact.created_at}])
        store.commit()

    return str(deal.id), put_back


def contact_fields(row: Row) -> dict[str, dict[str, str]]:
    """The fields of valid requests to the forms of the page of a live contact."""
    path = "/contacts/<id:contact_id>"
    return {
        f"POST {path}/edit": {"first_name": "Ann"} if row.name == "email" else {"email": "a@x.example"},
        f"POST {path}/account": {"do": "set" if row.name == "account_id" else "new", "name": "Acme"},
        f"POST {path}/lists": {
            "do": "off" if row.name == "agreed" else "put",
            "list_id": "1",
            "status": "unconfirmed",
        },
        f"POST {path}/tags": {"do": "remove" if row.name == "tag_id" else "new", "name": "VIP"},
        f"POST {path}/deals": {"do": "add" if row.name == "deal_id" else "remove", "deal_id": "1"},
        f"POST {path}/notes": {"do": "delete" if row.name == "note_id" else "add", "text": "Hello"},
    }


@pytest.mark.parametrize("rows", TOGETHER, ids=named)
def test_each_field_answers_each_kind_of_input_as_the_table_says(
    scene: Scene, rows: Sequence[Row], unchanged: Unchanged
) -> None:
    for row in rows:
        kinds = kinds_for(row, scene.engine.dialect.name)
        answers = {}
        scene.put_back()
        with unchanged():
            for turn, kind in enumerate(kind for kind in kinds if row.statuses[kind] >= 400):
                # As a page and as a part by turns: both show the same message.
                htmx = row.path in PARTS_ONLY or (turn % 2 == 0 and row.path not in PAGES_ONLY)
                seen = read_answer(scene.send(row, KINDS[kind], htmx=htmx), htmx)
                assert any(sentence in seen.complaint for sentence in row.says), (str(row), kind, seen.text)
                answers[kind] = seen.status
        for kind in kinds:
            if kind not in answers:
                scene.put_back()
                answers[kind] = scene.send(row, KINDS[kind]).status_code

        assert answers == {kind: row.statuses[kind] for kind in kinds}, str(row)
