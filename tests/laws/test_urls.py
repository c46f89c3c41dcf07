"""Law: every route is guarded, and the table below says which answer each role gets at each address.

A route without a row in the table fails the first test.
"""

import re
from collections.abc import Callable
from itertools import groupby

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_deal,
    new_list,
    new_tag,
    subscribe,
)
from tests.factories.people import World, new_world
from tests.support.addresses import with_rows
from tests.support.browser import Browser
from tests.support.links import a_token
from webapp.marketing.links import LinkKind
from webapp.models import Account, Contact, MailingList, Tag
from webapp.restoring.recycle_bin import latest_number
from webapp.urls import ROUTES
from webapp.web.access import Access

STRANGER, MEMBER, ADMIN, FOREIGN_ADMIN = "stranger", "member", "admin", "admin of another workspace"
ROLES = (STRANGER, MEMBER, ADMIN, FOREIGN_ADMIN)

LIVE, BINNED = "?selected={live}", "?selected={binned}"
MOVE = '?position=["Closed", "won"]&version=1'


def things(kind: str, delete: tuple[int, int, int, int]) -> list[tuple[str, str, str, tuple[int, ...]]]:
    """The rows of lists, tags or accounts; `delete` are the answers to a deletion."""
    at, one = f"/{kind}", f"/{kind}/<id:thing_id>"
    return [
        ("GET", at, "", (303, 200, 200, 200)),
        ("POST", at, "", (303, 422, 422, 422)),
        ("GET", f"{at}/new", "", (303, 200, 200, 200)),
        ("GET", one, "", (303, 200, 200, 404)),
        ("GET", f"{one}/count", "", (303, 200, 200, 404)),
        ("GET", f"{one}/rename", "", (303, 200, 200, 404)),
        ("POST", f"{one}/rename", "", (303, 422, 422, 404)),
        ("GET", f"{one}/delete", "", (303, *(200 if answer == 303 else answer for answer in delete[1:]))),
        ("POST", f"{one}/delete", "", delete),
    ]


