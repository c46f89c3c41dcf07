"""The tables, one aggregate a file. Importing this package adds all of them to the metadata."""

from webapp.models.account import Account
from webapp.models.audit_event import AuditEvent
from webapp.models.automation import Automation, AutomationRun
from webapp.models.base import Base, UtcDateTime
from webapp.models.campaign import Campaign, CampaignSend
from webapp.models.contact import NAMED, WINDOW, Contact, ContactSearch, days_left, live, restorable_until
from webapp.models.contact_note import ContactNote
from webapp.models.deal import Deal, DealContact, DealSearch
from webapp.models.deletion import Deletion
from webapp.models.import_line import ImportLine
from webapp.models.job import Job, JobBatch
from webapp.models.mail_trouble import MailTrouble
from webapp.models.mailing_list import NOT_SUBSCRIBED, MailingList, Subscription
from webapp.models.notice_seen import NoticeSeen
from webapp.models.person import OneTimeLink, Person, RecoveryCode, ResetRequest, SignIn
from webapp.models.private_text import PrivateText
from webapp.models.restore_link import RestoreLink
from webapp.models.restore_outcome import RestoreOutcome
from webapp.models.security_notice import SecurityNotice
from webapp.models.stored_file import StoredFile, StoredPart
from webapp.models.suppression import Suppression
from webapp.models.tag import ContactTag, Tag
from webapp.models.user import ADMIN, GroupMembership, GroupRight, Right, User, UserGroup
from webapp.models.worker_heartbeat import WorkerHeartbeat
from webapp.models.workspace import Workspace

__all__ = [
    "ADMIN",
    "NAMED",
    "NOT_SUBSCRIBED",
    "WINDOW",
    "Account",
    "AuditEvent",
    "Automation",
    "AutomationRun",
    "Base",
    "Campaign",
    "CampaignSend",
    "Contact",
    "ContactNote",
    "ContactSearch",
    "ContactTag",
    "Deal",
    "DealContact",
    "DealSearch",
    "Deletion",
    "GroupMembership",
    "GroupRight",
    "ImportLine",
    "Job",
    "JobBatch",
    "MailTrouble",
    "MailingList",
    "NoticeSeen",
    "OneTimeLink",
    "Person",
    "PrivateText",
    "RecoveryCode",
    "ResetRequest",
    "RestoreLink",
    "RestoreOutcome",
    "Right",
    "SecurityNotice",
    "SignIn",
    "StoredFile",
    "StoredPart",
    "Subscription",
    "Suppression",
    "Tag",
    "User",
    "UserGroup",
    "UtcDateTime",
    "WorkerHeartbeat",
    "Workspace",
    "days_left",
    "live",
    "restorable_until",
]
