"""The messages that a mail server gets at once, read with all that they are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from webapp.marketing.consent import address_hash
from webapp.marketing.links import Link, LinkKind, to_mark, to_token
from webapp.marketing.messages import list_of_message, with_its_parts
from webapp.marketing.transport import Letter, Sender
from webapp.models import Campaign, CampaignSend, Contact, MailingList, User
from webapp.models.campaign import MessageKind


@dataclass(frozen=True)
class Row:
    """One message, as it is stored."""

    message_id: int
    kind: str
    created_at: datetime
    attempts: int
    contact_id: int | None
    list_id: int | None
    list_name: str | None
    subject: str | None
    body: str | None
    email: str | None
    email_key: str | None
    first_name: str | None
    last_name: str | None
    user_email: str | None
    user_name: str | None
    is_sendable: bool


COLUMNS: tuple[Any, ...] = (
    CampaignSend.id,
    CampaignSend.kind,
    CampaignSend.created_at,
    CampaignSend.attempts,
    CampaignSend.contact_id,
    list_of_message(),
    MailingList.name,
    Campaign.subject,
    Campaign.body,
    Contact.email,
    Contact.email_key,
    Contact.first_name,
    Contact.last_name,
    User.email,
    User.name,
)


def read_round(
    session: Session, ids: Sequence[int], sendable: ColumnElement[bool], waiting: ColumnElement[bool]
) -> list[Row]:
    """Those of the messages `ids` that are still waiting, locked, in their order; without those that another
    transaction has locked."""
    query = (
        with_its_parts(*COLUMNS, sendable)
        .where(CampaignSend.id.in_(ids), waiting)
        .with_for_update(of=CampaignSend, key_share=True, skip_locked=True)
    )
    found = {row[0]: Row(*row) for row in session.execute(query)}
    return [found[message_id] for message_id in ids if message_id in found]


@dataclass(frozen=True)
class Taken:
    """A message in hand: the letter, and what its answer is written to."""

    letter: Letter
    taken_at: datetime
    attempts: int
    # Null for a test.
    contact_id: int | None
    list_id: int | None
    email_key: str | None

    @classmethod
    def of(cls, row: Row, sender: Sender, key: bytes, now: datetime) -> "Taken":
        """The message of a row, taken now; its links are signed with the workspace's key."""
        is_test = row.kind == MessageKind.TEST
        first_name, last_name = row.first_name or "", row.last_name or ""
        if is_test:
            first_name, last_name = split_name(row.user_name or "")
        unsubscribe, confirm = None, None
        if row.email_key is not None and not is_test:
            link = Link(sender.workspace_id, row.list_id, row.contact_id, address_hash(row.email_key))
            unsubscribe = to_token(LinkKind.UNSUBSCRIBE, link, key)
            if row.kind == MessageKind.CONFIRMATION:
                confirm = to_token(LinkKind.CONFIRM, link, key)
        letter = Letter(
            message_id=row.message_id,
            kind=row.kind,
            sender=sender,
            to_email=(row.user_email if is_test else row.email) or "",
            first_name=first_name,
            last_name=last_name,
            subject=row.subject or "",
            body=row.body or "",
            list_name=row.list_name or "",
            created_at=row.created_at,
            mark=to_mark(sender.workspace_id, row.message_id, key),
            unsubscribe_token=unsubscribe,
            confirm_token=confirm,
        )
        email_key = None if is_test else row.email_key
        return cls(letter, now, row.attempts, None if is_test else row.contact_id, row.list_id, email_key)


def split_name(name: str) -> tuple[str, str]:
    """First and last name of a user, who has one name only, for the text of a test."""
    first_name, _, last_name = name.partition(" ")
    return first_name, last_name
