"""A message as it was really sent, for tests of what comes back."""

from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.marketing import Marketing
from tests.support.personal_mail import forget_personal_mail
from tests.support.smtp_server import smtp_server
from webapp.clock import read_clock
from webapp.database import write_transaction
from webapp.mail_settings import read_smtp_url
from webapp.marketing.campaigns import send_campaign
from webapp.marketing.sending import Pace, send_due
from webapp.models import (
    CampaignSend,
    Contact,
    MailingList,
    Workspace,
)
from webapp.models.campaign import SendState
from webapp.worker.post_office import PostOffice
from webapp.worker.smtp import Patience


@dataclass(frozen=True)
class Sent:
    recipient: str
    content: str

    @property
    def headers(self) -> list[str]:
        return self.content.partition("\n\n")[0].splitlines()

    @property
    def mark(self) -> str:
        return self.headers[0].partition("<")[2].partition("@")[0]


def name_sender(store: Session, world: World) -> None:
    """Let the workspace say who writes, without which nothing is sent."""
    values = {
        "sender_name": "Shop",
        "sender_email": "news@shop.example",
        "postal_line": "1 High Street, Town",
    }
    store.execute(update(Workspace).where(Workspace.id == world.id).values(values))
    store.commit()


def nothing_else_is_due(store: Session) -> None:
    """End the messages of other tests, which would be sent as well."""
    with write_transaction(store):
        pending = CampaignSend.state == SendState.PENDING
        store.execute(update(CampaignSend).where(pending).values(state=SendState.ENDED))
    forget_personal_mail(store)


def sent_to(store: Session, world: World, mailing_list: MailingList, contact: Contact) -> Sent:
    """Send a campaign of the list to its one mailable contact."""
    nothing_else_is_due(store)
    name_sender(store, world)
    campaign_id = Marketing(store, world).campaign(mailing_list).id
    store.commit()
    with write_transaction(store):
        now = read_clock(store)
        assert send_campaign(store, workspace_id=world.id, campaign_id=campaign_id, now=now) == 1
    with smtp_server() as server:
        office = PostOffice(
            read_smtp_url(server.url), "https://crm.example", connections=1, patience=Patience(60, 60)
        )
        with closing(office):
            assert send_due(store, office, pace=Pace()) == 1
        [received] = server.received
        return Sent(str(contact.email), received.content.decode().replace("\r\n", "\n"))
