"""Many sign-ins at once: no more are hashed than the limit, few at a time, and each kind of address costs the
same."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories.people import CHEAP, PASSWORD, World, number
from tests.support.another_app import another_app
from tests.support.browser import Browser
from webapp import passwords
from webapp.gates import Gate, TooBusy
from webapp.models import Person, User
from webapp.passwords import use_hasher
from webapp.web import sign_in_limits
from webapp.web.throttle import TooMany


class Watched(PasswordHasher):
    """Computes hashes as it is told, and keeps which, and how many at once. `gate` holds all of them up."""

    def __init__(self) -> None:
        super().__init__(CHEAP.time_cost, CHEAP.memory_cost, CHEAP.parallelism)
        self.computed: list[Parameters] = []
        self.inside = self.most = 0
        self.gate, self._count = threading.Event(), threading.Lock()
        self.gate.set()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  (argon2's name)
        with self._count:
            self.computed.append(extract_parameters(str(hash)))
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            assert self.gate.wait(60)
            return super().verify(hash, password)
        finally:
            with self._count:
                self.inside -= 1


@pytest.fixture
def hasher() -> Iterator[Watched]:
    hasher = Watched()
    use_hasher(hasher)
    yield hasher
    use_hasher(CHEAP)


@pytest.fixture
def limited(environ: dict[str, str], app: Flask) -> Iterator[Flask]:
    with another_app(environ) as limited:
        yield limited


def stranger(app: Flask) -> Browser:
    browser = Browser(app)
    browser.client.environ_base["REMOTE_ADDR"] = f"10.{number()}"
    return browser


def all_at_once(
    app: Flask, hasher: Watched, emails: list[str], network: str, *, held_until: int
) -> list[int]:
    """The answers to a wrong password for each of the addresses. Hashes are held up until so many answers
    came."""

    def prepared(email: str) -> Callable[[], int]:
        browser = stranger(app)
        browser.client.environ_base["REMOTE_ADDR"] = network
        form = browser.get("/login")
        return lambda: browser.submit(form, "main form", email=email, password="wrong").status

    guesses = [prepared(email) for email in emails]
    hasher.gate.clear()
    answers = []
    with ThreadPoolExecutor(len(guesses)) as threads:
        for answer in as_completed([threads.submit(guess) for guess in guesses], timeout=120):
            answers.append(answer.result())
            if len(answers) == held_until:
                hasher.gate.set()
    return answers


def test_of_32_at_once_as_many_are_hashed_as_the_limit_says(
    limited: Flask, hasher: Watched, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were counted after the answer: 34 of 96 were hashed with a limit of 20."""
    monkeypatch.setattr(sign_in_limits, "STRANGERS", Gate(at_once=32, waiting=0, patience=60))

    answers = all_at_once(limited, hasher, [world.admin.email] * 32, f"10.{number()}", held_until=22)
    assert sorted(answers) == [422] * 10 + [429] * 22
    assert len(hasher.computed) == 10

    several = [f"unknown{number()}@example.com" for _ in range(32)]
    answers = all_at_once(limited, hasher, several, f"10.{number()}", held_until=12)
    assert sorted(answers) == [422] * 20 + [429] * 12
    assert len(hasher.computed) == 30


def test_of_16_at_once_two_are_hashed_at_a_time_and_few_wait(
    limited: Flask, hasher: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """32 took 611 MiB. Those that were not examined do not count."""
    monkeypatch.setattr(sign_in_limits, "STRANGERS", Gate(at_once=2, waiting=3, patience=60))
    network = f"10.{number()}"
    several = [f"unknown{number()}@example.com" for _ in range(16)]

    answers = all_at_once(limited, hasher, several, network, held_until=11)

    assert sorted(answers) == [422] * 5 + [503] * 11
    assert hasher.most == 2
    browser = stranger(limited)
    browser.client.environ_base["REMOTE_ADDR"] = network
    form = browser.get("/login")
    later = [
        browser.submit(form, "main form", email=f"u{number()}@example.com", password="wrong").status
        for _ in range(16)
    ]
    assert later == [422] * 15 + [429]


def test_strangers_who_fill_their_gate_keep_no_one_out_of_a_browser_that_they_know(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Gate(at_once=1, waiting=0, patience=0)
    known = Browser(app)
    known.press(known.sign_in(world.admin.email), "Sign out")
    monkeypatch.setattr(sign_in_limits, "STRANGERS", full)

    with full.turn():
        refused = Browser(app).sign_in(world.admin.email)
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "5"
        assert "Very many people are signing in right now." in refused.text
        assert refused.one("#email")["value"] == world.admin.email
        assert known.sign_in(world.admin.email).path == "/contacts"


def test_views_that_leave_it_to_others_are_answered_for(app: Flask) -> None:
    """Every view that hashes a password can meet a full gate, and every one that counts can meet a limit."""
    for refusal, status, wait in (
        (TooBusy(), 503, "5"),
        (TooMany(sign_in_limits.CODES, 90, just_now=False), 429, "90"),
    ):
        with app.test_request_context("/"):
            answer = app.make_response(app.handle_user_exception(refusal))
            assert (answer.status_code, answer.headers["Retry-After"]) == (status, wait)


def test_the_gates_of_production_are_narrow() -> None:
    """64 MiB for each hash: 192 MiB at most in each process, and few of its threads."""
    for gate, most in ((passwords.STRANGERS, 5), (passwords.FAMILIAR, 4)):
        with gate.turn():
            assert gate._inside._value == most - 1
        assert gate.patience <= 5


def test_each_kind_of_address_costs_one_hash_of_the_same_parameters_and_gets_the_same_answer(
    app: Flask, hasher: Watched, world: World, store: Session
) -> None:
    """In place of the time that it takes, which no test can rely on."""
    disabled, without = store.get_one(User, world.member.id), f"without{number()}@example.com"
    disabled.is_active = False
    person = Person(email=without, created_at=disabled.accepted_at)
    store.add(person)
    store.flush()
    store.add(User(workspace_id=world.id, person_id=person.id, email=without, name="New", accepted_at=None))
    store.commit()
    browser = Browser(app)
    answers = []
    for email, password in (
        (world.admin.email, "wrong"),
        ("unknown@example.com", "wrong"),
        ("unknown@example.com", PASSWORD),
        (world.member.email, PASSWORD),
        (world.member.email, "wrong"),
        (without, "wrong"),
        (without, "!"),
    ):
        hasher.computed.clear()
        seen = browser.sign_in(email, password)
        answers.append((seen.status, seen.words("#sign-in-error"), list(hasher.computed)))

    assert answers == [answers[0]] * len(answers)
    assert (answers[0][0], len(answers[0][2])) == (422, 1)


def test_signing_in_renews_a_hash_of_another_cost_and_nothing_else(
    app: Flask, world: World, store: Session
) -> None:
    use_hasher(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    try:
        Browser(app).sign_in(world.admin.email)
    finally:
        use_hasher(CHEAP)
    assert world.admin.person_id
    person = store.get_one(Person, world.admin.person_id)

    assert person.password_hash
    assert extract_parameters(person.password_hash).time_cost == 2
    assert store.get_one(User, world.admin.id).password_hash == person.password_hash
    assert Browser(app).sign_in(world.admin.email).path == "/contacts"
