"""Sending messages through a mail server, each at most once (docs/adr/0026-sending-e-mail.md).

*Take.*      A short transaction takes as many messages as the server gets at once (`taken_at`), each on the
             condition that it is still pending and may be sent, and commits.
*Send.*      The server gets them, outside of any transaction and without any lock.
*Write.*     The next transaction writes what became of them, and takes the next ones.
*Lost.*      A process that dies leaves those that it had in hand. It is not known whether they were sent, so
             they end as "unknown" and are never tried again.

No step waits for a lock: a message that a deletion is ending right now is passed over. So neither a restore
nor a deletion waits for the mail, and the mail does not wait for them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, case, delete, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.database import execute_update, lock_workspace, write_transaction
from webapp.marketing.consent import address_hash
from webapp.marketing.links import key_of
from webapp.marketing.messages import (
    SMTP,
    EndedWhy,
    due_ids,
    end_messages,
    sendable,
    waiting,
    workspaces_with_mail,
)
from webapp.marketing.refusals import Refused, bounce
from webapp.marketing.rounds import Taken, read_round
from webapp.marketing.transport import PAUSES, SERVER_TROUBLE, Answer, Fate, Sender, Transport
from webapp.models import CampaignSend, MailTrouble, Workspace
from webapp.models.base import is_in
from webapp.models.campaign import SendState

log = structlog.get_logger()

# So many messages of a workspace before it is another one's turn.
TURN = 500


@dataclass(frozen=True)
class Pace:
    """How long it takes until something is tried again. Times in seconds."""

    # After which a message in hand is lost: longer than any server is waited for.
    lost: float = 900.0
    # A message that the server refuses for now; doubled each time. The attempts end after a day.
    first_retry: float = 300.0
    longest_retry: float = 4 * 3600.0
    most_attempts: int = 12
    # A server that is away or refuses everything; doubled each time, for as long as it lasts.
    first_pause: float = 60.0
    longest_pause: float = 3600.0

    def retry(self, attempts: int) -> timedelta:
        return timedelta(seconds=min(self.first_retry * 2.0 ** (attempts - 1), self.longest_retry))

    def pause(self, tries: int) -> timedelta:
        return timedelta(seconds=min(self.first_pause * 2.0 ** (tries - 1), self.longest_pause))


def send_due(
    session: Session,
    transport: Transport,
    *,
    pace: Pace,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due, workspace by workspace in turns, until nothing is, the server is in trouble, or
    `should_stop` returns True. Returns how many messages the server has answered for."""
    total, failed = 0, set[int]()
    while True:
        before = total
        for workspace_id in workspaces_with_mail(session, read_clock(session), by_server=True):
            session.rollback()
            if workspace_id in failed:
                continue
            turn = _Turn(session, transport, workspace_id, pace, should_stop)
            try:
                turn.take_it()
            except Exception:
                # Its messages in hand end as lost, the others are due at the next ring. Other workspaces
                # continue.
                log.exception("mail_failed", workspace=workspace_id)
                session.rollback()
                failed.add(workspace_id)
            total += turn.answered
            if should_stop() or turn.trouble in SERVER_TROUBLE - {Fate.SENDER_REFUSED}:
                return total
        if total == before:
            session.rollback()
            return total


def end_lost(session: Session, pace: Pace) -> int:
    """End the messages that a process had in hand when it died; returns how many."""
    ids = lost(session, read_clock(session), pace)
    for message_id in ids:
        # One at a time: it waits for no second row while it has the first.
        with write_transaction(session):
            execute_update(
                session,
                update(CampaignSend)
                .where(CampaignSend.id == message_id, *_in_hand())
                .values(state=SendState.ENDED, ended_why=Fate.UNKNOWN.value),
            )
        log.warning("message_lost", message=message_id)
    return len(ids)


def lost(session: Session, now: datetime, pace: Pace) -> list[int]:
    """The ids of the messages that have been in hand for too long."""
    too_old = now - timedelta(seconds=pace.lost)
    return list(session.scalars(select(CampaignSend.id).where(*_in_hand(), CampaignSend.taken_at < too_old)))


def _in_hand() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return is_in(CampaignSend.state, SendState.PENDING), CampaignSend.taken_at.is_not(None)


