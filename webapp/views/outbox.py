"""The outbox, and the suppressed addresses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.contacts import outbox as messages
from webapp.contacts import suppressed as addresses
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.extensions import db
from webapp.marketing.rounds import split_name
from webapp.models import CampaignSend, Right
from webapp.models.campaign import MessageKind, SendState
from webapp.web import browse
from webapp.web.browse import PAGE_SIZE, Listing
from webapp.words.contacts import name_of
from webapp.words.messages import subject_of
from webapp.words.outbox import KINDS, STATES, SUPPRESSED, reason_of, state_of, trouble_in_words
from webapp.worker.services import services

PILLS = {SendState.PENDING: "queued", SendState.SENT: "done", SendState.ENDED: "failed"}
DELETED, PURGED = "A deleted contact", "A contact that is no longer stored"


@dataclass(frozen=True)
class MessageRow:
    id: int
    # To whom.
    name: str
    email: str
    href: str | None
    subject: str
    kind: str
    state: str
    pill: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Outbox(Listing):
    """The account's messages, perhaps only those of one `state`."""

    page_template = "outbox/page.html"
    results_template = "outbox/_results.html"
    endpoint: ClassVar[str] = "outbox"
    noun: ClassVar[str] = "message"
    filters = ("state",)
    order: ClassVar[Keyset] = messages.NEWEST_FIRST

    now: datetime
    state: SendState | None = None
    state_error: str | None = None

    @classmethod
    def from_request(cls) -> "Outbox":
        """Read the filter of this request."""
        now, typed = read_clock(db.session()), request.args.get("state", "")
        try:
            return cls(now, SendState(typed) if typed else None)
        except ValueError:
            return cls(now, state_error="Choose a state from the list.")

    @property
    def states(self) -> list[tuple[str, str]]:
        """The choices of the filter."""
        return [(state.value, words) for state, words in STATES.items()]

    @property
    def errors(self) -> dict[str, str]:
        return {"state": self.state_error} if self.state_error else {}

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        page = messages.read_messages(
            db.session(), current_user.workspace_id, self.state, size=PAGE_SIZE, after=after, before=before
        )
        return page, Amount.on(page, PAGE_SIZE)

    def row(self, record: Any) -> MessageRow:
        message = messages.Message(*record)
        send = message.send
        name, email, href = _recipient(message)
        return MessageRow(
            id=send.id,
            name=name,
            email=email,
            href=href,
            subject=_subject(message),
            kind=KINDS[MessageKind(send.kind)] if send.kind in set(MessageKind) else send.kind,
            state=state_of(send),
            pill=PILLS[send.state],
            reason=reason_of(send),
            at=_moment(send),
        )

    def page_context(self) -> dict[str, object]:
        mail, workspace = services().mail, current_user.workspace
        trouble = messages.trouble_of(db.session(), workspace.id) if mail.server else None
        return {
            "has_server": mail.server is not None,
            "needs_public_url": mail.needs_public_url,
            "needs_sender": bool(mail.server and not (workspace.sender_email and workspace.postal_line)),
            "trouble": trouble,
            "trouble_words": trouble_in_words(trouble) if trouble else "",
            "may_set_up": current_user.may(Right.SETTINGS),
        }


def _moment(send: CampaignSend) -> datetime:
    """When it was sent, else when it was made."""
    return send.sent_at or send.created_at


def _recipient(message: messages.Message) -> tuple[str, str, str | None]:
    """Name, address and page of who gets the message. Nothing of a deleted contact is shown."""
    if message.user is not None:
        return message.user.name, message.user.email, None
    contact = message.contact
    if contact is None:
        return PURGED, "", None
    if not contact.is_live:
        return DELETED, "", None
    return name_of(contact), contact.email or "", url_for("contact", contact_id=contact.id)


def _subject(message: messages.Message) -> str:
    """The subject as its recipient gets it, with the name that they have now; without one if the contact is
    deleted."""
    campaign, mailing_list, contact = message.campaign, message.mailing_list, message.contact
    first_name, last_name = "", ""
    if message.user is not None:
        first_name, last_name = split_name(message.user.name)
    elif contact is not None and contact.is_live:
        first_name, last_name = contact.first_name, contact.last_name
    written = (campaign.subject or campaign.name) if campaign else ""
    list_name = mailing_list.name if mailing_list else ""
    return subject_of(message.send.kind, written, list_name, first_name, last_name)


@dataclass(frozen=True)
class AddressRow:
    id: int
    name: str
    email: str
    href: str | None
    mailing_list: str | None
    reason: str
    at: datetime


@dataclass(frozen=True)
class Suppressed(Listing):
    """The account's suppressed addresses."""

    page_template = "suppressed/page.html"
    results_template = "suppressed/_results.html"
    endpoint: ClassVar[str] = "suppressed"
    noun: ClassVar[str] = "suppressed address"
    filters = ()
    errors: ClassVar[dict[str, str]] = {}
    order: ClassVar[Keyset] = addresses.NEWEST_FIRST

    now: datetime

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        page = addresses.read_suppressed(
            db.session(), current_user.workspace_id, size=PAGE_SIZE, after=after, before=before
        )
        return page, Amount.on(page, PAGE_SIZE)

    def row(self, record: Any) -> AddressRow:
        found = addresses.suppressed_of(*record)
        suppression, holder = found.suppression, found.holder
        return AddressRow(
            id=suppression.id,
            name=name_of(holder) if holder else "An address that is no longer stored",
            email=(holder.email or "") if holder else "",
            href=url_for("contact", contact_id=holder.id) if holder else None,
            mailing_list=found.mailing_list.name if found.mailing_list else None,
            reason=SUPPRESSED[suppression.reason],
            at=suppression.at,
        )


def outbox() -> ResponseReturnValue:
    """The page, or for htmx its results."""
    return browse.show_page(Outbox.from_request())


def suppressed() -> ResponseReturnValue:
    """The page, or for htmx its results."""
    return browse.show_page(Suppressed(read_clock(db.session())))
