"""Automations on their pages: built step by step, started, and followed."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_list, new_tag
from tests.factories.people import World, new_world
from tests.support.browser import Browser
from tests.support.marketing import Marketing
from tests.support.seen import Seen, form_fields
from webapp.models import Automation, AutomationRun, Campaign

Stored = Callable[[Select[Any]], list[Any]]


@pytest.fixture
def automations(world: World, stored: Stored) -> Callable[[], list[Automation]]:
    query = select(Automation).where(Automation.workspace_id == world.id).order_by(Automation.id)
    return lambda: stored(query)


def send(browser: Browser, page: Seen, form: str, **typed: str) -> Seen:
    """Post the form that holds the element `form`, with `typed` in its fields."""
    element = page.first(form)
    element = element if element.name == "form" else element.find_parent("form") or element
    return browser.post(element["action"], dict(form_fields(page.document, element)) | typed)


def add(browser: Browser, **typed: str) -> Seen:
    page = browser.press(browser.get("/automations"), "Add an automation")
    fields = {"name": "Welcome", "trigger": "subscribed", "target": "News"} | typed
    return send(browser, page, "main form.stack", **fields)


def add_message(browser: Browser, page: Seen, **typed: str) -> Seen:
    form = browser.press(page, "Send a message")
    fields = {"list": "News", "subject": "Hello", "body": "Hi {first_name}"} | typed
    return send(browser, form, "main form.stack", **fields)


def steps(page: Seen) -> list[str]:
    return [" ".join(step.select("span")[0].get_text(" ").split()) for step in page.all(".steps li")]


def test_an_automation_is_built_started_and_followed(
    anyone: Browser, world: World, store: Session, automations: Any, work: Any
) -> None:
    news, vip, ann = new_list(store, world, "News"), new_tag(store, world, "VIP"), new_contact(store, world)
    store.commit()

    page = add(anyone)
    assert "When a contact is subscribed to the list “News”" in page.text
    assert not automations()[0].is_active
    page = send(anyone, page, "#wait-count", count="2", unit="days")
    page = add_message(anyone, page)
    page = send(anyone, page, "#step-tag", tag="vip")
    assert steps(page) == ["Wait 2 days", "Send the message “Hello”", "Add the tag “VIP”"]
    page = anyone.press(page, "Move step 2 up")
    page = anyone.press(page, "Remove step 2")
    assert steps(page) == ["Send the message “Hello”", "Add the tag “VIP”"]
    page = anyone.press(page, "Start")
    assert "The automation is active." in page.text

    Marketing(store, world).subscribe(news, ann)
    store.commit()
    work()

    page = anyone.get(page.path)
    assert len(page.all("tbody tr")) == 1
    assert "Subscribed" in page.words("tbody tr")
    assert "Finished" in page.words("tbody tr")
    assert [step["do"] for step in automations()[0].steps] == ["send", "add_tag"]
    assert vip.id == automations()[0].steps[1]["tag"]


def test_a_run_that_another_automation_has_woken_names_it(
    admin: Browser, world: World, store: Session
) -> None:
    marketing, news, vip = Marketing(store, world), new_list(store, world, "News"), new_tag(store, world)
    marketing.automation(news, {"do": "add_tag", "tag": vip.id})
    second = marketing.automation(vip, {"do": "wait", "hours": 24})
    ann = new_contact(store, world)
    marketing.subscribe(news, ann)
    marketing.work()
    store.commit()

    page = admin.get(f"/automations/{second.id}")

    assert "Got the tag by the automation “On News”" in page.words("tbody tr")
    delete(store, world, ann)
    store.commit()
    assert "No contact has woken it yet." in admin.get(f"/automations/{second.id}").text


def test_steps_stay_while_contacts_are_in_it(
    admin: Browser, world: World, store: Session, stored: Stored
) -> None:
    marketing, news = Marketing(store, world), new_list(store, world, "News")
    automation = marketing.automation(news, {"do": "wait", "hours": 24}, {"do": "wait", "hours": 1})
    marketing.subscribe(news, new_contact(store, world))
    marketing.work()
    store.commit()
    token = {"csrf_token": admin.token(), "version": "1"}
    page = admin.get(f"/automations/{automation.id}")
    assert "1 contact in it now" in page.text
    assert not page.all("#wait-count")

    for path, fields in (
        ("steps", {"do": "wait", "count": "1", "unit": "days"}),
        ("steps/change", {"remove": "1"}),
        ("steps/change", {"up": "2"}),
    ):
        answer = admin.post(f"/automations/{automation.id}/{path}", token | fields)
        assert answer.status == 409, path
        assert "Contacts are in this automation now" in answer.complaint

    page = admin.press(page, "End their runs")
    assert page.all("#wait-count")
    runs = stored(select(AutomationRun).where(AutomationRun.automation_id == automation.id))
    assert [(run.state, run.ended_why) for run in runs] == [("ended", "ended_by_hand")]


@pytest.mark.parametrize(
    ("target", "step"), [("News", ("#step-list", "list")), ("VIP", ("#step-tag", "tag"))], ids=["list", "tag"]
)
def test_an_automation_does_not_wake_itself(
    admin: Browser, world: World, store: Session, automations: Any, target: str, step: tuple[str, str]
) -> None:
    new_list(store, world, "News"), new_tag(store, world, "VIP")
    store.commit()
    page = add(admin, target=target, trigger="subscribed" if target == "News" else "tag_added")

    answer = send(admin, page, step[0], **{step[1]: target})

    assert answer.status == 422
    assert "would wake the automation itself" in answer.complaint
    assert automations()[0].steps == []


def test_the_second_of_two_people_is_told(
    admin: Browser, world: World, store: Session, automations: Any
) -> None:
    new_list(store, world, "News")
    store.commit()
    page = add(admin)
    send(admin, page, "#wait-count", count="2")

    answer = send(admin, page, "#wait-count", count="3")

    assert answer.status == 409
    assert "Another person has changed it" in answer.complaint
    assert automations()[0].steps == [{"do": "wait", "hours": 48}]


def test_the_text_of_a_step_is_changed_and_what_was_typed_is_kept(
    admin: Browser, world: World, store: Session, stored: Stored
) -> None:
    new_list(store, world, "News")
    store.commit()
    page = add_message(admin, add(admin))
    form = admin.press(page, "Change the message of step 1")

    refused = send(admin, form, "main form.stack", list="Olds", body="Better")
    assert refused.status == 422
    assert refused.one("#body").get_text().strip() == "Better"
    saved = send(admin, form, "main form.stack", body="Better")
    late = send(admin, form, "main form.stack", body="Best")

    assert "Message saved." in saved.text
    assert late.status == 409
    assert late.one("#body").get_text().strip() == "Best"
    assert stored(select(Campaign.body).where(Campaign.workspace_id == world.id)) == ["Better"]
    assert "No campaigns yet" in admin.get("/campaigns").text, "a step's text is no campaign"


def test_an_automation_without_steps_or_whose_list_is_deleted_does_not_start(
    admin: Browser, world: World, store: Session, automations: Any
) -> None:
    news = new_list(store, world, "News")
    store.commit()
    page = add(admin)
    assert "Add a step first." in admin.press(page, "Start").complaint
    page = send(admin, admin.get(page.path), "#wait-count", count="2")
    news.deleted_at = Marketing(store, world).now()
    store.commit()

    answer = admin.press(admin.get(page.path), "Start")

    assert answer.status == 422
    assert "This list or tag is not here any more" in answer.complaint
    assert not automations()[0].is_active


def test_deleting_ends_its_runs_and_another_account_sees_nothing(
    anyone: Browser, browse: Callable[..., Browser], world: World, store: Session, stored: Stored
) -> None:
    marketing, news = Marketing(store, world), new_list(store, world, "News")
    automation = marketing.automation(news, {"do": "wait", "hours": 24})
    marketing.subscribe(news, new_contact(store, world))
    marketing.work()
    stranger = browse(new_world(store, name="Elsewhere").admin)
    store.commit()
    for path in ("", "/delete", "/message"):
        assert stranger.get(f"/automations/{automation.id}{path}").status == 404

    page = anyone.get(f"/automations/{automation.id}")
    dialog = anyone.press(page, page.one("#delete-automation"))
    assert "It ends for 1 contact who is in it now." in dialog.text
    page = anyone.press(dialog, dialog.one("#confirm form[method=post] button"))

    assert "No automations yet" in page.text
    runs = stored(select(AutomationRun).where(AutomationRun.automation_id == automation.id))
    assert [(run.state, run.ended_why) for run in runs] == [("ended", "automation_deleted")]
    marketing.subscribe(news, new_contact(store, world))
    store.commit()
    assert len(stored(select(AutomationRun).where(AutomationRun.automation_id == automation.id))) == 1
