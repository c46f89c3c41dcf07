"""Whether and how messages leave this deployment, by its settings."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.jobs.settings import Rest
from webapp.mail_settings import MailServer
from webapp.marketing.messages import deliver_all, workspaces_with_mail
from webapp.marketing.sending import Pace, end_lost, lost, send_due
from webapp.people.link_mail import anything_to_mail
from webapp.worker.link_sender import LinkSender
from webapp.worker.post_office import PostOffice
from webapp.worker.smtp import Patience


@dataclass(frozen=True)
class Mail:
    """Without a server messages end in the outbox. With one they need `public_url`, for their links: without
    it nothing is sent."""

    server: MailServer | None
    public_url: str | None
    connections: int
    patience: Patience
    pace: Pace
    # Who writes the messages with links that work once: no account does.
    from_address: str | None = None

    @property
    def needs_public_url(self) -> bool:
        """Whether messages wait because PUBLIC_URL is not set."""
        return self.server is not None and self.public_url is None

    @property
    def sends_links(self) -> bool:
        """Whether links that work once are mailed. Otherwise the person who makes one hands it over."""
        return self.server is not None and self.public_url is not None

    def anything_due(self, session: Session) -> bool:
        """Whether `send` has something to do."""
        now = read_clock(session)
        if self.sends_links and anything_to_mail(session, now):
            return True
        if lost(session, now, self.pace):
            return True
        by_server = self.server is not None
        return not self.needs_public_url and bool(workspaces_with_mail(session, now, by_server=by_server))

    def send(self, session: Session, *, rest: Rest, should_stop: Callable[[], bool]) -> int:
        """Send what is due; returns how many messages that was."""
        end_lost(session, self.pace)
        if self.server is None:
            return deliver_all(session, rest=rest, should_stop=should_stop)
        if self.public_url is None:
            return 0
        office = PostOffice(
            self.server, self.public_url, connections=self.connections, patience=self.patience
        )
        links = LinkSender(self.server, self.public_url, self.from_address, self.patience, self.pace)
        total = 0
        with closing(office), closing(links):
            while True:
                total += links.send_due(session, should_stop)
                # A person waits for a link. Messages to lists, which can be many, give way to it.
                interrupted = links.give_way(session, should_stop)
                total += send_due(session, office, pace=self.pace, should_stop=interrupted)
                if should_stop() or not interrupted():
                    return total
