"""The second factor: codes of an app (TOTP, RFC 6238), and recovery codes that replace one each.

A secret is stored when the person has typed one of its codes; until then their session has it
(`webapp/web/second_factor.py`). Everything that writes runs in the caller's write transaction.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update
from webapp.models import Person, RecoveryCode
from webapp.people.vault import Vault

# Codes of the step before and after are accepted, too: clocks differ, and typing takes time (RFC 6238, 5.2).
WINDOW = 1
RECOVERY_CODES = 10
# Without letters that look like digits. 24 of them are 118 bits: no need for a slow hash (ASVS 5.0, 6.5.2).
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_LENGTH, GROUP = 24, 4


def has_second_factor(person: Person) -> bool:
    """Whether a code is asked for when the person signs in."""
    return person.totp_since is not None


def new_secret() -> str:
    """A secret to set up: 160 random bits, as RFC 4226 recommends."""
    return pyotp.random_base32()


def setup_uri(secret: str, email: str, issuer: str) -> str:
    """What an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer.replace(":", " "))


def finish_setup(
    session: Session, person: Person, secret: str, code: str, now: datetime, vault: Vault
) -> list[str] | None:
    """Let this second factor count, if the code is one of the secret's. Returns the recovery codes, which are
    stored as hashes only; None for a wrong code, or if the person has a second factor."""
    step = _step_of(secret, code, now)
    if has_second_factor(person) or step is None:
        return None
    person.totp_secret, person.totp_since, person.totp_last_step = vault.lock(secret), now, step
    return make_recovery_codes(session, person)


def use_code(session: Session, person: Person, code: str, now: datetime, vault: Vault) -> bool:
    """Whether the code is right and has not been used; then it is."""
    stored = person.totp_secret or ""
    secret = vault.open(stored) if has_second_factor(person) else None
    step = _step_of(secret, code, now) if secret else None
    if step is None:
        return False
    # A code that someone has seen being typed is worth nothing: it and all earlier ones are used.
    fresh = Person.totp_last_step.is_(None) | (Person.totp_last_step < step)
    used = execute_update(
        session, update(Person).where(Person.id == person.id, fresh).values(totp_last_step=step)
    )
    if used and secret and not vault.is_current(stored):
        person.totp_secret = vault.lock(secret)
    return bool(used)


def use_recovery_code(session: Session, person: Person, typed: str, now: datetime) -> bool:
    """Whether it is one of the person's unused recovery codes; then it is used."""
    return has_second_factor(person) and bool(
        execute_update(
            session,
            update(RecoveryCode)
            .where(
                RecoveryCode.person_id == person.id,
                RecoveryCode.code_hash == _hash(typed),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=now),
        )
    )


def make_recovery_codes(session: Session, person: Person) -> list[str]:
    """New recovery codes in place of the former ones."""
    execute_update(session, delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(person_id=person.id, code_hash=_hash(code)) for code in codes)
    session.flush()
    return codes


def recovery_codes_left(session: Session, person_id: int) -> int:
    """How many recovery codes the person has not used."""
    unused = RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def remove_second_factor(session: Session, person: Person) -> bool:
    """Let the person sign in without a second factor; whether they had one."""
    had = has_second_factor(person)
    person.totp_secret = person.totp_since = person.totp_last_step = None
    execute_update(session, delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    return had


def lock_anew(session: Session, vault: Vault) -> tuple[int, int]:
    """Lock all secrets with the present key; returns how many, and how many none of the keys opens."""
    renewed = lost = 0
    people: Sequence[Person] = session.scalars(
        select(Person).where(Person.totp_since.is_not(None)).with_for_update(key_share=True)
    ).all()
    for person in people:
        stored = person.totp_secret or ""
        secret = vault.open(stored)
        if secret is None:
            lost += 1
        elif not vault.is_current(stored):
            person.totp_secret = vault.lock(secret)
            renewed += 1
    return renewed, lost


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is; None if it is not one of the present ones."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            digits, for_time=now.timestamp(), valid_window=WINDOW
        )
    except OTPVerificationError:
        return None


def _new_code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
    return "-".join(letters[start : start + GROUP] for start in range(0, CODE_LENGTH, GROUP))


def _hash(code: str) -> str:
    """Of what was typed, in any case and with or without signs between."""
    plain = "".join(character for character in code.lower() if character in LETTERS)
    return hashlib.sha256(plain.encode()).hexdigest()
