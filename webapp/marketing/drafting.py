"""Writing campaigns: making, changing, trying, sending and deleting one. `campaigns` makes their messages.

A campaign's text is plain text. It does not change once the campaign has been sent, so that the outbox shows
what contacts have read.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace
from webapp.marketing.campaigns import mailable, send_campaign
from webapp.models import Automation, Campaign, CampaignSend, Contact, MailingList
from webapp.models.audit_event import Action, record
from webapp.models.campaign import MessageKind, SendState


@dataclass(frozen=True)
class Draft:
    """What a person types of a campaign."""

    name: str
    subject: str = ""
    body: str = ""
    list_id: int | None = None


class NotWritten(Exception):
    """Nothing was changed; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# The codes. The campaign has been deleted, or is of another workspace.
GONE = "gone"
# Another person has changed it since the form was opened.
CHANGED = "changed"
ALREADY_SENT = "already_sent"
# It has no subject, no text or no list.
INCOMPLETE = "incomplete"
# No contact of the list may be written to.
NO_RECIPIENT = "no_recipient"


def own_campaign(session: Session, workspace_id: int, campaign_id: int) -> Campaign | None:
    """The workspace's campaign, unless it is deleted or the text of an automation's step."""
    return session.scalar(
        select(Campaign)
        .where(
            Campaign.id == campaign_id,
            Campaign.workspace_id == workspace_id,
            Campaign.deleted_at.is_(None),
            Campaign.automation_id.is_(None),
        )
        .execution_options(populate_existing=True)
    )


def make_campaign(session: Session, draft: Draft, *, workspace_id: int, by: int, now: datetime) -> int:
    """Make a campaign, in the caller's write transaction, and return its id. The caller has checked that each
    text fits. A list that is deleted or of another workspace counts as none."""
    lock_workspace(session, workspace_id)
    values = asdict(draft) | {"list_id": live_list(session, workspace_id, draft.list_id)}
    campaign = Campaign(workspace_id=workspace_id, created_at=now, **values)
    session.add(campaign)
    session.flush()
    record_act(session, campaign, Action.CAMPAIGN_MADE, by, now)
    return campaign.id


def change_campaign(
    session: Session,
    campaign_id: int,
    draft: Draft,
    *,
    version: int,
    workspace_id: int,
    by: int,
    now: datetime,
) -> bool:
    """Change a campaign that has not been sent, in the caller's write transaction; return whether it differs.

    `version` is the one that the person has seen. Raises NotWritten: GONE, ALREADY_SENT, CHANGED.
    """
    campaign = _locked(session, campaign_id, workspace_id)
    values = asdict(draft) | {"list_id": live_list(session, workspace_id, draft.list_id)}
    if not rewrite(campaign, values, version=version):
        return False
    record_act(session, campaign, Action.CAMPAIGN_CHANGED, by, now)
    session.flush()
    return True


def rewrite(text: Campaign, values: Mapping[str, Any], *, version: int) -> bool:
    """Write these values into a text that the person has seen at `version`; return whether it differs. Raises
    NotWritten: ALREADY_SENT, CHANGED."""
    if all(getattr(text, name) == value for name, value in values.items()):
        return False
    if text.sent_at is not None:
        raise NotWritten(ALREADY_SENT)
    if text.version != version:
        raise NotWritten(CHANGED)
    for name, value in values.items():
        setattr(text, name, value)
    text.version += 1
    return True


def recipients(session: Session, campaign: Campaign, *, most: int) -> int:
    """How many contacts the campaign would go to now; `most` + 1 if there are more than `most`."""
    found = select(Contact.id).join(Campaign, Campaign.workspace_id == Contact.workspace_id)
    some = found.where(Campaign.id == campaign.id, mailable()).limit(most + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def launch(
    session: Session, campaign_id: int, *, version: int, workspace_id: int, by: int, now: datetime
) -> int:
    """Send the campaign to its list, once, in the caller's write transaction; return how many messages wait.

    Two people, or two clicks, send it once: the second is told. Raises NotWritten: GONE, ALREADY_SENT,
    CHANGED, INCOMPLETE, NO_RECIPIENT.
    """
    campaign = _locked(session, campaign_id, workspace_id)
    if campaign.sent_at is not None:
        raise NotWritten(ALREADY_SENT)
    if campaign.version != version:
        raise NotWritten(CHANGED)
    if not is_complete(session, campaign):
        raise NotWritten(INCOMPLETE)
    count = send_campaign(session, workspace_id=workspace_id, campaign_id=campaign_id, now=now)
    if count == 0:
        raise NotWritten(NO_RECIPIENT)
    campaign.sent_at = now
    campaign.version += 1
    record_act(session, campaign, Action.CAMPAIGN_SENT, by, now, messages=count)
    session.flush()
    return count


def try_out(session: Session, campaign_id: int, *, workspace_id: int, user_id: int, now: datetime) -> None:
    """Write a message with the campaign's text to the user, in the caller's write transaction.

    Raises NotWritten: GONE, INCOMPLETE.
    """
    campaign = _locked(session, campaign_id, workspace_id)
    if not (campaign.subject and campaign.body):
        raise NotWritten(INCOMPLETE)
    message = {
        "workspace_id": workspace_id,
        "kind": MessageKind.TEST,
        "campaign_id": campaign_id,
        "user_id": user_id,
        "state": SendState.PENDING,
        "due_at": now,
        "created_at": now,
    }
    session.execute(insert(CampaignSend), [message])


def delete_campaign(session: Session, campaign_id: int, *, workspace_id: int, by: int, now: datetime) -> bool:
    """Delete a campaign, in the caller's write transaction: it is hidden, and its waiting messages end.

    Returns whether it was there; a second call changes nothing.
    """
    lock_workspace(session, workspace_id)
    campaign = own_campaign(session, workspace_id, campaign_id)
    if campaign is None:
        return False
    campaign.deleted_at = now
    ended = execute_update(
        session,
        update(CampaignSend)
        .where(CampaignSend.campaign_id == campaign_id, CampaignSend.state == SendState.PENDING)
        .values(state=SendState.ENDED, ended_why="campaign_deleted"),
    )
    record_act(session, campaign, Action.CAMPAIGN_DELETED, by, now, ended=ended)
    session.flush()
    return True


def is_complete(session: Session, campaign: Campaign) -> bool:
    """Whether it has what a message needs: a subject, a text and a live list."""
    has_list = live_list(session, campaign.workspace_id, campaign.list_id) is not None
    return bool(campaign.subject and campaign.body) and has_list


def live_list(session: Session, workspace_id: int, list_id: int | None) -> int | None:
    """The id, if the workspace has this list and it is not deleted."""
    return session.scalar(
        select(MailingList.id).where(
            MailingList.id == list_id,
            MailingList.workspace_id == workspace_id,
            MailingList.deleted_at.is_(None),
        )
    )


def _locked(session: Session, campaign_id: int, workspace_id: int) -> Campaign:
    lock_workspace(session, workspace_id)
    campaign = own_campaign(session, workspace_id, campaign_id)
    if campaign is None:
        raise NotWritten(GONE)
    return campaign


def record_act(
    session: Session, row: Campaign | Automation, action: Action, by: int, now: datetime, **counts: Any
) -> None:
    """Record what a person did with a campaign or an automation."""
    record(
        session,
        workspace_id=row.workspace_id,
        user_id=by,
        at=now,
        action=Action(action),
        subject=f"{row.__tablename__}:{row.id}",
        **counts,
    )
