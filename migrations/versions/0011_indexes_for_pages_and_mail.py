"""Indexes for the CRM's own pages and for messages. On PostgreSQL each is built while others write, and a
migration that was killed begins again.

Revision ID: 0011
Revises: 0010
"""

from dataclasses import dataclass

from webapp.migrating import beside_others, build_index, drop_index

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Index:
    name: str
    table: str
    columns: tuple[str, ...]
    where: str | None = None


LIVE = "deleted_at IS NULL"
NEW = (
    Index(
        "ix_contact_by_name",
        "contact",
        ("workspace_id", "first_name", "last_name", "id"),
        f"{LIVE} AND first_name >= ''",
    ),
    Index(
        "ix_subscription_status",
        "subscription",
        ("list_id", "status", "contact_id"),
        "status <> 'subscribed'",
    ),
    Index("ix_contact_live_account", "contact", ("account_id", "id"), LIVE),
    *(
        Index(f"ix_{table}_by_name", table, ("workspace_id", "name_key", "id"), LIVE)
        for table in ("account", "mailing_list", "tag")
    ),
    Index("ix_deal_stage", "deal", ("workspace_id", "stage", "id")),
    Index("ix_automation_run_recent", "automation_run", ("automation_id", "id")),
    Index("ix_automation_run_caused_by_id", "automation_run", ("caused_by_id",)),
    Index("ix_campaign_automation_id", "campaign", ("automation_id",)),
    Index("ix_campaign_send_state", "campaign_send", ("workspace_id", "state", "id")),
    Index("ix_campaign_send_list_id", "campaign_send", ("list_id",)),
    Index("ix_campaign_send_user_id", "campaign_send", ("user_id",)),
    Index(
        "ix_campaign_send_due",
        "campaign_send",
        ("workspace_id", "due_at", "id"),
        "state = 'pending' AND taken_at IS NULL",
    ),
    Index(
        "ix_campaign_send_in_hand",
        "campaign_send",
        ("taken_at",),
        "state = 'pending' AND taken_at IS NOT NULL",
    ),
    Index("ix_suppression_recent", "suppression", ("workspace_id", "id")),
    Index("ix_suppression_contact_id", "suppression", ("contact_id",), "contact_id IS NOT NULL"),
)
# Each has got a column more behind the old one.
LONGER = (
    Index("ix_subscription_list_id", "subscription", ("list_id", "contact_id")),
    Index("ix_contact_tag_tag_id", "contact_tag", ("tag_id", "contact_id")),
    Index("ix_campaign_send_workspace_id", "campaign_send", ("workspace_id", "id")),
    Index("ix_deal_workspace_id", "deal", ("workspace_id", "id")),
)
OBSOLETE = (
    Index("ix_automation_run_automation_id", "automation_run", ("automation_id",)),
    Index("ix_campaign_send_pending", "campaign_send", ("due_at",), "state = 'pending'"),
)


def build(index: Index, columns: tuple[str, ...] | None = None) -> None:
    """Build the index, perhaps with other columns."""
    build_index(index.name, index.table, columns or index.columns, where=index.where)


def upgrade() -> None:
    with beside_others():
        for index in NEW + LONGER:
            build(index)
        for index in OBSOLETE:
            drop_index(index.name, index.table)


def downgrade() -> None:
    with beside_others():
        for index in OBSOLETE:
            build(index)
        for index in LONGER:
            build(index, index.columns[:1])
        for index in NEW:
            drop_index(index.name, index.table)
