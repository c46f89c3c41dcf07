"""The outbox: a workspace's messages, the newest first; and why they wait, if they all do."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.contacts.keyset import Keyset, Page, Place
from webapp.marketing.messages import with_its_parts
from webapp.models import Campaign, CampaignSend, Contact, MailingList, MailTrouble, User
from webapp.models.campaign import SendState

NEWEST_FIRST = Keyset(CampaignSend.id)


@dataclass(frozen=True)
class Message:
    """A message with those whom it concerns; `contact` and `user` are None where there is none."""

    send: CampaignSend
    contact: Contact | None
    user: User | None
    campaign: Campaign | None
    mailing_list: MailingList | None


def read_messages(
    session: Session,
    workspace_id: int,
    state: SendState | None,
    *,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """One page of messages, perhaps only those of one state. Each row is what `Message` takes."""
    ids = select(CampaignSend.id).where(CampaignSend.workspace_id == workspace_id)
    if state is not None:
        ids = ids.where(CampaignSend.state == state)
    rows = with_its_parts(CampaignSend, Contact, User, Campaign, MailingList)
    return NEWEST_FIRST.read(session, rows, NEWEST_FIRST.ids(ids), size=size, after=after, before=before)


def trouble_of(session: Session, workspace_id: int) -> MailTrouble | None:
    """Why the workspace's messages wait for the mail server; None if they do not."""
    return session.get(MailTrouble, workspace_id)