@dataclass
class _Turn:
    """One workspace's turn."""

    session: Session
    transport: Transport
    workspace_id: int
    pace: Pace
    should_stop: Callable[[], bool]
    answered: int = 0
    # Why no further message is sent in this turn.
    trouble: Fate | None = None
    in_trouble_before: bool = False
    sender: Sender = field(init=False)
    key: bytes = field(init=False)

    def take_it(self) -> None:
        """Send up to TURN messages."""
        with write_transaction(self.session):
            self.key = key_of(self.session, self.workspace_id)
            workspace = self.session.get_one(Workspace, self.workspace_id)
            self.sender = Sender(
                workspace.id,
                workspace.sender_name or workspace.name,
                workspace.sender_email,
                workspace.postal_line,
            )
            trouble = select(MailTrouble.tries).where(MailTrouble.workspace_id == self.workspace_id)
            self.in_trouble_before = self.session.scalar(trouble) is not None
            ids = due_ids(self.session, self.workspace_id, read_clock(self.session), TURN)
        done: list[tuple[Taken, Answer]] = []
        while ids or done:
            # After trouble one message finds out whether it is over.
            breadth = 1 if self.in_trouble_before else self.transport.breadth
            if self.trouble or self.should_stop():
                ids = []
            batch, ids = ids[:breadth], ids[breadth:]
            taken = self._write_and_take(done, batch)
            answers = self.transport.send([each.letter for each in taken]) if taken else ()
            done = list(zip(taken, answers, strict=True))
            self.answered += len(done)
            self._notice(done)

    def _write_and_take(self, done: Sequence[tuple[Taken, Answer]], ids: Sequence[int]) -> list[Taken]:
        refused = [(taken, answer) for taken, answer in done if answer.fate == Fate.BOUNCED]
        for taken, answer in refused:
            self._bounce(taken, answer)
        with write_transaction(self.session):
            now = read_clock(self.session)
            left = self._write([pair for pair in done if pair not in refused], now)
            taken_now = self._take(ids, now) if ids else []
        for pair in left:
            # A deletion holds its row; alone, this can wait for it.
            with write_transaction(self.session):
                self._write([pair], read_clock(self.session), waits=True)
        return taken_now

    def _take(self, ids: Sequence[int], now: datetime) -> list[Taken]:
        rows = read_round(self.session, ids, sendable(), waiting(now))
        end_messages(
            self.session, [row.message_id for row in rows if not row.is_sendable], EndedWhy.NOT_MAILABLE
        )
        taken = [Taken.of(row, self.sender, self.key, now) for row in rows if row.is_sendable]
        if taken:
            mine = CampaignSend.id.in_([each.letter.message_id for each in taken])
            execute_update(self.session, update(CampaignSend).where(mine).values(taken_at=now))
        return taken

    def _write(
        self, done: Sequence[tuple[Taken, Answer]], now: datetime, *, waits: bool = False
    ) -> list[tuple[Taken, Answer]]:
        """Write what became of messages; returns those whose rows another transaction has locked."""
        if not done:
            return []
        ids = [taken.letter.message_id for taken, _ in done]
        locked = (
            select(CampaignSend.id)
            .where(CampaignSend.id.in_(ids))
            .with_for_update(key_share=True, skip_locked=not waits)
        )
        free = set(self.session.scalars(locked))
        alike: defaultdict[tuple[Fate, int | None, datetime, int], list[int]] = defaultdict(list)
        for taken, answer in done:
            if taken.letter.message_id in free:
                alike[answer.fate, answer.code, taken.taken_at, taken.attempts].append(
                    taken.letter.message_id
                )
        for (fate, code, taken_at, attempts), some in alike.items():
            execute_update(
                self.session,
                update(CampaignSend)
                .where(CampaignSend.id.in_(some), CampaignSend.taken_at == taken_at)
                .values(taken_at=None, reply=code, **self._outcome(fate, attempts + 1, now)),
            )
        return [pair for pair in done if pair[0].letter.message_id not in free]

    def _outcome(self, fate: Fate, attempts: int, now: datetime) -> dict[str, object]:
        """The columns of a message that has this fate. One that was ended while it was in hand stays ended,
        but for what is known better now."""
        if fate == Fate.SENT:
            sent = {"state": SendState.SENT, "sent_at": now, "transport": SMTP, "ended_why": None}
            return sent | {"attempts": attempts}
        if fate in SERVER_TROUBLE:
            return {}
        if fate in (Fate.LATER, Fate.BROKEN):
            if attempts < self.pace.most_attempts:
                return {"attempts": attempts, "due_at": now + self.pace.retry(attempts)}
            return {"attempts": attempts} | _ended_unless_it_is(EndedWhy.GAVE_UP)
        return {"state": SendState.ENDED, "ended_why": fate.value, "attempts": attempts}

    def _bounce(self, taken: Taken, answer: Answer) -> None:
        """The message and what follows from its bounce, in one transaction."""
        with write_transaction(self.session):
            lock_workspace(self.session, self.workspace_id)
            now = read_clock(self.session)
            if taken.email_key is not None:
                who = Refused(self.workspace_id, address_hash(taken.email_key), taken.contact_id)
                bounce(self.session, who, list_id=taken.list_id, now=now)
            self._write([(taken, answer)], now, waits=True)

    def _notice(self, done: Sequence[tuple[Taken, Answer]]) -> None:
        """Begin a pause if the server is in trouble; end one if it is not any more."""
        answer = next((answer for _, answer in done if answer.fate in PAUSES), None)
        if answer is not None:
            self.trouble = answer.fate
            with write_transaction(self.session):
                lock_workspace(self.session, self.workspace_id)
                now = read_clock(self.session)
                trouble = self.session.get(MailTrouble, self.workspace_id) or MailTrouble(
                    workspace_id=self.workspace_id, since=now, tries=0
                )
                trouble.reason, trouble.reply = answer.fate.value, answer.code
                trouble.tries += 1
                trouble.again_at = now + self.pace.pause(trouble.tries)
                self.session.add(trouble)
            log.warning("mail_waits", workspace=self.workspace_id, reason=answer.fate.value, code=answer.code)
        elif self.in_trouble_before and done:
            with write_transaction(self.session):
                over = delete(MailTrouble).where(MailTrouble.workspace_id == self.workspace_id)
                execute_update(self.session, over)
            self.in_trouble_before = False


def _ended_unless_it_is(why: EndedWhy) -> dict[str, object]:
    """A pending message ends; one that has ended keeps its reason."""
    pending = CampaignSend.state == SendState.PENDING
    return {
        "state": case((pending, SendState.ENDED), else_=CampaignSend.state),
        "ended_why": case((pending, why.value), else_=CampaignSend.ended_why),
    }
