"""Law: no typed text turns around what stands beside it, on any page and in any command.

Here every name and text begins with U+202E, which does so, and then tries to end its isolation. The check of
every page (`tests.support.page`) finds each that is not isolated.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_contacts,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World, new_world
from tests.support.browser import Browser
from tests.support.page import TURNING
from tests.support.seen import Seen
from webapp.clock import read_clock
from webapp.jobs.ending import CANCELLED_BY
from webapp.jobs.interruption import DATABASE_UNWRITABLE
from webapp.models import Account, Contact, Deal, Job, MailingList, RestoreOutcome, Tag, User
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring.notices import LARGE


def turned(text: str) -> str:
    """A name that turns all around, and would do so behind an isolation that it ends itself."""
    return f"{TURNING}{text}\u2069{TURNING}"


@dataclass
class Scene:
    world: World
    admin: Browser
    live: Contact
    binned: list[Contact]
    # Of one address, the one deleted last first.
    twins: list[Contact]


@pytest.fixture
def scene(store: Session, browse: Callable[..., Browser]) -> Scene:
    """A workspace in which everything has such a name."""
    world = new_world(store, name=turned("Workspace"))
    admin = browse(world.admin)
    for user, name in ((world.admin, "Admin"), (world.member, "Member")):
        # After signing in, because no one signs in with such an address.
        changed = {"name": turned(name), "email": turned(f"{name}{user.id}@example.com")}
        store.execute(update(User).where(User.id == user.id).values(**changed))
    account = new_account(store, world, turned("Account"))
    live = contact_of(store, world, "Live")
    live.account_id, live.phone = account.id, turned("Phone")
    subscribe(store, live, new_list(store, world, turned("List")), "subscribed")
    put_tag(store, live, new_tag(store, world, turned("Tag")))
    deal = new_deal(store, world, live, title=turned("Deal"))
    deal.stage = turned("Stage")
    binned = [contact_of(store, world, "Gone"), contact_of(store, world, "Taken")]
    delete(store, world, *binned)
    # It has the address of one in the bin.
    contact_of(store, world, "Owner", email=binned[1].email)
    twins = [contact_of(store, world, name, email=None) for name in ("Younger", "Older")]
    for hours, twin in enumerate(twins, 2):
        twin.email = twin.email_key = "twin@x.example"
        store.flush()
        delete(store, world, twin, ago=timedelta(hours=hours))
    store.commit()
    return Scene(world, admin, live, binned, twins)


def contact_of(store: Session, world: World, name: str, *, email: str | None = None) -> Contact:
    return new_contact(
        store, world, turned(name), turned(name), email=email or turned(f"{name}{world.id}@example.com")
    )


def said(pages: Iterator[Seen] | list[Seen]) -> str:
    return " ".join(page.text for page in pages)


def both_ways(browser: Browser, path: str) -> Iterator[Seen]:
    """As a page and as the part that htmx asks for, which are both checked."""
    yield browser.get(path)
    yield browser.get(path, htmx=True)


def test_lists_dialogs_and_the_page_of_a_contact(scene: Scene) -> None:
    search, found, by = quote(turned("Nothing")), quote(turned("Gone")), scene.world.member.id
    pages = [
        scene.admin.get(f"/contacts/{scene.live.id}"),
        *both_ways(scene.admin, "/contacts"),
        *both_ways(scene.admin, f"/contacts?q={search}"),
        *both_ways(scene.admin, f"/contacts/delete?selected={scene.live.id}"),
        *both_ways(scene.admin, "/contacts/restore"),
        *both_ways(scene.admin, f"/contacts/restore?q={search}&deleted_by={by}"),
        *both_ways(scene.admin, f"/contacts/restore?q={'x' * 300}{search}&from={search}&deleted_by={search}"),
        *both_ways(scene.admin, f"/contacts/restore/confirm-all?q={found}&deleted_by={by}"),
        scene.admin.get(f"/nothing/{search}"),
    ]
    shown = said(pages)
    for word in ("Workspace", "Admin", "Member", "Account", "List", "Tag", "Deal", "Stage", "Phone"):
        assert f"{TURNING}{word}" in shown, word
    for word in ("Live", "Gone", "Owner", "Nothing", f"Live{scene.world.id}@example.com"):
        assert f"{TURNING}{word}".lower() in shown.lower(), word


def test_lists_tags_accounts_and_deals(scene: Scene, store: Session) -> None:
    admin, live, typed, search = scene.admin, scene.live, turned("Nothing"), quote(turned("Nothing"))
    ids = {
        kind: store.scalar(select(kind.id).where(kind.workspace_id == scene.world.id))
        for kind in (MailingList, Tag, Account, Deal)
    }
    pages: list[Seen] = []
    for kind in (MailingList, Tag, Account):
        noun = kind.__tablename__.removeprefix("mailing_")
        at, one = f"/{noun}s", f"/{noun}s/{ids[kind]}"
        for path in (at, f"{at}?q={search}", one, f"{one}/rename", f"{one}/delete"):
            pages += both_ways(admin, path)
        # The name that is there already, in another spelling, and one that is too long.
        for name in (turned(noun.upper()), turned("x" * 300)):
            pages.append(admin.post(at, {"csrf_token": admin.token(), "name": name}))
    pages += both_ways(admin, f"/lists/{ids[MailingList]}/status?contact={live.id}")
    deal = f"/deals/{ids[Deal]}"
    for path in ("/deals", f"/deals?q={search}", "/deals/board", f"{deal}?find={search}", f"{deal}/delete"):
        pages += both_ways(admin, path)
    pages += [admin.get(f"/deals/new?contact={live.id}&find={search}"), admin.get(f"{deal}/edit")]
    token, stage = {"csrf_token": admin.token()}, '["Closed", "won"]'
    changed = {"title": typed, "value": typed, "currency": "USD", "position": stage, "version": "7"}
    pages.append(admin.post(f"{deal}/edit", token | changed))
    pages.append(admin.post(f"{deal}/edit", token | changed | {"value": "5"}))
    pages.append(admin.post(f"{deal}/move", token | {"position": stage, "version": "7"}))
    pages.append(admin.post(f"{deal}/remove", token | {"contact": str(live.id)}))

    shown = said(pages)
    for word in ("Account", "List", "Tag", "Deal", "Stage", "Live", "Nothing"):
        assert f"{TURNING}{word}".lower() in shown.lower(), word


def test_the_notice_about_a_large_deletion(scene: Scene, store: Session) -> None:
    delete(store, scene.world, *new_contacts(store, scene.world, LARGE))
    store.commit()

    assert f"{TURNING}Member" in scene.admin.get("/contacts").words("#large-deletion")


def test_a_job_in_each_of_its_states(scene: Scene, store: Session) -> None:
    admin, member = scene.admin, scene.world.member
    filters = f"q={quote(turned('Gone'))}&deleted_by={member.id}"
    dialog = admin.get(f"/contacts/restore/confirm-all?{filters}")
    queued = admin.press(dialog, "Restore")
    job_id = int(queued.path.removeprefix("/restores/"))
    pages = [queued, *both_ways(admin, "/contacts/restore"), admin.get("/restores")]
    # Another confirmation while this one runs.
    pages.append(admin.get(f"/contacts/restore/confirm?selected={scene.binned[0].id}"))

    def change(**values: object) -> list[Seen]:
        store.execute(update(Job).where(Job.id == job_id).values(**values))
        store.commit()
        return [admin.get(queued.path), admin.get("/restores"), admin.get("/contacts/restore")]

    now = read_clock(store)
    error = {"code": DATABASE_UNWRITABLE, "detail": turned("Detail")}
    interrupted = change(state="running", error=error, lease_until=now - timedelta(hours=1))
    stopped = change(state="cancelled", reason={"code": CANCELLED_BY, "user": member.id}, finished_at=now)
    pages += interrupted + stopped
    assert f"{TURNING}Detail" in said(interrupted)
    assert f"Stopped by {TURNING}Member" in said(stopped)
    for word in ("Admin", "Member", "Workspace"):
        assert f"{TURNING}{word}" in said(pages), word


def test_the_report_names_the_contact_in_the_way_and_what_the_database_said(
    scene: Scene, store: Session, work: Callable[[], None]
) -> None:
    admin, [gone, _taken] = scene.admin, scene.binned
    job = admin.press(admin.get("/contacts/restore/confirm-all"), "Restore")
    work()
    store.execute(
        update(RestoreOutcome)
        .where(RestoreOutcome.contact_id == gone.id)
        .values(outcome=Outcome.FAILED, reason=Reason.REFUSED, detail=turned("Detail"))
    )
    # The one in the way has a page, the twin has none any more.
    delete(store, scene.world, scene.twins[0])
    store.commit()

    report = admin.get(job.path)

    assert f"Stayed deleted: {TURNING}Owner" in report.text
    assert f"Stayed deleted: {TURNING}Younger" in report.text
    assert f"the database refused it ({TURNING}Detail" in report.text


def test_commands_print_no_such_character(app: Flask, scene: Scene, store: Session, tmp_path: Path) -> None:
    job = scene.admin.press(scene.admin.get("/contacts/restore/confirm-all"), "Restore")
    error = {"code": DATABASE_UNWRITABLE, "detail": turned("Detail")}
    reason = {"code": CANCELLED_BY, "user": scene.world.member.id}
    changed = update(Job).where(Job.id == int(job.path.removeprefix("/restores/")))
    store.execute(changed.values(error=error, reason=reason))
    store.commit()
    file = tmp_path / f"{TURNING}File.csv"
    file.write_text(f"Email,{turned('Column')}\n{turned('not an address')},\n")
    empty = tmp_path / f"{TURNING}Empty.csv"
    empty.touch()
    commands = app.test_cli_runner()

    outputs = [
        commands.invoke(args=["restore", "status", "--ended", "1000"]).output,
        commands.invoke(args=["campaigns", "send", turned("Campaign"), "--workspace", turned("W")]).output,
        commands.invoke(args=["campaigns", "send", turned("Campaign")]).output,
        commands.invoke(args=["contacts", "import", turned("no file")]).output,
        commands.invoke(args=["contacts", "import", str(empty)]).output,
        commands.invoke(args=["contacts", "import", str(file)]).output,
    ]
    words = ("Member", "There is no workspace", "Campaign", "no file", "Empty.csv", "Column")

    for word, output in zip(words, outputs, strict=True):
        assert word in output
        assert not set(output) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069")
