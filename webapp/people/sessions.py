"""Sessions: from signing in with a browser to signing out. The database has them, so that they can be ended.

The browser has a random key, and the database the key's hash: reading the table signs no one in. Everything
that writes runs in the caller's write transaction, if it does not say otherwise.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, bindparam, delete, select, type_coerce, update
from sqlalchemy.orm import Session, joinedload

from webapp.clock import SERVER_CLOCK, read_clock
from webapp.database import execute_returning, execute_update, write_transaction, write_without_waiting
from webapp.models import SignIn, User, UserGroup, UtcDateTime
from webapp.models.audit_event import Action, SessionsEnded, record_visit

# OWASP Session Management: a session ends when it is not used, and in any case after some hours.
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
# The last use is stored at most this often.
NOTED_EVERY = timedelta(minutes=1)
# What a browser says about itself can be longer than anything useful in it.
BROWSER_LENGTH = 200

_user = joinedload(SignIn.user)
# Each request asks for it: building it anew would take longer than the database does.
_FOUND = (
    select(SignIn)
    .options(
        joinedload(SignIn.person),
        _user.joinedload(User.workspace),
        _user.joinedload(User.groups).joinedload(UserGroup.rights),
        _user.undefer(User.has_other_accounts),
    )
    .where(SignIn.key_hash == bindparam("key_hash"))
)
# A subquery, so that it is read once: the groups of the user make several rows of one.
_FOUND_WITH_CLOCK = _FOUND.add_columns(select(type_coerce(SERVER_CLOCK, UtcDateTime)).scalar_subquery())


def begin(
    session: Session, person_id: int, user_id: int | None, now: datetime, *, proved: bool, browser: str
) -> tuple[SignIn, str]:
    """Begin a session of the person; returns its row and the browser's key."""
    key = _new_key()
    sign_in = SignIn(
        key_hash=_hash(key),
        person_id=person_id,
        user_id=user_id,
        began_at=now,
        seen_at=now,
        proved_at=now if proved else None,
        browser=browser[:BROWSER_LENGTH],
    )
    session.add(sign_in)
    session.flush()
    if user_id:
        _see(session, user_id, now)
    return sign_in, key


def find(session: Session, key: str) -> tuple[SignIn, datetime] | None:
    """The session with this key, if it is still open, and the time; one statement.

    It comes with its person and its user, and what every page asks about the user: account, groups, rights.
    Its row is detached: what has been read stays readable after the transaction.
    """
    on_server = session.get_bind().dialect.name == "postgresql"
    found = session.execute(_FOUND_WITH_CLOCK if on_server else _FOUND, {"key_hash": _hash(key)})
    row = found.unique().one_or_none()
    if row is None:
        return None
    sign_in, read_at = row if on_server else (row[0], read_clock(session))
    session.expunge(sign_in)
    return (sign_in, read_at) if is_open(sign_in, read_at) else None


def is_open(sign_in: SignIn, now: datetime) -> bool:
    """Whether the session is not too old, has been used lately, and its user is active."""
    return (
        now < sign_in.began_at + LONGEST
        and now < sign_in.seen_at + IDLE
        and (sign_in.user is None or sign_in.user.is_active)
    )


def note_use(engine: Engine, sign_in: SignIn, now: datetime) -> None:
    """Store that the session is used, at most once a minute. Never waits: if another transaction is in the
    way, the next request stores it."""
    if now - sign_in.seen_at < NOTED_EVERY:
        return
    free = (
        select(SignIn.id)
        .where(SignIn.id == sign_in.id, SignIn.seen_at <= now - NOTED_EVERY)
        .with_for_update(skip_locked=True)
    )
    if write_without_waiting(engine, update(SignIn).where(SignIn.id.in_(free)).values(seen_at=now)):
        # For the list of users. It stays when the session ends.
        row = select(User.id).where(User.id == sign_in.user_id).with_for_update(skip_locked=True)
        write_without_waiting(engine, update(User).where(User.id.in_(row)).values(seen_at=now))


