"""The way to the mail server: several connections, each with one message at a time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from webapp.mail_settings import MailServer
from webapp.marketing.transport import Answer, Fate, Letter
from webapp.worker.compose import NotComposed, compose
from webapp.worker.smtp import Connection, Patience

log = structlog.get_logger()


class PostOffice:
    """A `webapp.marketing.transport.Transport`. Close it at the end."""

    def __init__(self, server: MailServer, public_url: str, *, connections: int, patience: Patience) -> None:
        self.breadth = connections
        self._public_url = public_url
        self._connections = [Connection(server, patience) for _ in range(connections)]
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="mail")

    def send(self, letters: Sequence[Letter]) -> Sequence[Answer]:
        """Send each of the letters over a connection of its own, all at once."""
        if len(letters) == 1:
            return [self._send(self._connections[0], letters[0])]
        return list(self._threads.map(self._send, self._connections, letters))

    def close(self) -> None:
        """Take leave of the server."""
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()

    def _send(self, connection: Connection, letter: Letter) -> Answer:
        try:
            return connection.send(compose(letter, self._public_url))
        except NotComposed as error:
            log.error("not_composed", message=letter.message_id, why=str(error))
            return Answer(Fate.NOT_COMPOSED)
