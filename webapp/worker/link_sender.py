"""Sending the messages with links that work once, and those that tell a person of a change to their sign-in:
soon, one at a time, each at most once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import structlog
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.mail_settings import MailServer
from webapp.marketing.sending import Pace
from webapp.marketing.transport import SERVER_TROUBLE, Answer, Fate
from webapp.people.link_mail import LINKS, LinkMail, anything_to_mail, make_requested, take
from webapp.people.outgoing import Outgoing
from webapp.people.security_mail import NOTICES, NoticeMail, take_notice
from webapp.words.link_messages import text_of_link
from webapp.words.security_messages import text_of_notice
from webapp.worker.compose import Composed, NotComposed, put_together
from webapp.worker.one_time import link_address
from webapp.worker.smtp import Connection, Patience

log = structlog.get_logger()
Mail = TypeVar("Mail")

# How often a long round of other messages looks whether a link waits, in seconds.
LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Sort(Generic[Mail]):
    """One sort of these messages: where it waits, how one is taken, and what it becomes. `compose` raises
    NotComposed."""

    waiting: Outgoing
    take: Callable[[Session, int, datetime], Mail | None]
    compose: Callable[[Mail], Composed]


class LinkSender:
    """The way of these messages to the mail server. Close it at the end."""

    def __init__(
        self, server: MailServer, public_url: str, from_address: str | None, patience: Patience, pace: Pace
    ) -> None:
        self._connection = Connection(server, patience)
        self._public_url, self._pace = public_url, pace
        self._site = urlsplit(public_url).hostname or ""
        self._from = from_address or f"no-reply@{self._site}"

    def send_due(self, session: Session, should_stop: Callable[[], bool]) -> int:
        """Make the links that were asked for, and send what is due, until none is, the server is in
        trouble or `should_stop` returns True. Returns how many the server has answered for."""
        while make_requested(session, read_clock(session)):
            pass
        answered = 0
        # A person waits for a link.
        for sort in (Sort(LINKS, take, self._link), Sort(NOTICES, take_notice, self._notice)):
            more, goes_on = self._send_all(session, should_stop, sort)
            answered += more
            if not goes_on:
                break
        session.rollback()
        return answered

    def give_way(self, session: Session, should_stop: Callable[[], bool]) -> Callable[[], bool]:
        """A function that says whether to stop, or a link waits; it looks once a second at most."""
        look_at, found = monotonic() + LOOK_SECONDS, False

        def stop() -> bool:
            nonlocal look_at, found
            if not found and monotonic() >= look_at:
                look_at = monotonic() + LOOK_SECONDS
                found = anything_to_mail(session, read_clock(session))
                session.rollback()
            return found or should_stop()

        return stop

    def close(self) -> None:
        """Take leave of the server."""
        self._connection.close()

    def _send_all(
        self, session: Session, should_stop: Callable[[], bool], sort: "Sort[Any]"
    ) -> tuple[int, bool]:
        """How many the server has answered for, and whether it takes further ones now."""
        answered = 0
        while ids := sort.waiting.due(session, read_clock(session)):
            for row_id in ids:
                if should_stop():
                    return answered, False
                mail = sort.take(session, row_id, read_clock(session))
                if mail is None:
                    continue
                answer = self._send(row_id, mail, sort)
                answered += 1
                if not self._write(session, row_id, answer, sort.waiting):
                    return answered, False
        return answered, True

    def _link(self, mail: LinkMail) -> Composed:
        address = link_address(self._public_url, mail.purpose, mail.link_id, mail.nonce)
        return put_together(
            text_of_link(mail, address, self._site),
            # It says nothing about the link's nonce.
            message_id=f"l.{mail.link_id}.{mail.created_at.timestamp():.0f}@{self._site}",
            date=mail.created_at,
            sender=("", self._from),
            to=(mail.to_name, mail.to_email),
        )

    def _notice(self, mail: NoticeMail) -> Composed:
        return put_together(
            text_of_notice(mail, self._site),
            message_id=f"n.{mail.notice_id}.{mail.created_at.timestamp():.0f}@{self._site}",
            date=mail.created_at,
            sender=("", self._from),
            to=("", mail.to_email),
        )

    def _send(self, row_id: int, mail: Any, sort: "Sort[Any]") -> Answer:
        try:
            return self._connection.send(sort.compose(mail))
        except NotComposed as error:
            log.error("not_composed", table=sort.waiting.name, row=row_id, why=str(error))
            return Answer(Fate.NOT_COMPOSED)

    def _write(self, session: Session, row_id: int, answer: Answer, waiting: Outgoing) -> bool:
        """Write what became of it. Returns False if the server takes no other one now."""
        if answer.fate in (Fate.SENT, Fate.UNKNOWN):
            return True
        log.warning("mail_not_sent", table=waiting.name, row=row_id, fate=answer.fate.value, code=answer.code)
        now = read_clock(session)
        if answer.fate in SERVER_TROUBLE or answer.fate == Fate.BROKEN:
            again_at = now + timedelta(seconds=self._pace.first_pause)
            waiting.put_back(session, row_id, again_at)
            for each in (LINKS, NOTICES):
                each.postpone(session, now, again_at)
            return False
        later = now + timedelta(seconds=self._pace.first_retry) if answer.fate == Fate.LATER else None
        waiting.put_back(session, row_id, later)
        return True
