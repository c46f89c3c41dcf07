"""`flask campaigns send`: sends a campaign to its list."""

import click
from flask.cli import with_appcontext
from sqlalchemy import select, update

from webapp.cli.database import Refusal, check_database, chosen_workspace, shown
from webapp.cli.ringing import ring_for_due
from webapp.clock import read_clock
from webapp.database import execute_update, write_transaction
from webapp.extensions import db
from webapp.marketing.campaigns import send_campaign
from webapp.models import Campaign
from webapp.words.numbers import counted


@click.group("campaigns")
def campaigns_group() -> None:
    """Campaigns of a workspace."""


@campaigns_group.command("send")
@click.argument("name")
@click.option("--workspace", "workspace_name", help="Whose campaign.  [default: the first workspace]")
@with_appcontext
def send(name: str, workspace_name: str | None) -> None:
    """Send the campaign NAME to the subscribed contacts of its list.

    The worker sends it. Sent again, it reaches only contacts that were subscribed since.
    """
    session = db.session()
    check_database(session)
    workspace_id = chosen_workspace(session, workspace_name).id
    campaign_id = session.scalar(
        select(Campaign.id)
        .where(
            Campaign.workspace_id == workspace_id,
            Campaign.name == name,
            Campaign.deleted_at.is_(None),
            Campaign.automation_id.is_(None),
        )
        .order_by(Campaign.id)
        .limit(1)
    )
    if campaign_id is None:
        raise Refusal(f"There is no campaign “{shown(name)}”. Nothing was changed.")
    with write_transaction(session):
        now = read_clock(session)
        queued = send_campaign(session, workspace_id=workspace_id, campaign_id=campaign_id, now=now)
        if queued:
            # Its text does not change any more (docs/adr/0024).
            first = update(Campaign).where(Campaign.id == campaign_id, Campaign.sent_at.is_(None))
            execute_update(session, first.values(sent_at=now))
    click.echo(f"{counted(queued, 'message')} queued.")
    ring_for_due()
