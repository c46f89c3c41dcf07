"""The first tables: the whole data model.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite assigns row ids only in a column declared INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "workspace",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspace"),
    )
    op.create_table(
        "account",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("deleted_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_account_workspace_id"),
    )
    op.create_index(
        "uq_account_live_name",
        "account",
        ["workspace_id", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "app_user",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_app_user"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_app_user_workspace_id"),
        sa.UniqueConstraint("email", name="uq_app_user_email"),
    )
    op.create_index(
        "ix_app_user_workspace_id",
        "app_user",
        ["workspace_id"],
    )
    op.create_table(
        "deal",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("value", sa.Numeric(14, 2), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("stage", sa.String(60), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("deleted_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deal"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_deal_workspace_id"),
        sa.CheckConstraint("status IN ('open', 'won', 'lost')", name=op.f("ck_deal_status")),
    )
    op.create_index(
        "ix_deal_workspace_id",
        "deal",
        ["workspace_id"],
    )
    op.create_table(
        "mailing_list",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("deleted_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mailing_list"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_mailing_list_workspace_id"),
    )
    op.create_index(
        "uq_mailing_list_live_name",
        "mailing_list",
        ["workspace_id", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "tag",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("deleted_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tag"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_tag_workspace_id"),
    )
    op.create_index(
        "uq_tag_live_name",
        "tag",
        ["workspace_id", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "user_group",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_group"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_user_group_workspace_id"),
        sa.UniqueConstraint("workspace_id", "name", name="uq_user_group_workspace_id_name"),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_event"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_audit_event_user_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_audit_event_workspace_id"),
    )
    op.create_index(
        "ix_audit_event_recent",
        "audit_event",
        ["workspace_id", "at", "id"],
    )
    op.create_index(
        "ix_audit_event_user_id",
        "audit_event",
        ["user_id"],
    )
    op.create_table(
        "automation",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("trigger", sa.String(16), nullable=False),
        sa.Column("list_id", Id, nullable=True),
        sa.Column("tag_id", Id, nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_automation"),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name="fk_automation_list_id"),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name="fk_automation_tag_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_automation_workspace_id"),
        sa.CheckConstraint("trigger IN ('subscribed', 'tag_added')", name=op.f("ck_automation_trigger")),
    )
    op.create_index(
        "ix_automation_list_id",
        "automation",
        ["list_id"],
    )
    op.create_index(
        "ix_automation_tag_id",
        "automation",
        ["tag_id"],
    )
    op.create_index(
        "ix_automation_workspace_id",
        "automation",
        ["workspace_id"],
    )
    op.create_table(
        "campaign",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("list_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_campaign"),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name="fk_campaign_list_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_campaign_workspace_id"),
    )
    op.create_index(
        "ix_campaign_list_id",
        "campaign",
        ["list_id"],
    )
    op.create_index(
        "ix_campaign_workspace_id",
        "campaign",
        ["workspace_id"],
    )
    op.create_table(
        "deletion",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("number", Id, nullable=True),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("contact_count", sa.Integer(), nullable=False),
        sa.Column("in_bin", sa.Integer(), nullable=False),
        sa.Column("completed_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deletion"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_deletion_user_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_deletion_workspace_id"),
        sa.UniqueConstraint("workspace_id", "number", name="uq_deletion_workspace_id_number"),
    )
    op.create_index(
        "ix_deletion_recent",
        "deletion",
        ["workspace_id", "created_at"],
    )
    op.create_index(
        "ix_deletion_user_id",
        "deletion",
        ["user_id"],
    )
    op.create_table(
        "group_membership",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("group_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "group_id", name="pk_group_membership"),
        sa.ForeignKeyConstraint(["group_id"], ["user_group.id"], name="fk_group_membership_group_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_group_membership_user_id"),
    )
    op.create_index(
        "ix_group_membership_group_id",
        "group_membership",
        ["group_id"],
    )
    op.create_table(
        "restore_job",
        sa.Column("id", Id, nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("requested_by", Id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("undo_of", Id, nullable=True),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("scope_hash", sa.String(64), nullable=False),
        sa.Column("scope_words", sa.String(500), nullable=False),
        sa.Column("as_of", Moment, nullable=False),
        sa.Column("through_number", Id, nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", Moment, nullable=False),
        sa.Column("rung_at", Moment, nullable=False),
        sa.Column("claims_since_progress", sa.Integer(), nullable=False),
        sa.Column("cursor_deleted_at", Moment, nullable=True),
        sa.Column("cursor_id", Id, nullable=True),
        sa.Column("restored", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("started_at", Moment, nullable=True),
        sa.Column("finished_at", Moment, nullable=True),
        sa.Column("cancel_requested_at", Moment, nullable=True),
        sa.Column("why", sa.String(300), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_restore_job"),
        sa.ForeignKeyConstraint(["requested_by"], ["app_user.id"], name="fk_restore_job_requested_by"),
        sa.ForeignKeyConstraint(["undo_of"], ["restore_job.id"], name="fk_restore_job_undo_of"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_restore_job_workspace_id"),
        sa.CheckConstraint("kind IN ('ids', 'filters')", name=op.f("ck_restore_job_kind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'cancelled', 'failed')",
            name=op.f("ck_restore_job_state"),
        ),
        sa.UniqueConstraint("uuid", name="uq_restore_job_uuid"),
        sa.UniqueConstraint(
            "workspace_id", "idempotency_key", name="uq_restore_job_workspace_id_idempotency_key"
        ),
    )
    op.create_index(
        "ix_restore_job_recent",
        "restore_job",
        ["workspace_id", "id"],
    )
    op.create_index(
        "ix_restore_job_requested_by",
        "restore_job",
        ["requested_by"],
    )
    op.create_index(
        "ix_restore_job_undo_of",
        "restore_job",
        ["undo_of"],
    )
    op.create_index(
        "uq_restore_job_active",
        "restore_job",
        ["workspace_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "suppression",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("list_id", Id, nullable=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suppression"),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name="fk_suppression_list_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_suppression_workspace_id"),
        sa.CheckConstraint(
            "reason IN ('unsubscribe', 'bounce', 'complaint')", name=op.f("ck_suppression_reason")
        ),
    )
    op.create_index(
        "ix_suppression_address",
        "suppression",
        ["workspace_id", "address_hash"],
    )
    op.create_index(
        "ix_suppression_list_id",
        "suppression",
        ["list_id"],
    )
    op.create_table(
        "contact",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("email_key", sa.String(254), nullable=True),
        sa.Column("first_name", sa.String(120), nullable=False),
        sa.Column("last_name", sa.String(120), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", Moment, nullable=True),
        sa.Column("deletion_id", Id, nullable=True),
        sa.Column("restore_job_id", Id, nullable=True),
        sa.Column("merged_into_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_contact_account_id"),
        sa.ForeignKeyConstraint(["deletion_id"], ["deletion.id"], name="fk_contact_deletion_id"),
        sa.ForeignKeyConstraint(["merged_into_id"], ["contact.id"], name="fk_contact_merged_into_id"),
        sa.ForeignKeyConstraint(["restore_job_id"], ["restore_job.id"], name="fk_contact_restore_job_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_contact_workspace_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_contact_account_id",
        "contact",
        ["account_id"],
    )
    op.create_index(
        "ix_contact_bin",
        "contact",
        ["workspace_id", "deleted_at", "id"],
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_contact_deletion_id",
        "contact",
        ["deletion_id"],
    )
    op.create_index(
        "ix_contact_live",
        "contact",
        ["workspace_id", "created_at", "id"],
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_contact_merged_into_id",
        "contact",
        ["merged_into_id"],
        sqlite_where=sa.text("merged_into_id IS NOT NULL"),
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        "ix_contact_restore_job_id",
        "contact",
        ["restore_job_id"],
        sqlite_where=sa.text("restore_job_id IS NOT NULL"),
        postgresql_where=sa.text("restore_job_id IS NOT NULL"),
    )
    op.create_index(
        "uq_contact_live_email",
        "contact",
        ["workspace_id", "email_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "restore_outcome",
        sa.Column("job_id", Id, nullable=False, autoincrement=False),
        sa.Column("contact_id", Id, nullable=False, autoincrement=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("other_contact_id", Id, nullable=True),
        sa.Column("detail", sa.String(300), nullable=True),
        sa.PrimaryKeyConstraint("job_id", "contact_id", name="pk_restore_outcome"),
        sa.ForeignKeyConstraint(["job_id"], ["restore_job.id"], name="fk_restore_outcome_job_id"),
        sa.CheckConstraint(
            "outcome IN ('restored', 'skipped', 'failed')",
            name=op.f("ck_restore_outcome_outcome"),
        ),
    )
    op.create_index(
        "ix_restore_outcome_not_restored",
        "restore_outcome",
        ["job_id", "contact_id"],
        sqlite_where=sa.text("outcome <> 'restored'"),
        postgresql_where=sa.text("outcome <> 'restored'"),
    )
    op.create_table(
        "automation_run",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("automation_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("ended_why", sa.String(40), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_automation_run"),
        sa.ForeignKeyConstraint(["automation_id"], ["automation.id"], name="fk_automation_run_automation_id"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_automation_run_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_automation_run_workspace_id"),
        sa.CheckConstraint(
            "state IN ('queued', 'waiting', 'running', 'done', 'ended')",
            name=op.f("ck_automation_run_state"),
        ),
    )
    op.create_index(
        "ix_automation_run_automation_id",
        "automation_run",
        ["automation_id"],
    )
    op.create_index(
        "ix_automation_run_contact_id",
        "automation_run",
        ["contact_id"],
    )
    op.create_index(
        "ix_automation_run_due",
        "automation_run",
        ["due_at"],
        sqlite_where=sa.text("state IN ('queued', 'waiting')"),
        postgresql_where=sa.text("state IN ('queued', 'waiting')"),
    )
    op.create_index(
        "ix_automation_run_workspace_id",
        "automation_run",
        ["workspace_id"],
    )
    op.create_table(
        "contact_search",
        sa.Column("contact_id", Id, nullable=False, autoincrement=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contact_search"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_contact_search_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_contact_search_workspace_id"),
    )
    op.create_index(
        "ix_contact_search_workspace_id",
        "contact_search",
        ["workspace_id"],
    )
    op.create_table(
        "contact_tag",
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("tag_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "tag_id", name="pk_contact_tag"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_contact_tag_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name="fk_contact_tag_tag_id"),
    )
    op.create_index(
        "ix_contact_tag_tag_id",
        "contact_tag",
        ["tag_id"],
    )
    op.create_table(
        "deal_contact",
        sa.Column("id", Id, nullable=False),
        sa.Column("deal_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("attached_at", Moment, nullable=False),
        sa.Column("detached_at", Moment, nullable=True),
        sa.Column("detached_by_deletion_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deal_contact"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_deal_contact_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name="fk_deal_contact_deal_id"),
        sa.ForeignKeyConstraint(
            ["detached_by_deletion_id"], ["deletion.id"], name="fk_deal_contact_detached_by_deletion_id"
        ),
        sa.CheckConstraint(
            "(detached_at IS NULL) = (detached_by_deletion_id IS NULL)",
            name=op.f("ck_deal_contact_detached_by_a_deletion"),
        ),
        sa.UniqueConstraint("deal_id", "contact_id", name="uq_deal_contact_deal_id_contact_id"),
    )
    op.create_index(
        "ix_deal_contact_contact_id",
        "deal_contact",
        ["contact_id"],
    )
    op.create_index(
        "ix_deal_contact_detached_by_deletion_id",
        "deal_contact",
        ["detached_by_deletion_id"],
        sqlite_where=sa.text("detached_by_deletion_id IS NOT NULL"),
        postgresql_where=sa.text("detached_by_deletion_id IS NOT NULL"),
    )
    op.create_index(
        "uq_deal_contact_primary",
        "deal_contact",
        ["deal_id"],
        unique=True,
        sqlite_where=sa.text("is_primary AND detached_at IS NULL"),
        postgresql_where=sa.text("is_primary AND detached_at IS NULL"),
    )
    op.create_table(
        "subscription",
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("list_id", Id, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "list_id", name="pk_subscription"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_subscription_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name="fk_subscription_list_id"),
        sa.CheckConstraint(
            "status IN ('subscribed', 'bounced', 'unsubscribed', 'unconfirmed')",
            name=op.f("ck_subscription_status"),
        ),
    )
    op.create_index(
        "ix_subscription_list_id",
        "subscription",
        ["list_id"],
    )
    op.create_table(
        "campaign_send",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("automation_run_id", Id, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("sent_at", Moment, nullable=True),
        sa.Column("ended_why", sa.String(40), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_send"),
        sa.ForeignKeyConstraint(
            ["automation_run_id"], ["automation_run.id"], name="fk_campaign_send_automation_run_id"
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_campaign_send_campaign_id"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_campaign_send_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name="fk_campaign_send_workspace_id"),
        sa.CheckConstraint("state IN ('pending', 'sent', 'ended')", name=op.f("ck_campaign_send_state")),
    )
    op.create_index(
        "ix_campaign_send_automation_run_id",
        "campaign_send",
        ["automation_run_id"],
    )
    op.create_index(
        "ix_campaign_send_campaign_id",
        "campaign_send",
        ["campaign_id"],
    )
    op.create_index(
        "ix_campaign_send_contact_id",
        "campaign_send",
        ["contact_id"],
    )
    op.create_index(
        "ix_campaign_send_pending",
        "campaign_send",
        ["due_at"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_campaign_send_workspace_id",
        "campaign_send",
        ["workspace_id"],
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.create_index(
            "ix_contact_search_text",
            "contact_search",
            ["text"],
            postgresql_using="gin",
            postgresql_ops={"text": "gin_trgm_ops"},
        )


def downgrade() -> None:

    op.drop_table("campaign_send")
    op.drop_table("subscription")
    op.drop_table("deal_contact")
    op.drop_table("contact_tag")
    op.drop_table("contact_search")
    op.drop_table("automation_run")
    op.drop_table("restore_outcome")
    op.drop_table("contact")
    op.drop_table("suppression")
    op.drop_table("restore_job")
    op.drop_table("group_membership")
    op.drop_table("deletion")
    op.drop_table("campaign")
    op.drop_table("automation")
    op.drop_table("audit_event")
    op.drop_table("user_group")
    op.drop_table("tag")
    op.drop_table("mailing_list")
    op.drop_table("deal")
    op.drop_table("app_user")
    op.drop_table("account")
    op.drop_table("workspace")
