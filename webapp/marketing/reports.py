"""Late bounces and complaints: delivery status notifications (RFC 3464) and abuse reports (RFC 5965).

They arrive as e-mail, which everyone can write. So a report counts only if it returns what only the one who
got our message can know: its signed `Message-ID` or its unsubscribe link.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update
from webapp.marketing.consent import address_hash
from webapp.marketing.links import Link, LinkKind, read_mark, read_token
from webapp.marketing.messages import list_of_message
from webapp.marketing.refusals import Refused, bounce, complain
from webapp.marketing.transport import Fate
from webapp.models import Campaign, CampaignSend, Contact
from webapp.models.campaign import SendState

# A text that is longer is no report.
LONGEST = 20 * 1024 * 1024
_LINK = re.compile(r"/u/([A-Za-z0-9_-]{96})")
# The line before each message of an mbox: a sender and a time, which ends with the year.
_FROM_LINE = re.compile(rb"^From \S+ [^\r\n]* \d{4}\r?\n", re.MULTILINE)


class Read(StrEnum):
    """What a text turned out to be, and what was done."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    KNOWN = "known"
    # Delayed, delivered, or refused by rules that say nothing about the address.
    NO_REFUSAL = "no_refusal"
    # A report about a message that is not ours, or that is returned without what proves it.
    NOT_OURS = "not_ours"
    NO_REPORT = "no_report"


@dataclass(frozen=True)
class Report:
    """A report, as far as it concerns us: `returned` is the message that it returns, or its headers."""

    is_complaint: bool
    is_refusal: bool
    recipient: str
    returned: str


def split(data: bytes) -> Iterator[bytes]:
    """The messages of an mbox file, or the one message that `data` is."""
    if not _FROM_LINE.match(data):
        yield data
        return
    starts = [found for found in _FROM_LINE.finditer(data) if _begins_message(data, found.start())]
    ends = [found.start() for found in starts[1:]] + [len(data)]
    for found, end in zip(starts, ends, strict=True):
        yield data[found.end() : end]


def _begins_message(data: bytes, at: int) -> bool:
    return at == 0 or data[:at].endswith((b"\n\n", b"\r\n\r\n"))


def parse(data: bytes) -> Report | None:
    """The report that a message is; None if it is none."""
    if len(data) > LONGEST:
        return None
    try:
        message = message_from_bytes(data, policy=default)
        if message.get_content_type() != "multipart/report":
            return None
        parts = [part for part in message.walk() if isinstance(part, EmailMessage)]
        kind = next((part for part in parts if part.get_content_type() in READERS), None)
        returned = next((part for part in parts if part.get_content_type() in RETURNED), None)
        if kind is None:
            return None
        is_complaint, is_refusal, recipient = READERS[kind.get_content_type()](kind)
        return Report(is_complaint, is_refusal, recipient, _text(returned) if returned is not None else "")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # The library reads almost everything, and trips over a few broken headers.
        return None


def _read_delivery(part: Message) -> tuple[bool, bool, str]:
    """Per recipient: `Action: failed` and a status of 5, but not 5.7, which is about rules."""
    for block in _blocks(part):
        action, status = str(block.get("Action", "")).lower(), str(block.get("Status", "")).strip()
        if action.startswith("failed") and status.startswith("5") and not status.startswith("5.7."):
            recipient = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
            return False, True, recipient.rpartition(";")[2].strip()
    return False, False, ""


def _read_feedback(part: Message) -> tuple[bool, bool, str]:
    fields = next(iter(_blocks(part)), None)
    kind = str(fields.get("Feedback-Type", "")).strip().lower() if fields is not None else ""
    return True, kind in ("abuse", "fraud", "opt-out", "opt-out-list", "other", "virus"), ""


def _blocks(part: Message) -> Iterator[Message]:
    """The blocks of fields in a part, which the parser knows for one of the two kinds only."""
    payload = part.get_payload()
    if isinstance(payload, list):
        for inner in payload:
            if not isinstance(inner, Message):
                continue
            text = inner.get_payload()
            if inner.keys():
                yield inner
            elif isinstance(text, str):
                yield message_from_bytes(text.strip().encode("utf-8", "replace"), policy=default)
    elif isinstance(payload, str):
        yield message_from_bytes(payload.strip().encode("utf-8", "replace"), policy=default)


READERS = {"message/delivery-status": _read_delivery, "message/feedback-report": _read_feedback}
RETURNED = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")


def _text(part: Message) -> str:
    """A returned part, with folded lines joined: a link may be broken anywhere after a space."""
    payload = part.get_payload(decode=True) if not part.is_multipart() else None
    text = payload if isinstance(payload, bytes) else part.as_bytes()
    joined = text.decode("utf-8", "replace").replace("\r\n", "\n").replace("=\n", "")
    return re.sub(r"\n[ \t]+", " ", joined)


def apply(session: Session, data: bytes, *, now: datetime) -> Read:
    """Read one message and do what follows, in the caller's write transaction. Done twice, it does nothing
    more."""
    report = parse(data)
    if report is None:
        return Read.NO_REPORT
    message_id = read_mark(session, report.returned)
    link = _link_of(session, report) or _link_by_message(session, message_id, report)
    if link is None:
        return Read.NOT_OURS
    if not report.is_refusal:
        return Read.NO_REFUSAL
    who = Refused(link.workspace_id, link.address_hash, link.contact_id)
    if report.is_complaint:
        return Read.COMPLAINED if complain(session, who, now=now) else Read.KNOWN
    if message_id is not None:
        execute_update(
            session,
            update(CampaignSend)
            .where(CampaignSend.id == message_id, CampaignSend.state == SendState.SENT)
            .values(state=SendState.ENDED, ended_why=Fate.BOUNCED.value),
        )
    return Read.BOUNCED if bounce(session, who, list_id=link.list_id, now=now) else Read.KNOWN


def _link_of(session: Session, report: Report) -> Link | None:
    for token in _LINK.findall(report.returned):
        if link := read_token(session, LinkKind.UNSUBSCRIBE, token):
            return link
    return None


def _link_by_message(session: Session, message_id: int | None, report: Report) -> Link | None:
    """What the message's link would say, where only its `Message-ID` was returned. Its contact may have got
    another address since: the report must name the one that it has."""
    if message_id is None:
        return None
    found = session.execute(
        select(CampaignSend.workspace_id, list_of_message(), Contact.id, Contact.email_key, Contact.email)
        .join(Contact, Contact.id == CampaignSend.contact_id)
        .outerjoin(Campaign, Campaign.id == CampaignSend.campaign_id)
        .where(CampaignSend.id == message_id)
    ).one_or_none()
    if found is None:
        return None
    workspace_id, list_id, contact_id, email_key, email = found
    if email_key is None or report.recipient.lower() not in (email_key, str(email).lower()):
        return None
    return Link(workspace_id, list_id, contact_id, address_hash(email_key))