def renew(session: Session, sign_in_id: int) -> str:
    """Give the session a new key, and return it: a copy of the old one is good for nothing."""
    key = _new_key()
    _change(session, sign_in_id, key_hash=_hash(key))
    return key


def prove(session: Session, sign_in_id: int, now: datetime) -> str:
    """The second factor was right: from now on the session is good for everything. Returns its new key."""
    key = _new_key()
    _change(session, sign_in_id, key_hash=_hash(key), proved_at=now)
    return key


def choose(session: Session, sign_in_id: int, user_id: int) -> None:
    """The person works as this one of their users from now on."""
    _change(session, sign_in_id, user_id=user_id)
    _see(session, user_id, read_clock(session))


def end(session: Session, sign_in_id: int) -> None:
    """End one session."""
    execute_update(session, delete(SignIn).where(SignIn.id == sign_in_id))


def end_all(session: Session, person_id: int, *, but: int | None = None) -> int:
    """End all sessions of the person, except the one with the id `but`; returns how many.

    For a changed password. The session that stays needs a new key (`renew`): the old one may be copied.
    """
    ended = delete(SignIn).where(SignIn.person_id == person_id)
    return execute_update(session, ended if but is None else ended.where(SignIn.id != but))


def end_all_of_user(session: Session, user_id: int) -> int:
    """End the sessions in which the person works as this user; returns how many.

    For a user who is disabled or enabled: this account does not end sessions in the person's other ones.
    """
    return execute_update(session, delete(SignIn).where(SignIn.user_id == user_id))


def end_old(session: Session) -> int:
    """Erase the sessions that have ended by themselves; returns how many. Commits."""
    is_over = _is_over(read_clock(session))
    if session.scalar(select(SignIn.id).where(is_over).limit(1)) is None:
        # Looking is a read. The write lock is only for where there is something to write.
        return 0
    with write_transaction(session):
        return execute_update(session, delete(SignIn).where(is_over))


def open_sessions(session: Session, person_id: int, now: datetime, *, limit: int) -> Sequence[SignIn]:
    """The person's open sessions with their accounts, last used first."""
    found = (
        select(SignIn)
        .options(joinedload(SignIn.user).joinedload(User.workspace))
        .where(SignIn.person_id == person_id, ~_is_over(now))
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
        .limit(limit)
    )
    return session.scalars(found).all()


def end_own(
    session: Session,
    person_id: int,
    sign_in_id: int | None,
    *,
    but: int,
    now: datetime,
    network_address: str | None,
) -> int:
    """End one session of the person, or with None all but `but`, at their own wish; returns how many.

    A session of another person is not among them. The audit log of each account records those in it.
    """
    theirs = delete(SignIn).where(SignIn.person_id == person_id, SignIn.id != but)
    if sign_in_id is not None:
        theirs = theirs.where(SignIn.id == sign_in_id)
    ended = Counter(execute_returning(session, theirs.returning(SignIn.user_id)))
    accounts = select(User.id, User.workspace_id).where(User.id.in_(filter(None, ended)))
    for user_id, workspace_id in session.execute(accounts):
        record_visit(
            session,
            accounts=[(workspace_id, user_id)],
            at=now,
            action=Action.SESSIONS_ENDED,
            network_address=network_address,
            sessions=ended[user_id],
            why=SessionsEnded.BY_USER,
        )
    return ended.total()


def _is_over(now: datetime) -> ColumnElement[bool]:
    return (SignIn.began_at <= now - LONGEST) | (SignIn.seen_at <= now - IDLE)


def _see(session: Session, user_id: int, now: datetime) -> None:
    execute_update(session, update(User).where(User.id == user_id).values(seen_at=now))


def _change(session: Session, sign_in_id: int, **values: object) -> None:
    execute_update(session, update(SignIn).where(SignIn.id == sign_in_id).values(**values))


def _new_key() -> str:
    return secrets.token_urlsafe(32)


def _hash(key: str) -> str:
    """The key has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
