"""Exporting on the pages: what is exported, by whom, and the file."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from sqlalchemy import delete as delete_rows
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_account, new_contact, new_list, new_tag, put_tag, subscribe
from tests.factories.people import World, new_world
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.clock import read_clock
from webapp.jobs.files import FileErased, add_part
from webapp.models import AuditEvent, GroupMembership, GroupRight, PrivateText, Right, StoredFile, UserGroup
from webapp.models.audit_event import Action
from webapp.web import signing

HEADER = [
    *("Email", "First Name", "Last Name", "Phone", "Account", "Tags"),
    *("Lists", "Unconfirmed Lists", "Unsubscribed Lists", "Bounced Lists", "Created Date"),
]


def rows_of(browser: Browser, page: Seen) -> list[list[str]]:
    """The rows of the file that the page of an export offers."""
    response = browser.client.get(page.one("#download")["href"])
    assert response.status_code == 200
    assert int(response.headers["Content-Length"]) == len(response.data)
    assert response.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(response.data.decode("utf-8-sig"), newline="")))


def export(browser: Browser, page: Seen, work: Callable[[], None]) -> Seen:
    """Press "Export" on the page and in its dialog; the page of the export that has ended."""
    started = browser.press(browser.press(page, "Export"), "Export")
    work()
    return browser.get(started.path)


def test_the_overview_is_exported_as_it_is_filtered(
    anyone: Browser, store: Session, world: World, work: Callable[[], None]
) -> None:
    account = new_account(store, world, "Acme, Inc.")
    ann = new_contact(store, world, "Ann", "=1+1", email="ann@x.example")
    ann.account_id = account.id
    new_contact(store, world, "Bob", email="bob@x.example")
    put_tag(store, ann, new_tag(store, world, "a; b"))
    for name, status in (("News", "subscribed"), ("Old", "bounced"), ("Off", "unsubscribed")):
        subscribe(store, ann, new_list(store, world, name), status)
    store.commit()

    dialog = anyone.press(anyone.get("/contacts", {"q": "ann"}), "Export")
    assert "Export 1 contact?" in dialog.text
    assert "Contacts matching “ann”." in dialog.text
    page = anyone.press(dialog, "Export")
    work()
    page = anyone.get(page.path)

    assert "1 contact exported." in page.text
    assert rows_of(anyone, page) == [
        HEADER,
        [
            *("ann@x.example", "Ann", "'=1+1", "", "Acme, Inc.", '"a; b"', "News", "", "Off", "Old"),
            ann.created_at.isoformat(),
        ],
    ]


def test_the_deleted_contacts_are_exported_with_who_deleted_them_when(
    scripted: Browser, store: Session, world: World, work: Callable[[], None]
) -> None:
    gone, other = new_contact(store, world, "Gone", "Lee"), new_contact(store, world, "Other", "Lee")
    new_contact(store, world, "Live", "Lee")
    delete(store, world, gone, other, by=world.admin.id)
    store.commit()

    page = export(scripted, scripted.get("/contacts/restore", {"q": "gone"}), work)

    header, row = rows_of(scripted, page)
    assert header == [*HEADER, "Deleted", "Deleted By", "Days Left"]
    assert row[1:3] + row[-2:] == ["Gone", "Lee", world.admin.name, "29"]
    assert "Deleted contacts matching" in page.text


def give_the_right(store: Session, world: World) -> None:
    """Let the group of the member export."""
    sales = store.scalar(select(UserGroup).filter_by(workspace_id=world.id, name="Sales"))
    assert sales is not None
    store.add(GroupRight(group_id=sales.id, right=Right.EXPORT))
    store.commit()


def downloads(store: Session, world: World) -> list[int | None]:
    """Who has downloaded a file, as the audit log says."""
    store.rollback()
    of_downloads = AuditEvent.workspace_id == world.id, AuditEvent.action == Action.EXPORT_DOWNLOADED
    return list(store.scalars(select(AuditEvent.user_id).where(*of_downloads).order_by(AuditEvent.id)))


def test_a_file_is_downloaded_by_those_who_may_export_it_and_each_download_is_recorded(
    browse: Callable[..., Browser], store: Session, world: World, work: Callable[[], None]
) -> None:
    new_contact(store, world)
    give_the_right(store, world)
    admin, member = browse(world.admin), browse(world.member)
    of_admin, of_member = (export(who, who.get("/contacts"), work).path for who in (admin, member))
    elsewhere = browse(new_world(store, name="Elsewhere").admin)
    store.commit()

    def answers(path: str) -> list[int]:
        return [who.client.get(f"{path}/file").status_code for who in (admin, member, elsewhere, browse())]

    assert answers(of_admin) == [200, 404, 404, 303]
    assert answers(of_member) == [200, 200, 404, 303]
    assert downloads(store, world) == [world.admin.id, world.admin.id, world.member.id]

    head = admin.client.head(f"{of_member}/file")
    assert (head.status_code, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0
    assert head.headers["Cache-Control"] == "no-store"
    assert head.headers["Content-Disposition"] == "attachment; filename=contacts-export-2.csv"
    assert len(downloads(store, world)) == 3
    assert "Downloaded the file of Export #2" in admin.get("/audit").text

    store.execute(delete_rows(GroupRight))
    store.commit()
    assert answers(of_member) == [200, 403, 404, 303]


def test_what_only_admins_may_see_is_not_downloaded_by_a_former_admin(
    admin: Browser, store: Session, world: World, work: Callable[[], None]
) -> None:
    delete(store, world, new_contact(store, world))
    give_the_right(store, world)
    page = export(admin, admin.get("/contacts/restore"), work)
    groups = {
        group.name: group.id for group in store.scalars(select(UserGroup).filter_by(workspace_id=world.id))
    }
    of_admin = GroupMembership.user_id == world.admin.id
    store.execute(update(GroupMembership).where(of_admin).values(group_id=groups["Sales"]))
    store.commit()

    assert admin.client.get(f"{page.path}/file").status_code == 403
    assert admin.client.get(f"{page.path}/export").status_code == 403
    assert not admin.get(page.path).all("#download")


def test_after_a_day_the_page_says_that_the_file_is_gone_and_exports_again(
    anyone: Browser, store: Session, world: World, work: Callable[[], None]
) -> None:
    new_contact(store, world, "Ann", email="ann@x.example")
    new_contact(store, world, "Bob", email="bob@x.example")
    store.commit()
    page = export(anyone, anyone.get("/contacts", {"q": "ann"}), work)
    file = store.scalars(select(StoredFile).where(StoredFile.workspace_id == world.id)).one()
    file.expires_at = read_clock(store) - timedelta(seconds=1)
    new_contact(store, world, "Anna", email="anna@x.example")
    store.commit()

    gone = anyone.get(page.path)
    assert "The file is not kept any longer." in gone.text
    assert anyone.client.get(f"{page.path}/file").status_code == 404
    dialog = anyone.press(gone, "Export again")
    assert "Export 2 contacts?" in dialog.text
    started = anyone.press(dialog, "Export")
    work()
    again = anyone.get(started.path)

    assert [row[0] for row in rows_of(anyone, again)[1:]] == ["anna@x.example", "ann@x.example"]
    # When its words are erased, too, there is nothing to ask again.
    store.execute(delete_rows(PrivateText).where(PrivateText.workspace_id == world.id))
    store.commit()
    assert "The search of this export is no longer kept" in anyone.get(page.path).text
    assert anyone.get(f"{page.path}/export").status == 410


def test_a_file_that_is_erased_while_it_is_sent_looks_incomplete(
    admin: Browser, store: Session, world: World, work: Callable[[], None]
) -> None:
    new_contact(store, world)
    store.commit()
    page = export(admin, admin.get("/contacts"), work)
    file = store.scalars(select(StoredFile).where(StoredFile.workspace_id == world.id)).one()
    add_part(store, file, b"more")
    store.commit()

    with admin.client.get(f"{page.path}/file", buffered=False) as response:
        parts = response.iter_encoded()
        first = next(parts)
        store.execute(delete_rows(StoredFile).where(StoredFile.id == file.id))
        store.commit()
        with pytest.raises(FileErased):
            next(parts)

    assert len(first) < int(response.headers["Content-Length"])


def test_a_dialog_starts_one_export_however_often_it_is_confirmed_and_not_after_half_an_hour(
    scripted: Browser, store: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_contact(store, world)
    store.commit()
    dialog = scripted.press(scripted.get("/contacts"), "Export")
    late = scripted.press(scripted.get("/contacts"), "Export")

    first, second = (scripted.press(dialog, "Export").path for _ in range(2))
    assert first == second
    monkeypatch.setattr(signing, "GOOD_FOR", timedelta(seconds=-1))
    # One that has been used leads to its job, however old it is.
    assert scripted.press(dialog, "Export").path == first
    asked_again = scripted.press(late, "Export")
    assert asked_again.status == 409
    assert "open for more than 30 minutes" in asked_again.text
    monkeypatch.undo()
    assert scripted.press(asked_again, "Export").path not in (first, asked_again.path)


def test_the_dialog_of_another_user_or_kind_is_refused(
    browse: Callable[..., Browser], store: Session, world: World
) -> None:
    new_contact(store, world)
    give_the_right(store, world)
    admin, member = browse(world.admin), browse(world.member)
    token = admin.press(admin.get("/contacts"), "Export").one("input[name=export]")["value"]

    refused = member.post("/exports", {"export": token, "csrf_token": member.token()})

    assert refused.status == 400
    assert "Nothing was exported" in refused.text


def test_a_filter_that_cannot_be_read_and_one_that_finds_nothing_open_no_dialog(
    anyone: Browser, store: Session, world: World
) -> None:
    new_contact(store, world)
    delete(store, world, new_contact(store, world))
    store.commit()
    for path in ("/contacts", "/contacts/restore"):
        page = anyone.get(path, {"q": "no such name"})
        assert "There is nothing to export" in anyone.press(page, "Export").text
    page = anyone.get("/contacts", {"tag": "none"})
    assert "Correct the search first. Nothing was exported." in anyone.press(page, "Export").text
    page = anyone.get("/contacts/restore", {"from": "yesterday"})
    assert "Correct the search first. Nothing was exported." in anyone.press(page, "Export").text


def test_who_may_not_export_sees_no_button(
    browse: Callable[..., Browser], store: Session, world: World
) -> None:
    member = browse(world.member)
    assert not member.get("/contacts").has_button("Export")

    give_the_right(store, world)

    assert member.get("/contacts").has_button("Export")


def test_the_page_names_the_filters(
    scripted: Browser, store: Session, world: World, work: Callable[[], None]
) -> None:
    contact = new_contact(store, world, account=new_account(store, world, "Acme"))
    subscribe(store, contact, new_list(store, world, "News"), "bounced")
    put_tag(store, contact, new_tag(store, world, "VIP"))
    store.commit()
    filters = {"list": "News", "status": "bounced", "tag": "VIP", "account": "Acme"}

    page = export(scripted, scripted.get("/contacts", filters), work)

    told = "Contacts Bounced on the list “News”, with the tag “VIP” and of the account “Acme”."
    assert told in page.text