# Method, path, fields, and the answer that each of the ROLES gets.
TABLE = [
    ("GET", "/", "", (302, 302, 302, 302)),
    ("GET", "/login", "", (200, 303, 303, 303)),
    ("POST", "/login", "", (422, 422, 422, 422)),
    ("POST", "/logout", "", (303, 303, 303, 303)),
    ("GET", "/second-factor", "", (303, 303, 303, 303)),
    ("POST", "/second-factor", "", (303, 303, 303, 303)),
    ("GET", "/second-factor/recovery", "", (303, 303, 303, 303)),
    ("POST", "/second-factor/recovery", "", (303, 303, 303, 303)),
    ("GET", "/forgot", "", (200, 200, 200, 200)),
    ("POST", "/forgot", "", (303, 303, 303, 303)),
    ("GET", "/forgot/asked", "", (200, 200, 200, 200)),
    ("GET", "/reset", "", (404, 404, 404, 404)),
    ("POST", "/reset", "", (404, 404, 404, 404)),
    ("GET", "/security", "", (303, 200, 200, 200)),
    ("POST", "/security/password", "", (303, 422, 422, 422)),
    ("POST", "/security/second-factor", "", (303, 422, 422, 422)),
    ("GET", "/security/second-factor", "", (303, 303, 303, 303)),
    ("POST", "/security/second-factor/confirm", "?code=123456", (303, 303, 303, 303)),
    ("POST", "/security/second-factor/off", "", (303, 303, 303, 303)),
    ("POST", "/security/recovery-codes", "", (303, 303, 303, 303)),
    ("GET", "/contacts", "", (303, 200, 200, 200)),
    ("GET", "/contacts/selection", "", (303, 200, 200, 200)),
    ("GET", "/contacts/count", "", (303, 200, 200, 200)),
    ("GET", "/contacts/new", "", (303, 200, 200, 200)),
    ("POST", "/contacts/new", "?first_name=Ann", (303, 303, 303, 303)),
    ("GET", "/contacts/names", "", (303, 200, 200, 200)),
    ("GET", "/contacts/<id:contact_id>", "", (303, 200, 200, 404)),
    ("GET", "/contacts/<id:contact_id>/edit", "", (303, 200, 200, 404)),
    ("POST", "/contacts/<id:contact_id>/edit", "?opened=", (303, 400, 400, 404)),
    ("GET", "/contacts/<id:contact_id>/account", "", (303, 200, 200, 404)),
    ("POST", "/contacts/<id:contact_id>/account", "?do=new&name=Acme", (303, 303, 303, 404)),
    ("GET", "/contacts/<id:contact_id>/lists", "", (303, 200, 200, 404)),
    ("POST", "/contacts/<id:contact_id>/lists", "?do=off&list_id=1", (303, 303, 303, 404)),
    ("GET", "/contacts/<id:contact_id>/tags", "", (303, 200, 200, 404)),
    ("POST", "/contacts/<id:contact_id>/tags", "?do=new&name=VIP", (303, 303, 303, 404)),
    ("GET", "/contacts/<id:contact_id>/deals", "", (303, 200, 200, 404)),
    ("POST", "/contacts/<id:contact_id>/deals", "?do=remove&deal_id=1", (303, 303, 303, 404)),
    ("GET", "/contacts/<id:contact_id>/notes", "", (303, 200, 200, 404)),
    ("POST", "/contacts/<id:contact_id>/notes", "?do=add&text=Hello", (303, 303, 303, 404)),
    ("GET", "/contacts/<id:contact_id>/timeline", "", (303, 200, 200, 404)),
    ("GET", "/contacts/deleted/<id:contact_id>", "", (303, 403, 200, 404)),
    ("GET", "/contacts/delete", LIVE, (303, 200, 200, 422)),
    ("POST", "/contacts/delete", LIVE, (303, 303, 303, 404)),
    ("GET", "/contacts/delete-all", "", (303, 403, 200, 422)),
    ("POST", "/contacts/delete-all", "?scope=forged", (303, 403, 400, 400)),
    ("GET", "/contacts/delete-all/deals", "?scope=forged", (303, 403, 400, 400)),
    ("POST", "/contacts/notices", "?kind=deletion&number={number}", (303, 403, 303, 404)),
    *things("lists", (303, 403, 303, 404)),
    ("GET", "/lists/<id:thing_id>/status", "?contact={live}", (303, 200, 200, 404)),
    ("POST", "/lists/<id:thing_id>/status", "?contact={live}&status=bounced", (303, 303, 303, 404)),
    *things("tags", (303, 303, 303, 404)),
    *things("accounts", (303, 303, 303, 404)),
    ("GET", "/deals", "", (303, 200, 200, 200)),
    ("POST", "/deals", "", (303, 422, 422, 422)),
    ("GET", "/deals/count", "", (303, 200, 200, 200)),
    ("GET", "/deals/board", "", (303, 200, 200, 200)),
    ("GET", "/deals/new", "", (303, 200, 200, 200)),
    ("GET", "/deals/contacts", "", (303, 200, 200, 200)),
    ("GET", "/deals/<id:deal_id>", "", (303, 200, 200, 404)),
    ("GET", "/deals/<id:deal_id>/edit", "", (303, 200, 200, 404)),
    ("POST", "/deals/<id:deal_id>/edit", "", (303, 422, 422, 404)),
    ("POST", "/deals/<id:deal_id>/move", MOVE, (303, 303, 303, 404)),
    ("POST", "/deals/<id:deal_id>/contacts", "?contact={live}", (303, 303, 303, 404)),
    ("POST", "/deals/<id:deal_id>/primary", "?contact={live}", (303, 303, 303, 404)),
    ("POST", "/deals/<id:deal_id>/remove", "?contact={live}", (303, 303, 303, 404)),
    ("GET", "/deals/<id:deal_id>/delete", "", (303, 200, 200, 404)),
    ("POST", "/deals/<id:deal_id>/delete", "", (303, 303, 303, 404)),
    ("GET", "/contacts/restore", "", (303, 403, 200, 200)),
    ("GET", "/contacts/restore/selection", "", (303, 403, 200, 200)),
    ("GET", "/contacts/restore/deletions", "", (303, 403, 200, 200)),
    ("GET", "/contacts/restore/count", "", (303, 403, 200, 200)),
    ("GET", "/contacts/restore/confirm", BINNED, (303, 403, 200, 422)),
    ("GET", "/contacts/restore/confirm-all", "", (303, 403, 200, 422)),
    # A scope is for the one who opened its dialog.
    ("POST", "/contacts/restore/confirm/again", "?scope={scope}", (303, 403, 200, 400)),
    ("GET", "/contacts/restore/erase", BINNED, (303, 403, 200, 422)),
    # The scope of a restore confirms no other kind of job.
    ("POST", "/contacts/restore/erase", "?scope={scope}", (303, 403, 400, 400)),
    ("GET", "/contacts/restore/plan", "?scope={scope}", (303, 403, 200, 400)),
    ("GET", "/outbox", "", (303, 403, 200, 200)),
    ("GET", "/suppressed", "", (303, 403, 200, 200)),
    ("GET", "/u/<token>", "", (200, 200, 200, 200)),
    ("POST", "/u/<token>", "", (200, 200, 200, 200)),
    ("GET", "/c/<token>", "", (200, 200, 200, 200)),
    ("POST", "/c/<token>", "", (200, 200, 200, 200)),
    ("GET", "/restores", "", (303, 403, 200, 200)),
    ("POST", "/restores", "?scope={scope}", (303, 403, 303, 400)),
    ("POST", "/restores/line", "?scope={scope}", (303, 403, 303, 400)),
    ("GET", "/restores/<id:job_id>", "", (303, 403, 200, 404)),
    ("GET", "/restores/<id:job_id>/continue", "", (303, 403, 200, 404)),
    ("GET", "/contacts/restore/plan.csv", "?scope={scope}", (303, 403, 200, 400)),
    ("GET", "/restores/<id:job_id>/retry", "", (303, 403, 409, 404)),
    ("GET", "/restores/<id:job_id>/undo", "", (303, 403, 200, 404)),
    ("GET", "/restores/<id:job_id>/undo/plan", "", (303, 403, 200, 404)),
    ("POST", "/restores/<id:job_id>/undos", "?scope=forged", (303, 403, 400, 404)),
    ("POST", "/restores/<id:job_id>/cancel", "", (303, 403, 303, 404)),
    ("GET", "/contacts/import", "", (303, 403, 200, 200)),
    ("POST", "/contacts/import", "", (303, 403, 422, 422)),
    ("GET", "/contacts/import/<id:file_id>", "", (303, 403, 200, 404)),
    # Without a confirmation no file is looked for.
    ("POST", "/contacts/import/<id:file_id>", "", (303, 403, 400, 400)),
    ("POST", "/contacts/import/<id:file_id>/look", "", (303, 403, 200, 404)),
    ("POST", "/contacts/import/<id:file_id>/encoding", "?encoding=cp1250", (303, 403, 303, 404)),
    ("GET", "/contacts/import/<id:file_id>/deleted", "?column=0", (303, 403, 200, 404)),
    # The pages of one job are others for restores: these do not show it.
    ("GET", "/jobs", "", (303, 403, 200, 200)),
    ("GET", "/jobs/<id:job_id>", "", (303, 403, 404, 404)),
    ("GET", "/jobs/<id:job_id>/file", "", (303, 403, 404, 404)),
    ("POST", "/jobs/<id:job_id>/cancel", "", (303, 403, 404, 404)),
    ("GET", "/contacts/export", "", (303, 403, 200, 422)),
    ("GET", "/contacts/restore/export", "", (303, 403, 200, 422)),
    ("GET", "/restores/<id:job_id>/export", "", (303, 403, 200, 404)),
    ("GET", "/jobs/<id:job_id>/export", "", (303, 403, 404, 404)),
    ("POST", "/exports", "", (303, 403, 400, 400)),
    ("GET", "/jobs/<id:job_id>/rejected.csv", "", (303, 403, 404, 404)),
    ("GET", "/jobs/<id:job_id>/undo", "", (303, 403, 404, 404)),
    ("POST", "/jobs/<id:job_id>/undo", "?scope=forged", (303, 403, 404, 404)),
    ("GET", "/notices", "", (303, 200, 200, 200)),
    ("POST", "/notices/<id:job_id>/seen", "", (303, 404, 303, 404)),
    ("GET", "/audit", "", (303, 403, 200, 200)),
    ("GET", "/audit.csv", "", (303, 403, 200, 200)),
    ("GET", "/automations", "", (303, 403, 200, 200)),
    ("GET", "/automations/new", "", (303, 403, 200, 200)),
    ("POST", "/automations", "", (303, 403, 422, 422)),
    ("GET", "/automations/<id:automation_id>", "", (303, 403, 200, 404)),
    ("POST", "/automations/<id:automation_id>/name", "", (303, 403, 422, 404)),
    ("POST", "/automations/<id:automation_id>/steps", "", (303, 403, 422, 404)),
    ("POST", "/automations/<id:automation_id>/steps/change", "", (303, 403, 422, 404)),
    ("POST", "/automations/<id:automation_id>/state", "", (303, 403, 422, 404)),
    ("GET", "/automations/<id:automation_id>/delete", "", (303, 403, 200, 404)),
    ("POST", "/automations/<id:automation_id>/delete", "?version=1", (303, 403, 303, 404)),
    ("GET", "/automations/<id:automation_id>/message", "", (303, 403, 200, 404)),
    ("POST", "/automations/<id:automation_id>/message", "", (303, 403, 422, 404)),
    ("GET", "/automations/messages/<id:campaign_id>", "", (303, 403, 200, 404)),
    ("POST", "/automations/messages/<id:campaign_id>", "", (303, 403, 422, 404)),
    ("GET", "/campaigns", "", (303, 403, 200, 200)),
    ("GET", "/campaigns/new", "", (303, 403, 200, 200)),
    ("POST", "/campaigns", "", (303, 403, 422, 422)),
    ("GET", "/campaigns/<id:campaign_id>", "", (303, 403, 200, 404)),
    ("POST", "/campaigns/<id:campaign_id>", "", (303, 403, 422, 404)),
    ("POST", "/campaigns/<id:campaign_id>/test", "", (303, 403, 303, 404)),
    ("GET", "/campaigns/<id:campaign_id>/send", "", (303, 403, 200, 404)),
    ("POST", "/campaigns/<id:campaign_id>/send", "?version=1", (303, 403, 303, 404)),
    ("GET", "/campaigns/<id:campaign_id>/delete", "", (303, 403, 200, 404)),
    ("POST", "/campaigns/<id:campaign_id>/delete", "", (303, 403, 303, 404)),
    ("POST", "/first-steps/demo", "", (303, 403, 409, 303)),
    ("GET", "/users", "", (303, 403, 200, 200)),
    ("GET", "/users/invite", "", (303, 403, 200, 200)),
    ("POST", "/users", "", (303, 403, 422, 422)),
    ("GET", "/users/<id:user_id>", "", (303, 403, 200, 404)),
    ("POST", "/users/<id:user_id>", "", (303, 403, 422, 404)),
    ("POST", "/users/<id:user_id>/invite", "", (303, 403, 303, 404)),
    ("GET", "/users/<id:user_id>/withdraw", "", (303, 403, 200, 404)),
    ("POST", "/users/<id:user_id>/withdraw", "", (303, 403, 303, 404)),
    ("GET", "/users/<id:user_id>/disable", "", (303, 403, 200, 404)),
    ("POST", "/users/<id:user_id>/disable", "", (303, 403, 303, 404)),
    ("POST", "/users/<id:user_id>/enable", "", (303, 403, 303, 404)),
    ("GET", "/users/<id:user_id>/second-factor", "", (303, 403, 200, 404)),
    ("POST", "/users/<id:user_id>/second-factor", "", (303, 403, 303, 404)),
    ("GET", "/users/groups", "", (303, 403, 200, 200)),
    ("GET", "/users/groups/new", "", (303, 403, 200, 200)),
    ("POST", "/users/groups", "", (303, 403, 422, 422)),
    ("GET", "/users/groups/<id:group_id>/rename", "", (303, 403, 200, 404)),
    ("POST", "/users/groups/<id:group_id>/rename", "", (303, 403, 422, 404)),
    ("GET", "/users/groups/<id:group_id>/delete", "", (303, 403, 200, 404)),
    ("POST", "/users/groups/<id:group_id>/delete", "", (303, 403, 303, 404)),
    # Without a link there is no invitation.
    ("GET", "/invitation", "", (404, 404, 404, 404)),
    ("POST", "/invitation", "", (404, 404, 404, 404)),
    ("GET", "/account", "", (303, 200, 200, 200)),
    ("POST", "/account", "", (303, 422, 422, 422)),
    ("GET", "/settings", "", (303, 403, 200, 200)),
    ("POST", "/settings", "", (303, 403, 422, 422)),
    ("POST", "/settings/second-factor", "", (303, 403, 303, 303)),
    ("POST", "/settings/rights", "", (303, 403, 303, 303)),
    ("GET", "/in-use", "", (204, 204, 204, 204)),
    ("GET", "/sessions", "", (303, 200, 200, 200)),
    # The session is the admin's.
    ("POST", "/sessions/<id:sign_in_id>/end", "", (303, 404, 303, 404)),
    ("POST", "/sessions/others/end", "", (303, 303, 303, 303)),
    ("GET", "/design", "", (303, 200, 200, 200)),
    ("GET", "/healthz", "", (200, 200, 200, 200)),
    ("GET", "/readyz", "", (200, 200, 200, 200)),
    # Off without its setting.
    ("GET", "/metrics", "", (404, 404, 404, 404)),
]

