"""Sending messages into a local mail server that answers at once, alone and beside a restore."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_least, without_goal
from benchmarks.fill import Size
from benchmarks.restoring import PATIENCE, start_all
from benchmarks.stage import Databases, Stage, filled, stage
from tests.factories.people import World
from tests.support.processes import CHECKOUT, wait_until
from webapp.clock import read_clock
from webapp.config import CONNECTIONS
from webapp.database import write_transaction
from webapp.mail_settings import read_smtp_url
from webapp.marketing.campaigns import send_campaign
from webapp.marketing.sending import Pace, send_due
from webapp.models import Campaign, CampaignSend, Job, MailingList, Workspace
from webapp.models.campaign import SendState
from webapp.worker.post_office import PostOffice
from webapp.worker.smtp import Patience

MESSAGES = 5_000
RATE = 500
URL = "https://crm.example"


def measure(made: Databases, size: Size) -> Iterator[Figure]:
    """How many messages a second leave, and how fast a restore of so many contacts is beside them."""
    with filled(made, size) as (url, world):
        with made.copy(url) as copy, stage(copy) as here, mail_server() as smtp:
            _write_messages(here, world)
            office = PostOffice(read_smtp_url(smtp), URL, connections=CONNECTIONS, patience=Patience())
            with closing(office), Session(here.engine) as session:
                begun = time.monotonic()
                sent = send_due(session, office, pace=Pace())
                seconds = time.monotonic() - begun
            assert sent == MESSAGES
            yield at_least("Messages a second", sent / seconds, RATE)
        alone = restore_beside(made, url, world, with_mail=False)
        yield without_goal("Contacts a second restored alone", alone[0])
        beside = restore_beside(made, url, world, with_mail=True)
        yield without_goal("Contacts a second restored beside the sending of messages", beside[0])
        yield without_goal("Messages a second beside it", beside[1])


def restore_beside(made: Databases, url: str, world: World, *, with_mail: bool) -> tuple[float, float]:
    """Contacts a second of a restore by `worker.py`, and messages a second until its end."""
    with made.copy(url) as copy, stage(copy) as here, mail_server() as smtp:
        if with_mail:
            here.environ.update(SMTP_URL=smtp, PUBLIC_URL=URL)
            _write_messages(here, world)
        with here.worker() as worker:
            wait_until(lambda: bool(worker.child("restore")))
            begun = time.monotonic()
            if with_mail:
                here.services.doorbell.ring_for_mail()
            job_id = start_all(here, world)[0]
            wait_until(lambda: _ended(here, job_id), seconds=PATIENCE)
            seconds = time.monotonic() - begun
            with Session(here.engine) as session:
                job = session.get_one(Job, job_id)
                sent = select(func.count()).where(CampaignSend.state == SendState.SENT)
                return job.processed / seconds, (session.scalar(sent) or 0) / seconds


def _ended(here: Stage, job_id: int) -> bool:
    with Session(here.engine) as session:
        return session.get_one(Job, job_id).has_ended


@contextmanager
def mail_server() -> Iterator[str]:
    """A server in a process of its own; its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.smtp_server"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield f"smtp://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _write_messages(here: Stage, world: World) -> None:
    """A campaign to MESSAGES readers, due now."""
    with Session(here.engine) as session:
        with write_transaction(session):
            session.execute(
                update(Workspace)
                .where(Workspace.id == world.id)
                .values(sender_name="Shop", sender_email="news@shop.example", postal_line="1 High Street")
            )
            news = MailingList(workspace_id=world.id, name="Readers", name_key="readers")
            session.add(news)
            session.flush()
            session.execute(
                text(
                    "INSERT INTO subscription (contact_id, list_id, status, changed_at) "
                    "SELECT id, :list, 'subscribed', created_at FROM contact "
                    "WHERE workspace_id = :workspace AND deleted_at IS NULL ORDER BY id LIMIT :most"
                ),
                {"list": news.id, "workspace": world.id, "most": MESSAGES},
            )
            campaign = Campaign(
                workspace_id=world.id,
                name="Spring",
                subject="Spring news for {first_name}",
                body="Dear {first_name|reader},\n\n" + "There is something new in our shop. " * 20,
                list_id=news.id,
            )
            session.add(campaign)
            session.flush()
            campaign_id = campaign.id
        with write_transaction(session):
            now = read_clock(session)
            queued = send_campaign(session, workspace_id=world.id, campaign_id=campaign_id, now=now)
        assert queued == MESSAGES
