"""The audit log: written in the transaction of the action, and never changed, as triggers of both databases
see to (migration 0014). It holds ids, codes and counts; a text that can name a person is a `PrivateText`,
which is erased after the window (docs/adr/0021, docs/adr/0039).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    String,
    cast,
    column,
    insert,
    literal,
    table,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, foreign, mapped_column, relationship

from webapp.models.base import Base, BigId, UtcDateTime
from webapp.models.private_text import PrivateText


class Action(StrEnum):
    """What the audit log records beside jobs. `webapp.words.audit` has a sentence for each."""

    CONTACTS_DELETED = "contacts.deleted"
    CONTACTS_IMPORTED = "contacts.imported"
    # Two live contacts turned out to have one address; this one stays without its key.
    ADDRESS_SHARED = "contact.address_shared"
    LIST_CREATED = "mailing_list.created"
    TAG_CREATED = "tag.created"
    ACCOUNT_CREATED = "account.created"
    DEAL_CREATED = "deal.created"
    DEAL_EDITED = "deal.edited"
    LIST_RENAMED = "mailing_list.renamed"
    TAG_RENAMED = "tag.renamed"
    ACCOUNT_RENAMED = "account.renamed"
    # Two live ones turned out to have one name; this one has got a number behind it.
    LIST_NUMBERED = "mailing_list.numbered"
    TAG_NUMBERED = "tag.numbered"
    ACCOUNT_NUMBERED = "account.numbered"
    LIST_DELETED = "mailing_list.deleted"
    TAG_DELETED = "tag.deleted"
    ACCOUNT_DELETED = "account.deleted"
    DEAL_DELETED = "deal.deleted"
    CAMPAIGN_MADE = "campaign.made"
    CAMPAIGN_CHANGED = "campaign.changed"
    CAMPAIGN_SENT = "campaign.sent"
    CAMPAIGN_DELETED = "campaign.deleted"
    AUTOMATION_MADE = "automation.made"
    AUTOMATION_CHANGED = "automation.changed"
    AUTOMATION_STARTED = "automation.started"
    AUTOMATION_PAUSED = "automation.paused"
    AUTOMATION_RUNS_ENDED = "automation.runs_ended"
    AUTOMATION_DELETED = "automation.deleted"
    # A contact's status on a list, by hand.
    STATUS_CHANGED = "mailing_list.status_changed"
    EXPORT_DOWNLOADED = "export.downloaded"
    SETTINGS_CHANGED = "settings.changed"
    RIGHTS_CHANGED = "rights.changed"
    # Files that pages write while they are read (webapp/web/downloads.py).
    AUDIT_DOWNLOADED = "audit.downloaded"
    PLAN_DOWNLOADED = "plan.downloaded"
    REJECTED_DOWNLOADED = "rejected_rows.downloaded"

    # Signing in. The subject is the user, "app_user:7"; the user who acted is the same one, or null for what
    # a visitor does (VISITORS). Written by `record_visit`, which knows the network address.
    # `with`: "password", "second_factor" or "recovery_code".
    SIGNED_IN = "user.signed_in"
    # `why`: a member of `Refused`. Once for each attempt that was examined, not for one that a limit refused
    # before: a stranger cannot fill the log.
    SIGN_IN_REFUSED = "user.sign_in_refused"
    # `why`: "many_attempts". Once when a limit begins to refuse.
    SIGN_IN_LIMITED = "user.sign_in_limited"
    # The same of a password or a code that is asked for again in a session, before its sign-in is changed.
    PROMPT_REFUSED = "user.prompt_refused"
    SIGNED_OUT = "user.signed_out"
    RESET_REQUESTED = "user.reset_requested"
    # `sessions`: how many; `why`: a member of `SessionsEnded`.
    SESSIONS_ENDED = "user.sessions_ended"
    # `how`: "changed", "reset", "invitation" or "command".
    PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 (a code)
    SECOND_FACTOR_ADDED = "user.second_factor_added"
    # By the user, or by an Admin or a command for a user who has lost it.
    SECOND_FACTOR_REMOVED = "user.second_factor_removed"
    RECOVERY_CODES_MADE = "user.recovery_codes_made"

    # A user asked for what their groups do not allow. `route`: its name, never the address. At most once an
    # hour for each user and route (webapp/audit/refusals.py). The subject is the user.
    ACCESS_REFUSED = "access.refused"

    # Users of an account. The subject is the user whom it is about, "app_user:7".
    USER_ADDED = "user.added"
    USER_INVITED = "user.invited"
    INVITATION_WITHDRAWN = "user.invitation_withdrawn"
    # The invitation was accepted.
    USER_JOINED = "user.joined"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    # `group`: the id of the group; one event for each.
    GROUP_JOINED = "user.group_joined"
    GROUP_LEFT = "user.group_left"
    USER_RENAMED = "user.renamed"
    # Groups of an account. The subject is the group, "user_group:7".
    GROUP_CREATED = "user_group.created"
    GROUP_RENAMED = "user_group.renamed"
    GROUP_DELETED = "user_group.deleted"


class Refused(StrEnum):
    """Why a sign-in, or what was typed at a prompt, was refused, as the audit log records it. The page of
    signing in says the same in each case."""

    UNKNOWN = "unknown"
    PASSWORD = "password"  # noqa: S105 (a code)
    NO_PASSWORD = "no_password"  # noqa: S105 (a code)
    DISABLED = "disabled"
    SECOND_FACTOR = "second_factor"


class SessionsEnded(StrEnum):
    """Why sessions of a user have ended."""

    BY_USER = "by_user"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (a code)
    SECOND_FACTOR_ADDED = "second_factor_added"
    USER_DISABLED = "user_disabled"


# What is done by a visitor who is not signed in.
VISITORS = (Action.SIGN_IN_REFUSED, Action.SIGN_IN_LIMITED, Action.RESET_REQUESTED)


class JobAct(StrEnum):
    """What the audit log records of a job of any kind. Three are the names of its final states."""

    REQUESTED = "requested"
    LINED_UP = "lined_up"
    PROMOTED = "promoted"
    CANCEL_REQUESTED = "cancel_requested"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    # A runner was silent until its lease ran out, or died: `why`. Another one takes the job over.
    LEASE_LOST = "lease_lost"


JobAction = NewType("JobAction", str)


def job_action(kind: str, act: JobAct) -> JobAction:
    """The action `act` of a job of this kind: "restore.requested"."""
    return JobAction(f"{kind}.{act}")


EVENTS_NAME = "audit_event"


def subject_of_event(
    event_id: ColumnElement[int] | InstrumentedAttribute[int],
) -> ColumnElement[str]:
    """`AuditEvent.private_subject` in a statement."""
    return literal(f"{EVENTS_NAME}:") + cast(event_id, String)


class AuditEvent(Base):
    __tablename__ = EVENTS_NAME
    __table_args__ = (
        Index("ix_audit_event_recent", "workspace_id", "at", "id"),
        # A rare action among a million events.
        Index("ix_audit_event_action", "workspace_id", "action", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # Null for what belongs to no account: a sign-in with an address that no user has. `flask audit` shows it.
    workspace_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("workspace.id"))
    # Null for an action of the system, or of a visitor.
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(60))
    # The table and id of what the action was about: "restore_job:12".
    subject: Mapped[str] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    # A text about this event that can name a person, as long as it is kept.
    private: Mapped[PrivateText | None] = relationship(
        primaryjoin=lambda: foreign(PrivateText.subject) == subject_of_event(AuditEvent.id), viewonly=True
    )

    @property
    def private_subject(self) -> str:
        """What the private text about this event is called."""
        return f"{EVENTS_NAME}:{self.id}"


def record(
    session: Session,
    *,
    workspace_id: int,
    user_id: int | None,
    at: datetime,
    action: Action | JobAction,
    subject: str,
    private: str | None = None,
    **detail: Any,
) -> None:
    """Record an action, in the transaction that performs it: both are committed, or neither.

    `detail` holds ids, codes and counts. A text that can name a person is `private`.
    """
    event = AuditEvent(
        workspace_id=workspace_id, user_id=user_id, at=at, action=str(action), subject=subject, detail=detail
    )
    session.add(event)
    if private is not None:
        session.flush()
        session.add(
            PrivateText(subject=event.private_subject, workspace_id=workspace_id, text=private, created_at=at)
        )


def record_visit(
    session: Session,
    *,
    accounts: Collection[tuple[int | None, int | None]],
    at: datetime,
    action: Action,
    network_address: str | None,
    **detail: Any,
) -> None:
    """Record what a person did at the door: signing in and out, and all that comes before a session.

    :param accounts: the accounts that it concerns, each as the ids of the workspace and of the person's user
        in it. An event stands in each of them, because none learns of another. Where there are none, because
        no user has the address, one event stands in no account; the typed address is kept nowhere
    :param network_address: where the visitor's request came from; None for a command. It is personal data, so
        it is a private text, erased with the others. That text belongs to no account: it names no contact
    """
    for workspace_id, user_id in accounts or ((None, None),):
        event = AuditEvent(
            workspace_id=workspace_id,
            user_id=None if action in VISITORS else user_id,
            at=at,
            action=str(action),
            subject=f"app_user:{user_id or 0}",
            detail=detail,
        )
        session.add(event)
        if network_address is not None:
            session.flush()
            session.add(PrivateText(subject=event.private_subject, text=network_address, created_at=at))


# For migrations, too: only the columns that the first one made, however much the model has moved on.
EVENTS = table(
    EVENTS_NAME,
    *(column(name) for name in ("workspace_id", "action", "subject")),
    column("at", UtcDateTime()),
    column("detail", JSON()),
)


def record_all(
    connection: Connection,
    *,
    workspace_id: int,
    at: datetime,
    action: Action,
    details: Mapping[str, Mapping[str, Any]],
) -> None:
    """Record an action of the system on several subjects, each with its detail, in the transaction that
    performs it."""
    rows = [
        {"workspace_id": workspace_id, "at": at, "action": str(action), "subject": subject, "detail": detail}
        for subject, detail in details.items()
    ]
    if rows:
        connection.execute(insert(EVENTS), rows)
