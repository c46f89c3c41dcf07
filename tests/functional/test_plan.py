"""The plan in the dialog, and the choices about conflicts and deals."""

import csv
from collections.abc import Callable
from io import StringIO

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts, new_deal, new_list, subscribe
from tests.factories.people import World
from tests.support.browser import HTMX, Browser
from tests.support.confirming import ask_about, confirm, job_of
from tests.support.seen import Seen
from webapp import time_limits
from webapp.models import Contact, Deal, Job
from webapp.views import plan as plan_view
from webapp.web import late as late_parts

ADDRESS = "ann@x.org"


def choose(browser: Browser, dialog: Seen, **choice: str) -> Seen:
    """Change a choice in the dialog: its form is sent, and the dialog drawn again."""
    hidden = dialog.all("#start-restore input[type=hidden], input[type=hidden][form='start-restore']")
    fields = {field["name"]: field["value"] for field in hidden}
    return browser.post("/contacts/restore/confirm/again", list((fields | choice).items()))


@pytest.fixture
def conflict(store: Session, world: World) -> tuple[Contact, Contact, Deal]:
    """A deleted contact with a deal of its own, and the live contact that has its address."""
    gone = new_contact(store, world, "Ann", "Gone", email=ADDRESS)
    news = new_list(store, world, "News")
    subscribe(store, gone, news, "subscribed")
    deal = new_deal(store, world, gone, title="Renewal")
    delete(store, world, gone)
    kept = new_contact(store, world, "Bob", "Kept", email=ADDRESS)
    store.commit()
    return gone, kept, deal


def test_the_dialog_says_who_stays_deleted_and_why(
    anyone: Browser, store: Session, world: World, conflict: tuple[Contact, Contact, Deal]
) -> None:
    gone, kept, _ = conflict
    others = new_contacts(store, world, 2)
    delete(store, world, *others)
    store.commit()

    dialog = ask_about(anyone, [gone.id, *(other.id for other in others)])

    assert "Restored 2 Not restored 1" in dialog.text
    assert "1 contact will stay deleted: its e-mail address is used by another contact." in dialog.text
    assert dialog.one("#plan details a")["href"] == f"/contacts/{kept.id}"


def test_all_that_exist_again_are_recognised_and_merging_is_suggested(
    anyone: Browser, store: Session, conflict: tuple[Contact, Contact, Deal]
) -> None:
    gone, kept, deal = conflict
    dialog = anyone.get("/contacts/restore/confirm-all")
    assert "Each of these contacts exists again" in dialog.text

    chosen = choose(anyone, dialog, conflicts="merge", rescue="1")

    assert "Restored 0 Merged 1 Not restored 0" in chosen.text
    assert "Deals that come back Renewal" in chosen.text
    assert chosen.one("input[name=conflicts][checked]")["value"] == "merge"
    assert chosen.one("#rescue").has_attr("checked")
    page = confirm(anyone, chosen)
    job = store.get_one(Job, job_of(page))
    assert (job.request["conflicts"], job.request["rescue"]) == ("merge", True)
    # Until it has run, nothing is done.
    store.expire_all()
    assert (gone.merged_into_id, deal.deleted_at is None, kept.version) == (None, False, 1)


def test_a_choice_keeps_the_frozen_scope(
    anyone: Browser, store: Session, world: World, conflict: tuple[Contact, Contact, Deal]
) -> None:
    dialog = anyone.get("/contacts/restore/confirm-all")
    later = new_contact(store, world)
    delete(store, world, later)
    store.commit()

    chosen = choose(anyone, dialog, conflicts="without_address")

    assert "Restore the 1 contact" in chosen.text or "Restore 1 contact?" in chosen.text
    assert "Restored 1 Not restored 0" in chosen.text


def test_the_plan_of_many_arrives_in_the_open_dialog(
    anyone: Browser,
    conflict: tuple[Contact, Contact, Deal],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plan_view, "SOON", 0)
    dialog = anyone.get("/contacts/restore/confirm-all")

    assert "Checking 1 contact" in dialog.text
    # Restore does not wait for it.
    assert dialog.all("form[action='/restores'] button")
    part = anyone.get(dialog.one("#plan .without-script")["href"])

    assert "Restored 0 Not restored 1" in part.text