PUBLIC = {"root", "sign_in", "sign_in_post", "sign_out", "healthz", "readyz", "metrics", "in_use"} | {
    # Before a session, and half-way to it.
    *("second_factor", "submit_second_factor", "recovery_code", "submit_recovery_code"),
    *("forgotten", "submit_forgotten", "reset_asked", "reset", "submit_reset"),
    # The links in messages.
    *("ask_unsubscribe", "unsubscribe", "ask_confirm", "confirm"),
    # They look themselves who has a link, and who has signed in but is no user yet.
    *("invitation", "accept_invitation", "choose_account", "switch_account"),
}
CONTACT_PARTS = ("account", "lists", "tags", "deals", "notes")
FOR_SIGNED_IN_USERS = {
    "overview",
    "overview_selection",
    "overview_count",
    "new_contact",
    "create_contact",
    "offered_names",
    "contact",
    "edit_contact",
    "save_contact",
    *(f"{does}_{part}" for does in ("contact", "change") for part in CONTACT_PARTS),
    "contact_timeline",
    "confirm_delete",
    "delete_contacts",
    *(f"{noun}s" for noun in ("list", "tag", "account", "deal")),
    *(
        f"{act}{noun}"
        for noun in ("list", "tag", "account")
        for act in ("", "new_", "create_", "count_", "ask_rename_", "rename_")
    ),
    *("ask_delete_tag", "delete_tag", "ask_delete_account", "delete_account", "ask_status", "change_status"),
    *("deals_count", "board", "new_deal", "create_deal", "pick_contacts", "deal", "edit_deal", "change_deal"),
    *("move_deal", "add_to_deal", "make_primary", "remove_from_deal", "ask_delete_deal", "delete_deal"),
    *("poll_notices", "dismiss_job_notice"),
    *("sessions", "end_session", "end_other_sessions"),
    "design",
    *("security", "change_password", "begin_second_factor", "set_up_second_factor"),
    *("confirm_second_factor", "remove_second_factor", "new_recovery_codes"),
}
# For Admins, and for the groups that the settings name.
FOR_A_RIGHT = {
    Access.SETTINGS: {"settings", "change_settings", "change_rights", "load_demo"},
    Access.CAMPAIGNS: {
        *("outbox", "suppressed"),
        *("automations", "new_automation", "make_automation", "automation", "rename_automation"),
        *("add_step", "change_steps", "change_automation_state", "confirm_delete_automation"),
        *("delete_automation", "new_step_message", "add_step_message"),
        *("step_message", "change_step_message"),
        *("campaigns", "new_campaign", "make_campaign", "campaign", "change_campaign", "try_campaign"),
        *("confirm_send_campaign", "send_campaign", "confirm_delete_campaign", "delete_campaign"),
    },
    # Never given to another group.
    Access.ADMINS: {
        *("users", "ask_invite", "invite", "user", "change_user", "invite_again", "ask_withdraw"),
        *("withdraw_invitation", "ask_disable_user", "disable_user", "enable_user", "ask_second_factor"),
        *("reset_second_factor", "user_groups", "ask_new_group", "create_group", "ask_rename_group"),
        *("rename_group", "ask_delete_group", "delete_group"),
    },
    Access.EXPORT: {"ask_export_contacts", "export_again", "start_export"},
    Access.JOBS: {"jobs", "job", "job_file", "cancel_job"},
    Access.DELETE_LISTS: {"ask_delete_list", "delete_list"},
    Access.IMPORT: {
        *("import_file", "bring_file", "import_preview", "start_import", "redraw_import", "read_again"),
        *("import_deleted", "rejected_rows"),
    },
    Access.DELETE_MANY: {
        *("confirm_delete_all", "delete_all", "delete_all_deals", "undo_import", "start_undo_import"),
    },
}


