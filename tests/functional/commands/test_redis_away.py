"""Commands without Redis: their work is in the database, and a sentence says what happens later."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_list, subscribe
from tests.factories.people import World
from tests.support.another_app import unused_redis_url
from tests.support.warm import run_flask
from webapp.models import AutomationRun, Campaign, CampaignSend, Contact
from webapp.models.automation import Automation, Trigger

Stored = Callable[..., list[Any]]
Command = Callable[..., subprocess.CompletedProcess[str]]

LATER = "Redis does not answer. Everything is saved; automations and campaigns start when Redis is back."


@pytest.fixture(params=["nothing listens there", "no such folder"])
def command(environ: dict[str, str], place: World, tmp_path: Path, request: pytest.FixtureRequest) -> Command:
    """Run `flask …` on the test's database in a process of its own, whose standard error we see."""
    away = "redis://127.0.0.1:1" if request.param == "nothing listens there" else unused_redis_url(tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        everywhere = "--app", "webapp", *arguments, "--workspace", place.workspace.name
        return run_flask(everywhere, os.environ | environ | {"REDIS_URL": away}, tmp_path)

    return run


def assert_says_so_in_two_lines(done: subprocess.CompletedProcess[str]) -> None:
    """The cause as a line of the log, and a sentence; no traceback."""
    cause, sentence = done.stderr.splitlines()
    assert "ring_lost" in cause
    assert "ConnectionError: " in cause
    assert sentence == LATER


def test_the_import_succeeds_and_says_when_automations_begin(
    command: Command, place: World, store: Session, stored: Stored, tmp_path: Path
) -> None:
    news = new_list(store, place, "News")
    store.add(
        Automation(
            workspace_id=place.id, name="Welcome", trigger=Trigger.SUBSCRIBED, list_id=news.id, steps=[]
        )
    )
    store.commit()
    path = tmp_path / "people.csv"
    path.write_text("Email,Lists\nann@away.example,News\n")

    done = command("contacts", "import", str(path))

    assert (done.returncode, done.stdout) == (0, "1 contact added.\n")
    assert_says_so_in_two_lines(done)
    assert [contact.email for contact in stored(select(Contact).where(Contact.workspace_id == place.id))] == [
        "ann@away.example"
    ]
    runs = stored(select(AutomationRun).where(AutomationRun.workspace_id == place.id))
    assert [run.state for run in runs] == ["queued"]


def test_an_import_that_adds_nothing_does_not_mention_redis(
    command: Command, place: World, store: Session, tmp_path: Path
) -> None:
    new_contact(store, place, email="ann@away.example")
    store.commit()
    path = tmp_path / "people.csv"
    path.write_text("Email\nann@away.example\n")

    done = command("contacts", "import", str(path))

    assert (done.returncode, done.stdout) == (1, "0 contacts added. 1 row was left out.\n")
    assert "Redis" not in done.stderr


def test_the_campaign_is_queued_and_the_command_says_when_it_goes_out(
    command: Command, place: World, store: Session, stored: Stored
) -> None:
    news = new_list(store, place, "News")
    subscribe(store, new_contact(store, place), news, "subscribed")
    store.add(Campaign(workspace_id=place.id, name="Spring", list_id=news.id))
    store.commit()

    done = command("campaigns", "send", "Spring")

    assert (done.returncode, done.stdout) == (0, "1 message queued.\n")
    assert_says_so_in_two_lines(done)
    sends = stored(select(CampaignSend).where(CampaignSend.workspace_id == place.id))
    assert [send.state for send in sends] == ["pending"]