@pytest.fixture
def late(conflict: tuple[Contact, Contact, Deal], monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan of every restore arrives later."""
    monkeypatch.setattr(plan_view, "SOON", 0)


def test_one_late_plan_is_made_at_a_time_and_the_others_ask_again(scripted: Browser, late: None) -> None:
    dialog = scripted.get("/contacts/restore/confirm-all")
    waiting = dialog.one("#plan")
    # `polling.js` requests it again, also when a request failed.
    assert waiting.has_attr("data-poll")
    assert "refresh" in str(waiting["hx-trigger"])
    href = str(waiting["hx-get"])

    with late_parts._planning:
        answer = scripted.client.get(href, headers=HTMX)
        assert (answer.status_code, answer.text) == (204, "")
        page = scripted.client.get(href)
        assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
        assert "The server is counting for another page. Try again." in page.text

    part = scripted.ask(dialog, waiting)
    assert part.one("#plan")["data-announce"].strip() == "Restored: 0. Not restored: 1."
    assert not part.all("#plan[data-poll]")


def test_a_plan_that_takes_too_long_says_so_and_can_be_tried_again(
    anyone: Browser, late: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = anyone.get("/contacts/restore/confirm-all")
    href = str(dialog.one("#plan .without-script")["href"])
    with monkeypatch.context() as patch:
        patch.setattr(late_parts, "TIME_LIMIT", 0.001)
        patch.setattr(time_limits, "STEPS", 1)
        given_up = anyone.get(href)
        assert given_up.status == 200
        assert "Checking 1 contact takes too long at the moment." in given_up.text
        assert not given_up.all("#plan[data-poll], #plan[aria-busy]")

    again = anyone.get(str(given_up.one("#plan a")["href"]))

    assert "Restored 0 Not restored 1" in again.text


def read_csv(browser: Browser, path: str) -> list[list[str]]:
    response = browser.client.get(path)
    assert response.mimetype == "text/csv"
    return list(csv.reader(StringIO(response.get_data().decode("utf-8-sig"), newline="")))


def test_plan_and_report_are_files_too_and_the_skipped_ones_can_be_tried_again(
    anyone: Browser,
    store: Session,
    world: World,
    work: Callable[[], None],
    conflict: tuple[Contact, Contact, Deal],
) -> None:
    gone, kept, _ = conflict
    free = new_contact(store, world, "=HYPERLINK(1)", "Free", email="free@x.org")
    delete(store, world, free)
    store.commit()
    restored = [str(free.id), "'=HYPERLINK(1) Free", "free@x.org", "restored", "", "", ""]
    skipped = [str(gone.id), "Ann Gone", ADDRESS, "skipped", "email_taken"]
    foreseen = [*skipped, "Bob Kept uses its e-mail address.", str(kept.id)]
    reported = [*skipped, "Stayed deleted: Bob Kept uses its e-mail address.", str(kept.id)]
    dialog = anyone.get("/contacts/restore/confirm-all")

    _, *plan = read_csv(anyone, dialog.one("#plan a[href*='plan.csv']")["href"])
    page = confirm(anyone, dialog)
    work()
    report = anyone.get(page.path)
    export = anyone.press(anyone.press(report, "Export"), "Export")
    work()
    _, *told = read_csv(anyone, anyone.get(export.path).one("#download")["href"])

    assert sorted(plan) == sorted([restored, foreseen])
    assert sorted(told) == sorted([restored, reported])
    again = anyone.press(report, "Retry the skipped ones")
    assert "1 contact skipped by an earlier restore" in again.text
    assert "Restored 0 Merged 1 Not restored 0" in again.text
    done = confirm(anyone, again)
    work()
    store.expire_all()
    assert gone.merged_into_id == kept.id
    assert not anyone.get(done.path).has_button("Retry the skipped ones")
    assert anyone.get(f"{page.path}/retry").status == 409


def test_the_file_of_a_plan_says_which_contacts_are_gone_since(
    anyone: Browser, store: Session, world: World, work: Callable[[], None]
) -> None:
    free, back, again = contacts = new_contacts(store, world, 3)
    delete(store, world, *contacts)
    store.commit()
    dialog = ask_about(anyone, [contact.id for contact in contacts])
    confirm(anyone, ask_about(anyone, [back.id, again.id]))
    work()
    store.expire_all()
    delete(store, world, again)
    store.commit()

    _, *plan = read_csv(anyone, dialog.one("#plan a[href*='plan.csv']")["href"])

    told = {int(contact_id): tuple(rest) for contact_id, _, _, *rest in plan}
    assert told == {
        free.id: ("restored", "", "", ""),
        back.id: ("skipped", "no_longer_deleted", "It is no longer deleted.", ""),
        again.id: ("skipped", "deleted_again", "It was deleted again in the meantime.", ""),
    }


def test_a_plan_needs_a_scope_of_this_user_and_a_choice_that_exists(
    anyone: Browser, elsewhere: World, browse: Callable[..., Browser], conflict: tuple[Contact, Contact, Deal]
) -> None:
    dialog = anyone.get("/contacts/restore/confirm-all")
    scope, stranger = dialog.one("#start-restore input[name=scope]")["value"], browse(elsewhere.admin)
    for path in ("/contacts/restore/plan", "/contacts/restore/plan.csv"):
        assert stranger.get(path, [("scope", scope)]).status == 400
        assert anyone.get(path, [("scope", scope + "x")]).status == 400
        assert anyone.get(path).status == 400
    again = "/contacts/restore/confirm/again"
    for browser, sent in ((stranger, scope), (anyone, scope + "x")):
        assert browser.post(again, [("scope", sent), ("csrf_token", browser.token())]).status == 400
    wrong = choose(anyone, dialog, conflicts="steal")
    assert wrong.status == 422
    assert "There is no such choice" in wrong.text


def test_restore_asks_again_if_the_choice_is_not_the_one_of_the_plan_that_is_shown(
    anyone: Browser, store: Session, world: World, conflict: tuple[Contact, Contact, Deal]
) -> None:
    """Without scripts a choice does not draw the dialog again; with scripts the press can come before it."""
    delete(store, world, new_contact(store, world))
    store.commit()
    dialog = anyone.get("/contacts/restore/confirm-all")
    hidden = dialog.all("#start-restore input[type=hidden], input[type=hidden][form='start-restore']")
    fields = {field["name"]: field["value"] for field in hidden} | {"conflicts": "merge"}

    asked = anyone.post("/restores", list(fields.items()))

    assert asked.status == 409
    assert "This is the plan for your choice. Nothing was restored yet." in asked.text
    assert "Restored 1 Merged 1 Not restored 0" in asked.text
    assert store.scalars(select(Job).where(Job.workspace_id == world.id)).all() == []