def url_map(app: Flask) -> set[tuple[str, str, str]]:
    return {
        (method, rule.rule, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method != "HEAD"
    }


def test_the_table_lists_every_address(app: Flask) -> None:
    assert {(method, path) for method, path, _ in url_map(app)} == {row[:2] for row in TABLE}


def test_every_address_comes_from_the_guarded_list(app: Flask) -> None:
    """No extension, static folder or decorator adds a route beside it."""
    assert url_map(app) == {(route.method, route.path, route.endpoint) for route in ROUTES}


def test_the_routes_open_to_members_are_exactly_those_listed() -> None:
    by_access = {access: {route.endpoint for route in ROUTES if route.access is access} for access in Access}

    assert by_access[Access.PUBLIC] == PUBLIC
    assert by_access[Access.SIGNED_IN] == FOR_SIGNED_IN_USERS
    for access, endpoints in FOR_A_RIGHT.items():
        assert by_access[access] == endpoints
    others = PUBLIC.union(FOR_SIGNED_IN_USERS, *FOR_A_RIGHT.values())
    assert by_access[Access.MAY_RESTORE] == {route.endpoint for route in ROUTES} - others


def browsers(browse: Callable[..., Browser], store: Session, world: World) -> dict[str, Browser]:
    return {
        STRANGER: browse(),
        MEMBER: browse(world.member),
        ADMIN: browse(world.admin),
        FOREIGN_ADMIN: browse(new_world(store, name="Elsewhere").admin),
    }


def token_of(browser: Browser) -> str:
    return str(browser.get("/login").first("input[name=csrf_token]")["value"])


def contacts_of(store: Session, world: World) -> tuple[int, int, int]:
    """The ids of a live contact and of two in the bin."""
    # On SQLite a transaction that has read cannot write after the app has.
    store.rollback()
    live, binned, gone = (new_contact(store, world) for _ in range(3))
    delete(store, world, binned, gone)
    ids = live.id, binned.id, gone.id
    store.commit()
    return ids


def a_thing(path: str, store: Session, world: World, contact_id: int) -> int:
    """The id of a list with the contact, of a tag or of an account, as the path begins."""
    make: dict[str, Callable[..., MailingList | Tag | Account]] = {"tags": new_tag, "accounts": new_account}
    thing = make.get(path.split("/")[1], new_list)(store, world)
    if isinstance(thing, MailingList):
        subscribe(store, store.get_one(Contact, contact_id), thing, "subscribed")
    store.commit()
    return thing.id


def a_deal(store: Session, world: World, contact_id: int) -> int:
    """The id of a deal with the contact."""
    deal = new_deal(store, world, store.get_one(Contact, contact_id))
    store.commit()
    return deal.id


def confirmed_scope(admin: Browser, contact_id: int) -> str:
    dialog = admin.get("/contacts/restore/confirm", {"selected": str(contact_id)})
    return str(dialog.one("input[name=scope]")["value"])


def a_job(admin: Browser, contact_id: int) -> str:
    """The id of a restore job of the admin, already cancelled, so that others may start."""
    dialog = admin.get("/contacts/restore/confirm", {"selected": str(contact_id)})
    job = admin.press(admin.press(dialog, "Restore"), "Cancel this restore")
    return job.path.removeprefix("/restores/")


def world_of(row: tuple[str, str, str, tuple[int, ...]]) -> str:
    """Rows with one name share a world. A request that signs out or starts a restore has one of its own."""
    method, path, *_ = row
    noun = path.split("/")[1]
    is_apart = method == "POST" and noun in (
        "login",
        "logout",
        "contacts",
        "restores",
        "notices",
        "first-steps",
    )
    return f"{method} {path}" if is_apart else noun


WORLDS = {name: list(rows) for name, rows in groupby(sorted(TABLE, key=world_of), key=world_of)}


@pytest.mark.parametrize("rows", WORLDS.values(), ids=WORLDS)
def test_each_role_gets_the_answer_in_the_table(
    browse: Callable[..., Browser],
    store: Session,
    world: World,
    rows: list[tuple[str, str, str, tuple[int, ...]]],
) -> None:
    by_role = browsers(browse, store, world)
    for method, path, sent, expected in rows:
        # All addresses first: a restore that one role starts would block the next role's.
        number = 1 if method == "GET" else len(ROLES)
        addresses = [address_of(path, sent, by_role[ADMIN], store, world) for _ in range(number)]
        addresses *= len(ROLES) // number

        answers = [
            status_of(by_role[role], method, address) for role, address in zip(ROLES, addresses, strict=True)
        ]

        told = dict(zip(ROLES, answers, strict=True))
        assert told == dict(zip(ROLES, expected, strict=True)), f"{method} {path}"


def address_of(path: str, sent: str, admin: Browser, store: Session, world: World) -> str:
    """An address of the admin's workspace, about contacts of its own."""
    live, binned, gone = contacts_of(store, world)
    scope = confirmed_scope(admin, binned) if "scope" in sent else ""
    job = a_job(admin, gone) if "job_id" in path else ""
    meant = binned if "/deleted/" in path else live
    path = path.replace("<id:contact_id>", str(meant)).replace("<id:job_id>", job)
    if "<token>" in path:
        path = path.replace("<token>", a_token(store, world, live, LinkKind(path[1])))
    if "<id:thing_id>" in path:
        path = path.replace("<id:thing_id>", str(a_thing(path, store, world, live)))
    if "<id:deal_id>" in path:
        path = path.replace("<id:deal_id>", str(a_deal(store, world, live)))
    number = latest_number(store, world.id)
    path = with_rows(path, store, world)
    if sent == MOVE:
        return path + sent
    return path + sent.format(live=live, binned=binned, scope=scope, number=number)


def status_of(browser: Browser, method: str, address: str) -> int:
    if method == "GET":
        return browser.client.get(address).status_code
    address, _, query = address.partition("?")
    fields = dict(part.split("=", 1) for part in query.split("&") if part)
    return browser.client.post(address, data=fields | {"csrf_token": token_of(browser)}).status_code


def test_a_request_without_a_session_is_sent_to_sign_in_before_any_lookup(
    browse: Callable[..., Browser],
) -> None:
    """Existing and unknown ids get the same answer, so it reveals nothing."""
    browser = browse()
    token = token_of(browser)
    for route in ROUTES:
        if route.access is Access.PUBLIC:
            continue
        path = re.sub("<.+?>", "1", route.path)

        if route.method == "POST":
            answer = browser.client.post(path, data={"csrf_token": token})
        else:
            answer = browser.client.get(path)

        assert answer.status_code == 303, route.endpoint
        assert answer.headers["Location"].startswith("/login"), route.endpoint
