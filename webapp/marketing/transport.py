"""What the domain hands to a mail server and what it is told; `webapp.worker.post_office` talks to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True)
class Sender:
    """Who writes: the workspace, with the postal line below each of its messages."""

    workspace_id: int
    name: str
    email: str
    postal_line: str


@dataclass(frozen=True)
class Letter:
    """All that a message is made of. `list_name` is the list whose subscribers it goes to."""

    message_id: int
    kind: str
    sender: Sender
    to_email: str
    first_name: str
    last_name: str
    subject: str
    body: str
    list_name: str
    created_at: datetime
    # Signed texts (webapp/marketing/links.py). A test has no link: it goes to a user.
    mark: str
    unsubscribe_token: str | None
    confirm_token: str | None


class Fate(StrEnum):
    """What became of a letter."""

    SENT = "sent"
    # All of it was handed over and no answer came: it may have been sent, so it is never tried again.
    UNKNOWN = "unknown"
    # The server refuses this recipient for good.
    BOUNCED = "bounced"
    # It refuses the letter by its rules, which says nothing about the address.
    REFUSED = "refused"
    # It cannot be made into a message, or this server cannot take such an address.
    NOT_COMPOSED = "not_composed"
    NO_UNICODE = "no_unicode_addresses"
    # The server refuses it for now.
    LATER = "refused_for_now"
    # The connection broke, or there was no answer, before all of it was handed over.
    BROKEN = "connection_broken"
    # Before any letter: there is no server or not the right one, it is busy, or it refuses us or our
    # sender.
    AWAY = "server_away"
    NO_TLS = "server_without_tls"
    NOT_TRUSTED = "server_not_trusted"
    BUSY = "server_busy"
    SIGN_IN_REFUSED = "sign_in_refused"
    SENDER_REFUSED = "sender_refused"


# No letter's fault: it waits, unchanged, until the server takes letters again.
SERVER_TROUBLE = frozenset(
    {
        *(Fate.AWAY, Fate.NO_TLS, Fate.NOT_TRUSTED, Fate.BUSY),
        *(Fate.SIGN_IN_REFUSED, Fate.SENDER_REFUSED),
    }
)
# After these no further letter is tried at once: the next one would probably fare no better.
PAUSES = SERVER_TROUBLE | {Fate.BROKEN, Fate.UNKNOWN}


@dataclass(frozen=True)
class Answer:
    """What became of a letter, with the server's code if it gave one."""

    fate: Fate
    code: int | None = None


class Transport(Protocol):
    """The way to a mail server."""

    # How many letters it takes at once.
    breadth: int

    def send(self, letters: Sequence[Letter]) -> Sequence[Answer]:
        """Send at most `breadth` letters; an answer for each. Raises nothing that a server can cause."""
        ...
