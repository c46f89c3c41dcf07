"""Rows whose messages the worker sends, each at most once: links that work once, and notices."""

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update, write_transaction
from webapp.models import OneTimeLink, SecurityNotice

AT_ONCE = 50


class Outgoing:
    """The rows of a table, as long as they have not expired and `still` holds."""

    def __init__(self, table: type[OneTimeLink | SecurityNotice], *still: ColumnElement[bool]) -> None:
        self._table, self._still = table, still
        self.name = table.__tablename__

    def due(self, session: Session, now: datetime, *, most: int = AT_ONCE) -> list[int]:
        """The ids of some rows whose messages are due, oldest first."""
        due = select(self._table.id).where(*self._is_due(now)).order_by(self._table.id)
        return list(session.scalars(due.limit(most)))

    def take(self, session: Session, row_id: int, now: datetime) -> bool:
        """Take a row whose message is due, in the caller's write transaction: from its commit on the message
        counts as sent. False if another process was first, or the row is no longer to be sent."""
        here = self._table.id == row_id, *self._is_due(now)
        taken = update(self._table).where(*here).values(mail_at=None, sent_at=now)
        return bool(execute_update(session, taken))

    def put_back(self, session: Session, row_id: int, again_at: datetime | None) -> None:
        """The mail server has not got the message. It is due at `again_at`, or (None) never."""
        with write_transaction(session):
            here = self._table.id == row_id, *self._still
            execute_update(session, update(self._table).where(*here).values(sent_at=None, mail_at=again_at))

    def postpone(self, session: Session, now: datetime, until: datetime) -> None:
        """Let all messages that are due at `now` wait: the mail server takes none."""
        with write_transaction(session):
            waiting = self._table.mail_at <= now
            execute_update(session, update(self._table).where(waiting).values(mail_at=until))

    def _is_due(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        return self._table.mail_at <= now, self._table.expires_at > now, *self._still
