"""Sending the messages with links that work once: soon, one at a time, each at most once."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from urllib.parse import urlsplit

import structlog
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.mail_settings import MailServer
from webapp.marketing.sending import Pace
from webapp.marketing.transport import SERVER_TROUBLE, Answer, Fate
from webapp.people.link_mail import (
    LinkMail,
    anything_to_mail,
    due_links,
    make_requested,
    postpone,
    put_back,
    take,
)
from webapp.words.link_messages import text_of_link
from webapp.worker.compose import NotComposed, put_together
from webapp.worker.one_time import link_address
from webapp.worker.smtp import Connection, Patience

log = structlog.get_logger()

# How often a long round of other messages looks whether a link waits, in seconds.
LOOK_SECONDS = 1.0


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
        """Make the links that were asked for, and send those that are due, until none is, the server is in
        trouble or `should_stop` returns True. Returns how many the server has answered for."""
        while make_requested(session, read_clock(session)):
            pass
        answered = 0
        while ids := due_links(session, read_clock(session)):
            for link_id in ids:
                if should_stop():
                    return answered
                mail = take(session, link_id, read_clock(session))
                if mail is None:
                    continue
                answer = self._send(mail)
                answered += 1
                if not self._write(session, mail, answer):
                    return answered
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

    def _send(self, mail: LinkMail) -> Answer:
        address = link_address(self._public_url, mail.purpose, mail.link_id, mail.nonce)
        try:
            composed = put_together(
                text_of_link(mail, address, self._site),
                # It says nothing about the link's nonce.
                message_id=f"l.{mail.link_id}.{mail.created_at.timestamp():.0f}@{self._site}",
                date=mail.created_at,
                sender=("", self._from),
                to=(mail.to_name, mail.to_email),
            )
        except NotComposed as error:
            log.error("not_composed", link=mail.link_id, why=str(error))
            return Answer(Fate.NOT_COMPOSED)
        return self._connection.send(composed)

    def _write(self, session: Session, mail: LinkMail, answer: Answer) -> bool:
        """Write what became of it. Returns False if the server takes no other one now."""
        if answer.fate in (Fate.SENT, Fate.UNKNOWN):
            return True
        log.warning("link_not_sent", link=mail.link_id, fate=answer.fate.value, code=answer.code)
        now = read_clock(session)
        if answer.fate in SERVER_TROUBLE or answer.fate == Fate.BROKEN:
            again_at = now + timedelta(seconds=self._pace.first_pause)
            put_back(session, mail.link_id, again_at)
            postpone(session, now, again_at)
            return False
        later = now + timedelta(seconds=self._pace.first_retry) if answer.fate == Fate.LATER else None
        put_back(session, mail.link_id, later)
        return True
