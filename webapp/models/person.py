"""Persons, who sign in, and what proves that they are the ones.

A person has one address and one password, and a user (`webapp/models/user.py`) in each of their accounts.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId
from webapp.models.choice import choice


class Person(Base):
    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    # Null until the person has chosen a password.
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_changed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # The second factor (RFC 6238): the shared secret, and since when it is required. The last time step whose
    # code was accepted: a code is accepted once.
    totp_secret: Mapped[str | None] = mapped_column(String(200))
    totp_since: Mapped[datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigId)


class RecoveryCode(Base):
    """A code that replaces one code of the second factor, once. Only its hash is stored."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class SignIn(Base):
    """A session of a person in one browser, from signing in to signing out. The browser has a random key;
    the database has its hash."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    # In which of their accounts the person works. Null while they have not chosen one.
    user_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("app_user.id", ondelete="CASCADE"), index=True
    )
    began_at: Mapped[datetime] = mapped_column(index=True)
    # The last use, written at most once a minute. Polling is not use.
    seen_at: Mapped[datetime]
    # Null while the second factor is still asked for: until then the session is good for nothing else.
    proved_at: Mapped[datetime | None]
    # The browser's own words for itself, shortened.
    browser: Mapped[str] = mapped_column(String(200), default="", server_default="")


class Purpose(StrEnum):
    """What a link is for that is used once."""

    RESET = "reset"
    # Also the first password of the first admin.
    INVITATION = "invitation"


class OneTimeLink(Base):
    """A link that works once and for a while. Its token is signed and is not stored: it names the row and its
    nonce."""

    __tablename__ = "one_time_link"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    nonce: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[Purpose] = mapped_column(choice(Purpose, "purpose"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    # Of an invitation, the user who it makes active.
    user_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("app_user.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    # When the mail server took the message with the link. Null also where no message is sent.
    sent_at: Mapped[datetime | None]
