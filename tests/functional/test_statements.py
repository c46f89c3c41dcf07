"""A page takes a few statements, for any number of contacts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contacts,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.addresses import a_group, a_user
from tests.support.browser import Browser
from tests.support.marketing import Marketing
from webapp.characters import name_key
from webapp.clock import read_clock
from webapp.contacts import find, search
from webapp.models import Contact, ContactNote
from webapp.restoring import recycle_bin
from webapp.web.paging import to_cursor

MOST = 12
# They have no part that is drawn alone.
PAGES_ALONE = ("/restores", "/deletions", "/new", "/edit", "/message", "/settings", "/groups", "/account")
# These have their own ticks, or none.
NO_SELECTION = (
    "/audit",
    "/jobs",
    "/restores",
    "/lists",
    "/tags",
    "/accounts",
    "/deals",
    "/automations",
    "/campaigns",
    "/settings",
    "/users",
    "/account",
)
PARTS_ALONE = ("selection", "count", "/names", "/deals/contacts")


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that are executed inside the block."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def filled(world: World, store: Session) -> dict[str, list[int]]:
    live, binned = new_contacts(store, world, 60), new_contacts(store, world, 60)
    news, tag, acme = (
        new_list(store, world, "News"),
        new_tag(store, world, "VIP"),
        new_account(store, world, "Acme"),
    )
    for contact in live:
        contact.account_id = acme.id
        subscribe(store, contact, news, "bounced")
        put_tag(store, contact, tag)
    new_deal(store, world, live[30], live[31])
    store.add(
        ContactNote(contact_id=live[30].id, user_id=world.admin.id, created_at=read_clock(store), text="a")
    )
    for start in range(0, 60, 10):
        by = world.admin.id if start % 20 else None
        delete(store, world, *binned[start : start + 10], by=by)
    store.commit()
    return {
        "/contacts": [contact.id for contact in live],
        "/contacts/restore": [contact.id for contact in binned],
    }


def catalogue_values(store: Session, world: World, live: list[int]) -> dict[str, object]:
    """Lists, tags, accounts and deals in more than one page, and the values for their names in braces."""
    lists = [new_list(store, world) for _ in range(52)]
    tags = [new_tag(store, world) for _ in range(52)]
    accounts = [new_account(store, world) for _ in range(52)]
    contacts = [store.get_one(Contact, contact_id) for contact_id in live]
    for contact in contacts:
        subscribe(store, contact, lists[0], "bounced")
        put_tag(store, contact, tags[0])
        contact.account_id = accounts[0].id
    deals = [new_deal(store, world, *contacts[:3]) for _ in range(52)]
    deals[0].stage = "Legal"
    marketing = Marketing(store, world)
    campaigns = [marketing.campaign(lists[0]) for _ in range(52)]
    campaigns[0].subject, campaigns[0].body = "Hello", "Hi"
    subscribe(store, contacts[0], lists[1], "subscribed")
    campaigns[0].list_id = lists[1].id
    automation = marketing.automation(
        tags[1], *({"do": "add_tag", "tag": tag.id} for tag in tags[2:30]), {"do": "subscribe", "list": 1}
    )
    marketing.tag(tags[1], *contacts)
    store.commit()
    return {
        "list": lists[0].id, "tag": tags[0].id, "account": accounts[0].id, "deal": deals[0].id,
        "one": live[0], "member": to_cursor((contacts[30].created_at, contacts[30].id)),
        "deal_place": to_cursor((world.id, deals[40].id)),
        "campaign": campaigns[0].id, "campaign_place": to_cursor((campaigns[1].id,)),
        "automation": automation.id,
        "list_name": to_cursor((name_key(lists[9].name), lists[9].id)),
    }  # fmt: skip


# Each page with all its parameters; "{…}" is filled in below.
PAGES = [
    *("/contacts?", "/contacts?q=ann", "/contacts?q=an", "/contacts?q=00059", "/contacts?after={live}"),
    *("/contacts?q=ann&after={live}", "/contacts?show=selected", "/contacts?q=ann&show=selected"),
    *("/contacts?restored_by={job}", "/contacts?restored_by={job}&q=ann"),
    "/contacts?list=news&status=bounced&tag=vip&account=acme&q=ann&sort=name",
    *("/contacts?tag=vip&sort=account", "/contacts/count?list=news&tag=vip&account=acme"),
    "/contacts?list=news&tag=vip&sort=name-z",
    *("/contacts/{contact}", "/contacts/{contact}/edit", "/contacts/{contact}/lists?find=e"),
    *(f"/contacts/{{contact}}/{part}?find=a" for part in ("account", "tags", "deals")),
    *("/contacts/{contact}/notes", "/contacts/{contact}/timeline", "/contacts/names?tag=v"),
    *("/campaigns", "/campaigns?q=pri", "/campaigns?after={campaign_place}", "/campaigns/{campaign}"),
    *("/campaigns/{campaign}/send", "/campaigns/{campaign}/delete", "/campaigns/new", "/settings"),
    *("/automations", "/automations?q=on", "/automations/{automation}", "/automations/{automation}/delete"),
    *("/automations/new", "/automations/{automation}/message"),
    *("/contacts/selection?", "/contacts/selection?q=ann", "/contacts/count?", "/contacts/count?q=ann"),
    *("/contacts/restore?", "/contacts/restore?q=ann", "/contacts/restore?q=an", "/contacts/restore?q=00059"),
    *("/contacts/restore?after={binned}", "/contacts/restore?q=ann&before={binned}"),
    *("/contacts/restore?from={today}", "/contacts/restore?to={today}", "/contacts/restore?deletion=2"),
    *("/contacts/restore?deleted_by={by}", "/contacts/restore?deleted_by={by}&deletion=2&q=ann&from={today}"),
    *("/contacts/restore?show=selected", "/contacts/restore?q=ann&deleted_by={by}&show=selected"),
    *("/contacts/restore/selection?matching=50%2B&q=ann", "/contacts/restore/selection?q=ann"),
    *("/contacts/restore/count?q=ann", "/restores", "/restores/{job}"),
    *("/contacts/restore?deletion=1-3,5&how=test&expires=soon", "/contacts/restore/deletions"),
    *("/contacts/restore/confirm-all?deletion=1-3&q=ann&deleted_by={by}", "/contacts/restore/confirm?"),
    *("/contacts/restore/erase?", "/contacts/restore/erase?q=ann"),
    "/contacts/restore?from={today}&from_time=00:00&how=test&q=ann&deletion=1-3",
    *("/contacts/deleted/{look}", "/outbox?", "/outbox?state=ended", "/suppressed?"),
    *(
        "/lists?",
        "/lists?q=list",
        "/lists?after={list_name}",
        "/lists/{list}",
        "/lists/{list}?status=bounced",
    ),
    *("/lists/{list}?after={member}", "/lists/{list}/count", "/lists/{list}/delete", "/lists/{list}/rename"),
    *("/lists/{list}/status?contact={one}", "/tags?", "/tags/{tag}", "/tags/{tag}/delete"),
    *(
        "/accounts?",
        "/accounts/{account}",
        "/accounts/{account}/delete",
        "/deals?",
        "/deals?after={deal_place}",
    ),
    *("/deals?q=deal&stage=Legal&status=open", "/deals/count?q=deal", "/deals/board", "/deals/new?find=ann"),
    *("/deals/contacts?find=ann&contact={one}", "/deals/{deal}", "/deals/{deal}?find=ann"),
    *("/deals/{deal}/edit", "/deals/{deal}/delete"),
    *("/contacts/delete-all?q=ann", "/contacts/delete-all?"),
    *("/contacts/export?", "/contacts/export?list=news&status=bounced&tag=vip&q=ann"),
    *("/contacts/restore/export?deletion=1-3&q=ann&deleted_by={by}", "/restores/{job}/export"),
    *("/users?", "/users?q=m&state=active&group={group}", "/users/groups", "/users/{by}", "/account"),
    *("/users/invite", "/users/{by}/disable", "/users/{invited}"),
    *("/audit?", "/audit?who={by}&action=contacts.deleted&from={today}&to={today}"),
]


@pytest.mark.parametrize("looked_at", [10_000, 20], ids=["few", "many"])
def test_each_page_and_each_update_takes_at_most_twelve_statements(
    admin: Browser,
    engine: Engine,
    world: World,
    store: Session,
    filled: dict[str, list[int]],
    monkeypatch: pytest.MonkeyPatch,
    looked_at: int,
) -> None:
    """Signed in, with a selection, both below and above the scan limit."""
    for module in (search, find, recycle_bin):
        monkeypatch.setattr(module, "SCAN_LIMIT", looked_at)
    monkeypatch.setattr(search, "MOST_MATCHES", looked_at)
    monkeypatch.setattr(search, "FIRST_LOOK", looked_at // 2)
    job = admin.press(
        admin.press(admin.get("/contacts/restore/confirm-all"), "Restore"), "Cancel this restore"
    )
    live, binned = (store.get_one(Contact, ids[30]) for ids in filled.values())
    assert binned.deleted_at is not None
    values = {
        "live": to_cursor((live.created_at, live.id)),
        "contact": live.id,
        "binned": to_cursor((binned.deleted_at, binned.id)),
        "job": job.path.removeprefix("/restores/"),
        "today": f"{read_clock(store):%Y-%m-%d}",
        "by": world.member.id,
        "look": binned.id,
        **catalogue_values(store, world, filled["/contacts"]),
    }

    values |= {"group": a_group(store, world), "invited": a_user(store, world, is_invited=True)}
    store.commit()
    of_one = f"/contacts/{live.id}", f"/campaigns/{values['campaign']}"
    of_users = f"/users/{world.member.id}", f"/users/{values['invited']}"
    for page in PAGES:
        path = page.format(**values)
        ids = filled["/contacts/restore" if "/restore" in path else "/contacts"][5:25]
        is_a_list = not path.startswith(NO_SELECTION)
        selected = [("selected", str(contact_id)) for contact_id in ids] if is_a_list else []
        for htmx in (False, True):
            address, _, _ = path.partition("?")
            alone = address.endswith((*PAGES_ALONE, *of_one, *of_users)) or "/deleted/" in path
            if not (alone if htmx else address.endswith(PARTS_ALONE)):
                with statements(engine) as asked:
                    assert admin.get(path, selected, htmx=htmx).status == 200
                assert len(asked) <= MOST, f"{path}: {len(asked)}\n" + "\n".join(asked)


def test_a_restore_that_runs_and_one_in_line_add_no_more(
    admin: Browser, engine: Engine, filled: dict[str, list[int]], world: World
) -> None:
    first = admin.press(admin.get("/contacts/restore/confirm-all"), "Restore")
    dialog = admin.get("/contacts/restore/confirm-all")
    second = admin.press(dialog, "Start when this one has ended")
    query = f"?q=ann&deleted_by={world.member.id}"
    pages = [
        first.path,
        second.path,
        "/contacts",
        f"/contacts/restore{query}",
        "/contacts/restore/confirm-all",
    ]
    selected = [("selected", str(contact_id)) for contact_id in filled["/contacts/restore"][5:25]]

    for path in pages:
        for show in ("", "selected") if "?" in path else ("",):
            with statements(engine) as asked:
                admin.get(path, [*selected, ("show", show)] if "?" in path else None)
            assert len(asked) <= MOST, f"{path}: {len(asked)}\n" + "\n".join(asked)


def test_the_number_of_rows_does_not_change_the_number_of_statements(
    admin: Browser, engine: Engine, world: World, store: Session
) -> None:
    delete(store, world, *new_contacts(store, world, 2))
    store.commit()
    with statements(engine) as few:
        admin.get("/contacts/restore")
    delete(store, world, *new_contacts(store, world, 45))
    store.commit()

    with statements(engine) as many:
        admin.get("/contacts/restore")

    assert len(many) == len(few)


def test_the_notices_take_three_statements(
    admin: Browser, engine: Engine, world: World, store: Session
) -> None:
    """One reads the deletions, one what the admin has dismissed, one the contacts that can come back."""
    with statements(engine) as without:
        admin.get("/contacts")
    for hours in (1, 2, 28 * 24 + 1, 28 * 24 + 2):
        delete(store, world, *new_contacts(store, world, 60), ago=timedelta(hours=hours))
    store.commit()

    with statements(engine) as pointing:
        assert len(admin.get("/contacts").all(".notice")) == 2

    assert len(pointing) == len(without) + 2
