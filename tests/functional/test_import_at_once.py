"""Many files at once: one is read at a time in a process, few wait, and other pages go on."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories.people import World, new_user
from tests.support.bringing import bring
from tests.support.browser import Browser
from webapp.gates import Gate
from webapp.importing import brought, detecting
from webapp.models import GroupRight, Right, StoredFile, UserGroup
from webapp.views import imports

Unchanged = Callable[[], AbstractContextManager[None]]
PEOPLE = b"Email,First Name\nann@example.org,J\xfcrgen\n"


class Held:
    """Brings files as the app does, each held up until `open_up`; keeps how many were inside at once."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.open_up, self._count, self._bring = threading.Event(), threading.Lock(), brought.bring

    def __call__(self, *args: Any, **kwargs: Any) -> StoredFile:
        with self._count:
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            assert self.open_up.wait(60)
            return self._bring(*args, **kwargs)
        finally:
            with self._count:
                self.inside -= 1


def test_of_8_files_at_once_one_is_read_at_a_time_two_wait_and_a_stranger_gets_his_page(
    app: Flask,
    store: Session,
    world: World,
    browse: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = UserGroup(workspace_id=world.id, name="Import")
    store.add(group)
    store.flush()
    users = [new_user(store, world.workspace, f"User {n}", group) for n in range(8)]
    store.add(GroupRight(group_id=group.id, right=Right.IMPORT))
    store.commit()
    browsers = [browse(user) for user in users]
    held = Held()
    monkeypatch.setattr(imports, "bring", held)
    monkeypatch.setattr(imports, "READING", Gate(at_once=1, waiting=2, patience=60))

    answers = []
    with ThreadPoolExecutor(len(browsers)) as threads:
        try:
            coming = [threads.submit(bring, browser, PEOPLE) for browser in browsers]
            for answer in as_completed(coming, timeout=120):
                answers.append(answer.result().status)
                if len(answers) == 5:
                    assert Browser(app).get("/login").status == 200
                    held.open_up.set()
        finally:
            held.open_up.set()

    assert answers == [503] * 5 + [200] * 3
    assert held.most == 1


def test_where_the_gate_is_full_nothing_is_stored_and_the_page_says_when_to_come_again(
    admin: Browser, unchanged: Unchanged, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = bring(admin, PEOPLE)
    full = Gate(at_once=1, waiting=0, patience=0)
    monkeypatch.setattr(imports, "READING", full)
    again = {"csrf_token": admin.token(), "encoding": "cp1250"}

    with full.turn(), unchanged():
        refused = bring(admin, PEOPLE)
        not_read_again = admin.post(f"{page.path}/encoding", again)

    for answer in (refused, not_read_again):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert "Other files are being read at the moment. Nothing was changed." in answer.text
    assert refused.words("#file-error").startswith("Other files are being read")
    assert not_read_again.button("Back to the file")["href"] == page.path
    assert admin.post(f"{page.path}/encoding", again).status == 200
    # Also a file that is refused gives its turn back.
    assert bring(admin, b"\x89PNG").status == 422
    assert bring(admin, PEOPLE).status == 200


def test_a_file_that_goes_while_it_is_read_again_leaves_no_part_of_itself(
    admin: Browser, browse: Callable[..., Browser], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person brings another one, by another process: that takes the place of this one."""
    monkeypatch.setattr(brought, "PART_SIZE", 1)
    monkeypatch.setattr(brought, "MOST_AT_ONCE", 1)
    people = PEOPLE + b"".join(b"p%d@example.org,P\n" % n for n in range(9))
    page, elsewhere, reread = bring(admin, people), browse(world.admin), detecting.reread
    others: list[str] = []

    def bring_another(text: str, old: str, new: str) -> str:
        if not others:
            others.append("")
            monkeypatch.setattr(imports, "READING", Gate(at_once=1, waiting=2, patience=10))
            others.append(bring(elsewhere, PEOPLE).path)
        return reread(text, old, new)

    monkeypatch.setattr(brought, "reread", bring_another)
    token = admin.token()
    again = admin.post(f"{page.path}/encoding", {"csrf_token": token, "encoding": "cp1250"})

    assert (again.status, "This file is not here any longer." in again.text) == (404, True)
    assert elsewhere.get(others[1]).status == 200


def test_a_file_of_empty_lines_is_refused_on_the_page(admin: Browser, unchanged: Unchanged) -> None:
    with unchanged():
        page = bring(admin, b"Email,First Name,Last Name\n" + b"\n" * 2_000_000)

    assert page.status == 422
    assert page.words("#file-error").startswith(
        "This file cannot be imported. It has more than 500,000 lines, counting empty ones."
    )


def test_the_gate_of_production_is_narrow() -> None:
    """Of eight threads it takes three at most, and two of these only wait."""
    with imports.READING.turn():
        assert imports.READING._inside._value == 2
        assert imports.READING._running._value == 0
    assert imports.READING.patience <= 10
