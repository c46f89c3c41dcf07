"""Messages by a real worker and a mail server that hangs: nothing else waits for it, and a killed process
sends nothing twice."""

import os
import signal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_list, subscribe
from tests.factories.people import World, new_world
from tests.support.deployment import Deployment
from tests.support.marketing import Marketing
from tests.support.processes import children, is_running, wait_until
from tests.support.sent import name_sender
from tests.support.smtp_server import END, smtp_server
from webapp.clock import read_clock
from webapp.marketing.campaigns import send_campaign
from webapp.marketing.sending import Pace, end_lost
from webapp.models import CampaignSend
from webapp.models.campaign import SendState

MESSAGES = 6


def write_messages(deployment: Deployment) -> World:
    """A workspace with a campaign that is due."""
    with deployment.writing() as session:
        world = new_world(session)
        name_sender(session, world)
        news = new_list(session, world)
        for _ in range(MESSAGES):
            subscribe(session, new_contact(session, world), news, "subscribed")
        campaign = Marketing(session, world).campaign(news)
        campaign.subject = campaign.body = "Hello"
        session.flush()
        send_campaign(session, workspace_id=world.id, campaign_id=campaign.id, now=read_clock(session))
        session.commit()
    return world


def count(deployment: Deployment, world: World, state: SendState) -> int:
    with Session(deployment.engine) as session:
        mine = CampaignSend.workspace_id == world.id, CampaignSend.state == state
        return session.scalar(select(func.count()).where(*mine)) or 0


def test_a_server_that_hangs_holds_up_no_restore_and_a_killed_sender_sends_nothing_twice(
    deployment: Deployment,
) -> None:
    world = write_messages(deployment)
    with (
        smtp_server(hangs_at=END) as server,
        deployment.worker(
            SMTP_URL=server.url,
            PUBLIC_URL="https://crm.example",
            SMTP_CONNECTIONS="2",
            # It is killed long before it gives up waiting.
            TIME_SCALE="1",
        ) as worker,
    ):
        wait_until(lambda: worker.child("restore") is not None)
        deployment.doorbell.ring_for_mail()
        wait_until(server.is_hanging.is_set)
        wait_until(lambda: len(server.received) == 2)

        job_id = deployment.start_job(10)
        deployment.check_that_all_came_back_once(job_id, 10)

        assert count(deployment, world, SendState.PENDING) == MESSAGES
        parent = worker.child("mail")
        assert parent is not None
        killed = children(parent)
        for horse in killed:
            os.kill(horse, signal.SIGKILL)
        # Another message may wait, so that the next horse hangs at once; it is let go as well.
        wait_until(lambda: not any(is_running(horse) for horse in killed))
        server.hangs_at = None
        server.let_go.set()
        # The next one sends the others; the two in hand are left alone.
        deployment.doorbell.ring_for_mail()
        wait_until(lambda: count(deployment, world, SendState.SENT) == MESSAGES - 2)
    with deployment.writing() as session:
        assert end_lost(session, Pace(lost=0)) == 2

    assert count(deployment, world, SendState.ENDED) == 2
    assert len(set(server.message_ids)) == len(server.message_ids) == MESSAGES
