"""Passwords: how they are hashed, and how many at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

from tests.factories.people import CHEAP
from webapp import passwords
from webapp.gates import Gate, TooBusy
from webapp.passwords import check_password, hash_password, use_hasher


@pytest.fixture
def real() -> Iterator[None]:
    """The hasher of production: the other tests have a cheap one."""
    use_hasher(PasswordHasher())
    yield
    use_hasher(CHEAP)


def test_a_password_matches_its_own_hash_only() -> None:
    use_hasher(CHEAP)
    stored = hash_password("right")

    assert check_password(stored, "right").matches
    for wrong in ("wrong", "", "\ud800", "x" * 1000):
        assert not check_password(stored, wrong).matches
    assert not check_password("no hash", "right").matches
    assert not check_password(None, "right").matches


def test_one_text_typed_in_two_forms_is_one_password() -> None:
    use_hasher(CHEAP)

    assert check_password(hash_password("Müller und Söhne"), "Mu\u0308ller und So\u0308hne").matches


def test_for_an_unknown_address_a_hash_of_the_same_cost_is_verified(real: None) -> None:
    """It is well-formed, so the whole hash is computed before the answer is no."""
    assert extract_parameters(passwords.UNKNOWN) == extract_parameters(hash_password("any"))
    assert extract_parameters(passwords.UNKNOWN) == RFC_9106_LOW_MEMORY
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(passwords.UNKNOWN, "any")


def test_a_hash_of_another_cost_is_made_anew_when_its_password_is_right(real: None) -> None:
    cheap = CHEAP.hash("right")

    renewed = check_password(cheap, "right").renewed

    assert renewed is not None
    assert extract_parameters(renewed) == RFC_9106_LOW_MEMORY
    assert check_password(renewed, "right") == passwords.Checked(True)
    assert check_password(cheap, "wrong") == passwords.Checked(False)


def test_a_gate_computes_few_lets_few_wait_and_refuses_the_others() -> None:
    """32 at once, as in the attack: two are inside at most, three more have waited, 27 were refused."""
    gate = Gate(at_once=2, waiting=3, patience=60)
    inside, most, refused = 0, 0, 0
    count, open_up, all_here = threading.Lock(), threading.Event(), threading.Barrier(32)

    def come() -> None:
        nonlocal inside, most, refused
        all_here.wait(30)
        try:
            with gate.turn():
                with count:
                    inside += 1
                    most = max(most, inside)
                assert open_up.wait(30)
                with count:
                    inside -= 1
        except TooBusy:
            with count:
                refused += 1
                if refused == 27:
                    open_up.set()

    with ThreadPoolExecutor(32) as threads:
        for done in [threads.submit(come) for _ in range(32)]:
            done.result(60)

    assert (most, refused) == (2, 27)
    with gate.turn():
        pass


def test_whoever_waits_for_too_long_is_refused_and_leaves_the_gate_as_it_was() -> None:
    gate = Gate(at_once=1, waiting=1, patience=0)
    with gate.turn(), pytest.raises(TooBusy), gate.turn():
        pass
    with gate.turn():
        pass
