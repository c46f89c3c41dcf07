"""Asking a person again for their password, or for a code, before something that a stolen session must not
do."""

from collections.abc import Callable

from flask_wtf import FlaskForm
from wtforms import Field

from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.gates import TooBusy
from webapp.models import Person
from webapp.models.audit_event import Action, Refused
from webapp.passwords import FAMILIAR, check_password
from webapp.people.find import active_users
from webapp.people.passwords import lock_person
from webapp.people.second_factor import use_code, use_recovery_code
from webapp.web.entering import accounts_of, record_here
from webapp.web.errors import SOON
from webapp.web.second_factor import vault
from webapp.web.sessions import current_sign_in, own_session
from webapp.web.sign_in_limits import PROMPTS, take_code
from webapp.web.throttle import TooMany, take
from webapp.words.passwords import BUSY, WRONG_CODE, WRONG_PASSWORD, too_many


class Asked:
    """The answer to a prompt: the status of the response if it was not right, and when to try again."""

    def __init__(self, status: int = 200, retry_after: int | None = None) -> None:
        self.status, self.retry_after = status, retry_after

    def __bool__(self) -> bool:
        return self.status == 200


def right_password(form: FlaskForm, field: Field) -> Asked:
    """Whether the form is complete, and the field holds the password of the person who is signed in. What is
    wrong stands at the field afterwards. Wrong ones are counted for each session, so a stolen one cannot
    guess, and are in the audit log."""
    if not form.validate():
        return Asked(422)
    sign_in = current_sign_in()
    assert sign_in, "the route is guarded"
    try:
        attempt = take((PROMPTS, f"session {sign_in.id}"))
    except TooMany as refusal:
        field.errors = [too_many(refusal.retry_after)]
        return Asked(429, refusal.retry_after)
    stored = sign_in.person.password_hash
    # Nothing is held while the hash waits for its turn and is computed.
    db.session().rollback()
    try:
        checked = check_password(stored, field.data, FAMILIAR)
    except TooBusy:
        attempt.give_back()
        field.errors = [BUSY]
        return Asked(503, SOON)
    if not checked.matches:
        with write_transaction(db.session()):
            record_refusal(own_session().person_id, Refused.PASSWORD)
        field.errors = [WRONG_PASSWORD]
        return Asked(422)
    attempt.give_back()
    return Asked()


def with_password_and_code(
    form: FlaskForm, password: Field, code: Field, act: Callable[[Person], None]
) -> Asked:
    """Do what a person may only with their password and a code, of the app or a recovery code. `act` gets the
    person, locked, in the transaction that uses the code up. What is wrong stands at its field afterwards.
    Wrong codes are counted with those of signing in."""
    asked = right_password(form, password)
    if not asked:
        return asked
    session, person_id = db.session(), own_session().person_id
    try:
        attempt = take_code(person_id)
    except TooMany as refusal:
        code.errors = [too_many(refusal.retry_after)]
        return Asked(429, refusal.retry_after)
    with write_transaction(session):
        now, person = read_clock(session), lock_person(session, person_id)
        is_right = (
            person is not None
            and is_still(person)
            and (
                use_code(session, person, code.data, now, vault())
                or use_recovery_code(session, person, code.data, now)
            )
        )
        if person and is_right:
            act(person)
        elif is_still(person):
            record_refusal(person_id, Refused.SECOND_FACTOR)
    if not is_right:
        code.errors = [WRONG_CODE]
        return Asked(422)
    attempt.give_back()
    return Asked()


def record_refusal(person_id: int, why: Refused) -> None:
    """In the audit log, in the caller's write transaction: what the signed-in person typed was wrong."""
    session = db.session()
    accounts = accounts_of(active_users(session, person_id))
    record_here(session, accounts, read_clock(session), Action.PROMPT_REFUSED, why=why.value)


def is_still(person: Person | None) -> bool:
    """Whether the person, read anew, still has the password that was right: another request may have changed
    it."""
    sign_in = current_sign_in()
    return person is not None and sign_in is not None and person.password_hash == sign_in.person.password_hash
