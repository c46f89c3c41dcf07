"""The main navigation: which pages a user can go to from everywhere."""

from dataclasses import dataclass

from flask import Flask
from flask_login import current_user

from webapp.web.access import Access


@dataclass(frozen=True)
class Entry:
    """A page in the navigation. A template that sets `here` to its endpoint marks it as the current one."""

    endpoint: str
    label: str
    icon: str
    access: Access = Access.SIGNED_IN


# In the order of the page; the groups have space between them.
GROUPS = (
    (Entry("overview", "Contacts", "contacts"),),
    (
        Entry("lists", "Lists", "mail"),
        Entry("tags", "Tags", "tag"),
        Entry("accounts", "Accounts", "account"),
        Entry("deals", "Deals", "deal"),
    ),
    (
        Entry("automations", "Automations", "automation", Access.CAMPAIGNS),
        Entry("campaigns", "Campaigns", "campaign", Access.CAMPAIGNS),
        Entry("outbox", "Outbox", "outbox", Access.CAMPAIGNS),
        Entry("suppressed", "Suppressed", "ban", Access.CAMPAIGNS),
    ),
    (
        Entry("restores", "Restores", "restore", Access.MAY_RESTORE),
        Entry("jobs", "Jobs", "jobs", Access.JOBS),
        Entry("audit_log", "Audit log", "list", Access.MAY_RESTORE),
    ),
    (
        Entry("users", "Users", "user", Access.ADMINS),
        Entry("settings", "Settings", "settings", Access.SETTINGS),
    ),
    # About the person, and not the account.
    (Entry("security", "Security", "key"), Entry("sessions", "Sessions", "lock")),
)


def init_navigation(app: Flask) -> None:
    """Let templates call `navigation()`: the entries of the signed-in user, in groups."""
    app.context_processor(lambda: {"navigation": _navigation})


def _navigation() -> list[list[Entry]]:
    admitted = [[entry for entry in group if entry.access.admits(current_user)] for group in GROUPS]
    return [group for group in admitted if group]
